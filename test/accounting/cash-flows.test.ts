import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { cashFlowMeasures } from '../../src/accounting/metrics/cash-flow-measures.ts'
import { xirr } from '../../src/accounting/metrics/xirr.ts'

const folder = join(import.meta.dirname, '../../../shared/reference/metrics/cash_flows')

interface FlowFile {
  kind: 'cash_flows' | 'xirr'
  input: {
    start: string
    end: string
    start_equity: number
    end_equity: number
    external_flows: { timestamp: string; amount: number; equity_before_flow: number }[]
    flows: { date: string; amount: number }[]
  }
  expected: Record<string, { value: number | null; roots?: number[] }>
  tolerance: { rel: number; abs: number }
}

t.test(
  'agrees with every reference file',
  { skip: existsSync(folder) ? false : 'no reference files here' },
  (t) => {
    const mismatches: string[] = []
    let compared = 0
    for (const name of readdirSync(folder).toSorted()) {
      const { kind, input, expected, tolerance }: FlowFile = JSON.parse(
        readFileSync(join(folder, name), 'utf8'),
      )
      const close = (got: number, want: number): boolean =>
        Math.abs(got - want) <= tolerance.abs || Math.abs(got - want) <= tolerance.rel * Math.abs(want)
      const check = (what: string, got: number | null, want: number | null): void => {
        compared += 1
        if (got === null || want === null ? got !== want : !close(got, want)) {
          mismatches.push(`${name} ${what}: ${got} is not ${want}`)
        }
      }
      if (kind === 'xirr') {
        const result = xirr(input.flows.map(({ date, amount }) => ({ atMs: Date.parse(date), amount })))
        check('xirr', result.kind === 'root' ? result.rate : null, expected['xirr']!.value)
        const roots = result.kind === 'ambiguous' ? result.rates : []
        const wanted = expected['xirr']!.roots ?? []
        if (expected['xirr']!.value === null) {
          check('number of roots', roots.length, wanted.length)
          for (const [index, root] of wanted.entries()) check(`root ${index}`, roots[index] ?? null, root)
        }
        continue
      }
      const period = {
        startMs: Date.parse(input.start),
        endMs: Date.parse(input.end),
        startEquity: input.start_equity,
        endEquity: input.end_equity,
        flows: input.external_flows.map((flow) => ({
          atMs: Date.parse(flow.timestamp),
          amount: flow.amount,
          equityBefore: flow.equity_before_flow,
        })),
      }
      for (const measure of cashFlowMeasures) {
        const got = measure.of(period)
        check(measure.name, typeof got === 'number' ? got : null, expected[measure.name]!.value)
      }
    }
    t.ok(compared > 100, `${compared} values compared`)
    t.same(mismatches, [])
    t.end()
  },
)

t.test('after everything was lost the true return stays −1', (t) => {
  const flows = [{ atMs: 50, amount: 100, equityBefore: 0 }]
  const period = { startMs: 0, endMs: 100, startEquity: 100, endEquity: 200, flows }
  t.equal(cashFlowMeasures[0]!.of(period), -1)
  t.end()
})
