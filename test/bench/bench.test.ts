import t from 'tap'
import { aggregation } from './aggregation.ts'
import { decimals } from './decimals.ts'
import { memory } from './memory.ts'
import { metricSet } from './metric-set.ts'
import { formatMeasurements } from './row.ts'
import { views } from './views.ts'

/** What is measured is right: the same results as the programs beside it. Never how fast. */

for (const bench of [decimals, aggregation, metricSet, views, memory]) {
  t.test(bench.name, async (t) => {
    const rows = bench.run(true)
    t.ok(rows.length > 0)
    for (const { name, value } of rows) t.ok(Number.isFinite(value), name)
    t.match(formatMeasurements(rows), /^what/)
  })
}
