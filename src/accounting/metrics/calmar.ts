/** Annualised return over the deepest drawdown of the whole series. Young 1991. */
import { annualizedGeometric } from './annualized-return.ts'
import { maxDrawdown } from './drawdown.ts'
import type { Metric } from './metric.ts'
import { ratio } from './metric.ts'

export const calmar: readonly Metric[] = [
  {
    name: 'calmar_ratio',
    formula: 'annualized_return_geometric / |max_drawdown|',
    source: 'Young 1991; PerformanceAnalytics CalmarRatio, empyrical, quantstats',
    of: (series) => ratio(annualizedGeometric(series), Math.abs(maxDrawdown(series)), 'no_drawdown'),
  },
]
