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

t.test('agrees with the values printed in Bacon’s book, where it defines them as we do', { skip }, (t) => {
  const { expected }: { expected: Record<string, Record<string, number>> } = JSON.parse(
    readFileSync(join(folder, 'bacon_book_values.json'), 'utf8'),
  )
  const { input }: ReturnsFile = JSON.parse(
    readFileSync(join(folder, 'returns/portfolio_bacon.json'), 'utf8'),
  )
  const options = { periodsPerYear: 12, benchmark: input.benchmark ?? null }
  const atZero = computeMetrics(new ReturnSeries(input.returns, options)).metrics
  const atHalfPercent = computeMetrics(
    new ReturnSeries(input.returns, { ...options, acceptable: 0.005 }),
  ).metrics
  const ours: Record<string, number | null | undefined> = {
    'downside_deviation_full@MAR=0.005': atHalfPercent['downside_deviation_full'],
    'sortino_per_period@MAR=0.005': atHalfPercent['sortino_per_period_full'],
    'omega_ratio_0 (Bernardo-Ledoit)': atZero['omega_ratio_0'],
    jensen_alpha_annualized_returns: atZero['jensen_alpha_annualized_returns'],
    martin_ratio: atZero['martin_ratio'],
    pain_index: atZero['pain_index'],
    pain_ratio: atZero['pain_ratio'],
    mean_absolute_deviation: atZero['mean_absolute_deviation'],
    excess_kurtosis_sample: atZero['excess_kurtosis_sample'],
  }
  for (const [name, got] of Object.entries(ours)) {
    const want = expected[name]!
    const exact = want['PerformanceAnalytics_2.1.0']!
    t.ok(Math.abs(got! - exact) <= 1e-9 * Math.abs(exact), `${name}: ${got} is ${exact}`)
    // The book prints few digits; its pain ratio is over an index rounded to 0.04.
    if (name === 'pain_ratio') continue
    const digits = String(want['book']).split('.')[1]!.length
    t.ok(Math.abs(got! - want['book']!) <= 10 ** -digits, `${name}: ${got} is printed as ${want['book']}`)
  }
  t.end()
})
