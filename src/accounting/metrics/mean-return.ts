/** Average returns per period: arithmetic, geometric, median. */
import type { Metric } from './metric.ts'

export const meanReturn: readonly Metric[] = [
  {
    name: 'arithmetic_mean_return',
    formula: 'Σr / n',
    source: 'textbook',
    of: (series) => (series.n === 0 ? 'too_few_returns' : series.mean),
  },
  {
    name: 'geometric_mean_return',
    formula: 'Π(1 + r)^(1/n) − 1',
    source: 'Bacon, Practical Portfolio Performance Measurement and Attribution',
    of: ({ n, logGrowth }) =>
      n === 0 ? 'too_few_returns' : Number.isNaN(logGrowth) ? 'below_minus_one' : Math.expm1(logGrowth / n),
  },
  {
    name: 'median_return',
    formula: 'type-7 quantile at 1/2',
    source: 'Hyndman and Fan 1996',
    of: (series) => (series.n === 0 ? 'too_few_returns' : series.quantile(0.5)),
  },
]
