/** Share of periods that gained: of all, and of those that moved. */
import type { Metric } from './metric.ts'
import { ratio } from './metric.ts'

export const winRate: readonly Metric[] = [
  {
    name: 'win_rate',
    formula: 'count(r > 0) / n',
    source: 'textbook',
    of: (series) => ratio(series.about(0).countAbove, series.n, 'too_few_returns'),
  },
  {
    name: 'win_rate_excluding_zero',
    formula: 'count(r > 0) / count(r ≠ 0)',
    source: 'quantstats win_rate',
    of: (series) => {
      const { countAbove, countBelow } = series.about(0)
      return ratio(countAbove, countAbove + countBelow, 'no_variation')
    },
  },
]
