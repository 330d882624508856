/** Linear dependence on the benchmark, and the share of variance that it explains. */
import { against, covariance } from './benchmark.ts'
import type { Metric, Outcome } from './metric.ts'
import { map, ratio } from './metric.ts'
import type { ReturnSeries } from './series.ts'

function correlationOf(series: ReturnSeries, benchmark: ReturnSeries): Outcome {
  const spread = Math.sqrt(series.variancePopulation) * Math.sqrt(benchmark.variancePopulation)
  return ratio(covariance(series, benchmark), spread, 'no_variation')
}

export const correlation: readonly Metric[] = [
  {
    name: 'correlation',
    formula: 'cov(r, b) / (sd r · sd b)',
    source: 'Pearson',
    of: against(correlationOf),
  },
  {
    name: 'r_squared',
    formula: 'correlation²',
    source: 'textbook',
    of: against((series, benchmark) => map(correlationOf(series, benchmark), (value) => value ** 2)),
  },
]
