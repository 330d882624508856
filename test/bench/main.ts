import { writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { benches } from './list.ts'
import { type Measurement, formatMeasurements, ratioOf } from './row.ts'

/** `npm run bench`: every figure with its limit, as a table on stderr and JSON on stdout. `--quick` only looks whether all is right. */

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    output: { type: 'string' },
    /** Part of a benchmark's name. */
    only: { type: 'string' },
  },
})
const quick = values.quick === true

const rows: Measurement[] = []
for (const bench of benches) {
  if (!bench.name.includes(values.only ?? '')) continue
  process.stderr.write(`${bench.name} …\n`)
  rows.push(...(await bench.run(quick)))
}
process.stderr.write(`\n${formatMeasurements(rows)}\n`)
if (quick)
  process.stderr.write(
    '\n--quick: sizes are small, so that the figures mean nothing; all results were right\n',
  )
const machine = {
  cpu: cpus()[0]?.model ?? '',
  cores: cpus().length,
  node: process.version,
  load: loadavg()[0],
}
const json = JSON.stringify(
  { machine, quick, rows: rows.map((row) => ({ ...row, ratio: ratioOf(row) })) },
  null,
  2,
)
if (values.output === undefined) process.stdout.write(`${json}\n`)
else writeFileSync(values.output, `${json}\n`)
