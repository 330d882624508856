/** Annualised excess return over the ulcer index. Martin and McCann 1989. */
import { annualizedGeometric } from './annualized-return.ts'
import type { Metric } from './metric.ts'
import { map, ratio } from './metric.ts'
import { ulcerIndex } from './ulcer.ts'

export const martin: readonly Metric[] = [
  {
    name: 'martin_ratio',
    formula: '(annualized_return_geometric − ((1 + rf)^ppy − 1)) / ulcer_index',
    source: 'Martin and McCann 1989; PerformanceAnalytics MartinRatio',
    of: (series) =>
      ratio(
        map(annualizedGeometric(series), (annual) => annual - series.riskFreeAnnual),
        ulcerIndex(series),
        'no_drawdown',
      ),
  },
]
