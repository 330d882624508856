/** Share of periods that gained: of all, and of those that moved. */
import type { Metric } from './metric.ts'
import { ratio } from './metric.ts'
import { sumBy } from './stable-sum.ts'

export const winRate: readonly Metric[] = [
  {
    name: 'win_rate',
    formula: 'count(r > 0) / n',
    source: 'textbook',
    of: ({ returns, n }) =>
      ratio(
        sumBy(returns, (r) => (r > 0 ? 1 : 0)),
        n,
        'too_few_returns',
      ),
  },
  {
    name: 'win_rate_excluding_zero',
    formula: 'count(r > 0) / count(r ≠ 0)',
    source: 'quantstats win_rate',
    of: ({ returns }) =>
      ratio(
        sumBy(returns, (r) => (r > 0 ? 1 : 0)),
        sumBy(returns, (r) => (r === 0 ? 0 : 1)),
        'no_variation',
      ),
  },
]
