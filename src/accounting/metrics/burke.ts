/**
 * Annualised excess return over the root of the squared depths of the drawdown episodes. Burke 1994.
 * (PerformanceAnalytics takes runs of consecutive losses instead.)
 */
import { annualizedGeometric } from './annualized-return.ts'
import type { Metric } from './metric.ts'
import { map, ratio } from './metric.ts'
import { sumOf } from './stable-sum.ts'

export const burke: readonly Metric[] = [
  {
    name: 'burke_ratio',
    formula: '(annualized_return_geometric − ((1 + rf)^ppy − 1)) / √(Σ depth²)',
    source: 'Burke 1994',
    of: (series) =>
      ratio(
        map(annualizedGeometric(series), (annual) => annual - series.riskFreeAnnual),
        Math.sqrt(sumOf(series.drawdowns.episodes.map(({ depth }) => depth * depth))),
        'no_drawdown',
      ),
  },
]
