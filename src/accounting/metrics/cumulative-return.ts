/** Linked, time-weighted return of the whole series: Π(1 + r) − 1. GIPS 2020 2.A.20. */
import type { Metric } from './metric.ts'

export const cumulativeReturn: readonly Metric[] = [
  {
    name: 'cumulative_return',
    formula: 'Π(1 + r) − 1',
    source: 'GIPS 2020; PerformanceAnalytics Return.cumulative',
    of: ({ n, logGrowth }) =>
      n === 0 ? 'too_few_returns' : Number.isNaN(logGrowth) ? 'below_minus_one' : Math.expm1(logGrowth),
  },
]
