/** Mean distance from the mean. */
import type { Metric } from './metric.ts'

export const meanAbsoluteDeviation: readonly Metric[] = [
  {
    name: 'mean_absolute_deviation',
    formula: 'Σ|r − mean| / n',
    source: 'Konno and Yamazaki 1991; PerformanceAnalytics MeanAbsoluteDeviation',
    of: (series) => (series.n === 0 ? 'too_few_returns' : series.absoluteDeviation),
  },
]
