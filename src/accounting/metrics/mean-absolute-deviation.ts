/** Mean distance from the mean. */
import type { Metric } from './metric.ts'
import { sumBy } from './stable-sum.ts'

export const meanAbsoluteDeviation: readonly Metric[] = [
  {
    name: 'mean_absolute_deviation',
    formula: 'Σ|r − mean| / n',
    source: 'Konno and Yamazaki 1991; PerformanceAnalytics MeanAbsoluteDeviation',
    of: ({ returns, n, mean }) =>
      n === 0 ? 'too_few_returns' : sumBy(returns, (r) => Math.abs(r - mean)) / n,
  },
]
