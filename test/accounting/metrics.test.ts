import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ReturnSeries } from '../../src/accounting/metrics/series.ts'
import { computeMetrics, metricSet } from '../../src/accounting/metrics/set.ts'

const folder = join(import.meta.dirname, '../../../shared/reference/metrics')
const skip = existsSync(folder) ? false : 'no reference files here'

interface ReturnsFile {
  name: string
  input: {
    periods_per_year: number
    risk_free_per_period: number
    minimum_acceptable_return_per_period: number
    returns: number[]
    benchmark?: number[]
  }
  expected: Record<string, { value: number | null; tolerance: { rel: number; abs: number } }>
}

t.test('agrees with every reference file, on every figure', { skip }, (t) => {
  const mismatches: string[] = []
  let compared = 0
  for (const name of readdirSync(join(folder, 'returns')).toSorted()) {
    const { input, expected }: ReturnsFile = JSON.parse(readFileSync(join(folder, 'returns', name), 'utf8'))
    const series = new ReturnSeries(input.returns, {
      periodsPerYear: input.periods_per_year,
      riskFree: input.risk_free_per_period,
      acceptable: input.minimum_acceptable_return_per_period,
      benchmark: input.benchmark ?? null,
    })
    const { metrics, reasons } = computeMetrics(series)
    for (const [metric, { value, tolerance }] of Object.entries(expected)) {
      compared += 1
      const got = metrics[metric]
      if (got === undefined) mismatches.push(`${name} ${metric}: missing`)
      else if (got === null || value === null) {
        if (got !== value) mismatches.push(`${name} ${metric}: ${got} (${reasons[metric]}) is not ${value}`)
      } else {
        const off = Math.abs(got - value)
        if (!(off <= tolerance.abs || off <= tolerance.rel * Math.abs(value))) {
          mismatches.push(`${name} ${metric}: ${got} is not ${value}`)
        }
      }
    }
    for (const [metric, value] of Object.entries(metrics)) {
      t.equal(value === null, reasons[metric] !== undefined, `${name} ${metric} has a value or a reason`)
    }
  }
  t.ok(compared > 2500, `${compared} values compared`)
  t.same(mismatches, [])
  t.end()
})

t.test('every name of the conventions is there, with formula and source', { skip }, (t) => {
  const names = readFileSync(join(folder, 'CONVENTIONS.md'), 'utf8').matchAll(/^- \*\*([^*]+)\*\*/gm)
  const known = new Set(metricSet.map(({ name }) => name))
  for (const [, name = ''] of names) t.ok(known.has(name), name)
  for (const metric of metricSet) t.ok(metric.formula !== '' && metric.source !== '', metric.name)
  t.equal(known.size, metricSet.length, 'no name twice')
  t.end()
})

t.test('what is no number is refused', (t) => {
  const ppy = { periodsPerYear: 365 }
  t.throws(() => new ReturnSeries([0.1, Number.NaN], ppy), { code: 'RETURNS_INVALID', message: /return 2/ })
  t.throws(() => new ReturnSeries([0.1], { periodsPerYear: 0 }), { code: 'RETURNS_INVALID' })
  t.throws(() => new ReturnSeries([0.1], { ...ppy, benchmark: [] }), { code: 'RETURNS_INVALID' })
  t.end()
})

t.test('without returns every figure says why it is missing', (t) => {
  const { metrics } = computeMetrics(new ReturnSeries([], { periodsPerYear: 365 }))
  const odd = Object.entries(metrics).filter(([, value]) => value !== null && value !== 0)
  t.same(
    odd.map(([name]) => name),
    ['dsr_expected_max_sharpe_N25_var0.0025'],
  )
  t.end()
})
