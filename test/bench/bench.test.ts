import t from 'tap'
import { benches } from './list.ts'
import { formatMeasurements } from './row.ts'

/** What is measured is right: the same results as the programs beside it. Never how fast. */

for (const bench of benches) {
  t.test(bench.name, async (t) => {
    const rows = await bench.run(true)
    t.ok(rows.length > 0)
    for (const { name, value } of rows) t.ok(Number.isFinite(value), name)
    t.match(formatMeasurements(rows), /^what/)
  })
}
