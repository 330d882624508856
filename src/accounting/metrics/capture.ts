/** How much of the benchmark's rises and falls the series took part in. */
import { against } from './benchmark.ts'
import type { Metric, Outcome } from './metric.ts'
import { ratio } from './metric.ts'
import type { ReturnSeries } from './series.ts'
import { sumBy } from './stable-sum.ts'

type Pick = (benchmark: number) => boolean
type Measure = (returns: Float64Array, series: ReturnSeries) => number

const up: Pick = (b) => b > 0
const down: Pick = (b) => b < 0
const notUp: Pick = (b) => b <= 0

const annualized: Measure = (returns, series) => series.annualized(returns)
const summed: Measure = (returns) => sumBy(returns, (r) => r)
const linked: Measure = (returns) => Math.expm1(sumBy(returns, (r) => Math.log1p(r)))

function capture(pick: Pick, measure: Measure): (series: ReturnSeries) => Outcome {
  return against((series, benchmark) => {
    const own = series.returns.filter((_r, index) => pick(benchmark.returns[index]!))
    const theirs = benchmark.returns.filter((b) => pick(b))
    if (own.length === 0) return 'too_few_returns'
    return ratio(measure(own, series), measure(theirs, series))
  })
}

export const captureRatios: readonly Metric[] = [
  {
    name: 'up_capture_geometric',
    formula: 'annualised return over periods b > 0 / the benchmark’s',
    source: 'empyrical up_capture',
    of: capture(up, annualized),
  },
  {
    name: 'down_capture_geometric',
    formula: 'annualised return over periods b < 0 / the benchmark’s',
    source: 'empyrical down_capture',
    of: capture(down, annualized),
  },
  {
    name: 'up_capture_arithmetic',
    formula: 'Σ(r | b > 0) / Σ(b | b > 0)',
    source: 'Bacon; PerformanceAnalytics UpDownRatios(geometric = FALSE)',
    of: capture(up, summed),
  },
  {
    name: 'down_capture_arithmetic',
    formula: 'Σ(r | b < 0) / Σ(b | b < 0)',
    source: 'Bacon; PerformanceAnalytics UpDownRatios(geometric = FALSE)',
    of: capture(down, summed),
  },
  {
    name: 'up_capture_cumulative',
    formula: '(Π(1 + r | b > 0) − 1) / (Π(1 + b | b > 0) − 1)',
    source: 'PerformanceAnalytics 2.1 UpDownRatios',
    of: capture(up, linked),
  },
  {
    name: 'down_capture_cumulative',
    formula: '(Π(1 + r | b ≤ 0) − 1) / (Π(1 + b | b ≤ 0) − 1)',
    source: 'PerformanceAnalytics 2.1 UpDownRatios',
    of: capture(notUp, linked),
  },
]
