/** Sensitivity to the benchmark: the slope of the regression of excess returns. */
import { against, covariance } from './benchmark.ts'
import type { Metric, Outcome } from './metric.ts'
import { ratio } from './metric.ts'
import type { ReturnSeries } from './series.ts'

export function betaOf(series: ReturnSeries, benchmark: ReturnSeries): Outcome {
  return ratio(covariance(series, benchmark), benchmark.variancePopulation, 'no_variation')
}

export const beta: readonly Metric[] = [
  {
    name: 'beta',
    formula: 'cov(r − rf, b − rf) / var(b − rf)',
    source: 'Sharpe 1964; PerformanceAnalytics CAPM.beta, empyrical',
    of: against(betaOf),
  },
]
