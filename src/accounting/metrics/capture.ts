/** How much of the benchmark's rises and falls the series took part in. */
import { against } from './benchmark.ts'
import { extentOf } from './central-moments.ts'
import { logGrowth } from './log-growth.ts'
import type { Metric, Outcome } from './metric.ts'
import { ratio } from './metric.ts'
import type { ReturnSeries } from './series.ts'

type Pick = (benchmark: number) => boolean
type Measure = (returns: Float64Array, series: ReturnSeries) => number

const up: Pick = (b) => b > 0
const down: Pick = (b) => b < 0
const notUp: Pick = (b) => b <= 0

const annualized: Measure = (returns, series) => series.annualized(logGrowth(returns), returns.length)
const summed: Measure = (returns) => extentOf(returns).sum
const linked: Measure = (returns) => Math.expm1(logGrowth(returns))

interface Picked {
  readonly own: Float64Array
  readonly theirs: Float64Array
}

/** Several ratios look at the same periods. */
const known = new WeakMap<ReturnSeries, Map<Pick, Picked>>()

function picked(series: ReturnSeries, benchmark: ReturnSeries, pick: Pick): Picked {
  const ofSeries = known.get(series) ?? new Map<Pick, Picked>()
  known.set(series, ofSeries)
  const made = ofSeries.get(pick) ?? pickedAnew(series.returns, benchmark.returns, pick)
  ofSeries.set(pick, made)
  return made
}

function pickedAnew(returns: Float64Array, others: Float64Array, pick: Pick): Picked {
  const own = new Float64Array(returns.length)
  const theirs = new Float64Array(returns.length)
  let count = 0
  for (let index = 0; index < returns.length; index += 1) {
    const other = others[index]!
    if (!pick(other)) continue
    own[count] = returns[index]!
    theirs[count] = other
    count += 1
  }
  return { own: own.subarray(0, count), theirs: theirs.subarray(0, count) }
}

function capture(pick: Pick, measure: Measure): (series: ReturnSeries) => Outcome {
  return against((series, benchmark) => {
    const { own, theirs } = picked(series, benchmark, pick)
    if (own.length === 0) return 'too_few_returns'
    return ratio(measure(own, series), measure(theirs, series))
  }, 1)
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
