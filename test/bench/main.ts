import { writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { aggregation } from './aggregation.ts'
import { decimals } from './decimals.ts'
import { memory } from './memory.ts'
import { metricSet } from './metric-set.ts'
import { type Measurement, formatMeasurements, ratioOf } from './row.ts'
import { views } from './views.ts'

/** `npm run bench`: every figure with its limit, as a table on stderr and JSON on stdout. `--quick` only looks whether all is right. */

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, output: { type: 'string' } } })
const quick = values.quick === true

const rows: Measurement[] = []
for (const bench of [decimals, aggregation, metricSet, views, memory]) {
  process.stderr.write(`${bench.name} …\n`)
  rows.push(...bench.run(quick))
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
