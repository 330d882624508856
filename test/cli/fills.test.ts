import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { analyzeFills, type MethodAnalysis } from '../../src/accounting/fill-analysis.ts'
import { readFillsFile } from '../../src/cli/fills-file.ts'

/** Reference files as they stand: their input is read, what they expect is compared. */

const folder = fileURLToPath(new URL('../../../shared/reference/metrics/fills/', import.meta.url))

interface Reference {
  readonly expected: { readonly fifo?: Partial<MethodAnalysis>; readonly average?: Partial<MethodAnalysis> }
}

if (!existsSync(folder)) {
  t.pass('skipped: the reference files are not there')
} else {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    t.test(name, async (t) => {
      const { instrument, fills, mark } = readFillsFile(`${folder}${name}`, {})
      const analysis = analyzeFills(instrument, fills, mark)
      const { expected } = JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as Reference
      for (const method of ['fifo', 'average'] as const) {
        const want = expected[method]
        if (want === undefined) continue
        for (const figure of Object.keys(analysis[method]) as (keyof MethodAnalysis)[]) {
          const [got, known] = [Number(analysis[method][figure]), Number(want[figure])]
          t.ok(
            Math.abs(got - known) <= Math.max(1e-12, 1e-9 * Math.abs(known)),
            `${method} ${figure}: ${got} is ${known}`,
          )
        }
      }
    })
  }
}
