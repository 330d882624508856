/** What figures against a benchmark share: covariance of excess returns and the difference of returns. */
import type { Outcome, Reason } from './metric.ts'
import { ReturnSeries } from './series.ts'
import { sumBy } from './stable-sum.ts'

/** Runs `of` with the benchmark as a series of its own; null figures without one. */
export function against(
  of: (series: ReturnSeries, benchmark: ReturnSeries) => Outcome,
): (series: ReturnSeries) => Outcome {
  return (series) => {
    const benchmark = benchmarkOf(series)
    return typeof benchmark === 'string' ? benchmark : of(series, benchmark)
  }
}

function benchmarkOf(series: ReturnSeries): ReturnSeries | Reason {
  if (series.benchmark === null) return 'no_benchmark'
  if (series.n < 2) return 'too_few_returns'
  const { periodsPerYear, riskFree, acceptable } = series
  return new ReturnSeries(series.benchmark, { periodsPerYear, riskFree, acceptable })
}

/** Σ (a − mean a)(b − mean b) / n. */
export function covariance(a: ReturnSeries, b: ReturnSeries): number {
  return sumBy(a.returns, (value, index) => (value - a.mean) * (b.returns[index]! - b.mean)) / a.n
}

/** The series less its benchmark, period by period. */
export function activeReturns(series: ReturnSeries, benchmark: ReturnSeries): ReturnSeries {
  return new ReturnSeries(
    series.returns.map((r, index) => r - benchmark.returns[index]!),
    { periodsPerYear: series.periodsPerYear },
  )
}
