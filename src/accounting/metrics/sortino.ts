/** Reward for downside risk: mean return above the MAR over the downside deviation. Sortino and Price 1994. */
import { downsideFull, downsideSubset } from './downside.ts'
import type { Metric, Outcome } from './metric.ts'
import { ratio } from './metric.ts'
import type { ReturnSeries } from './series.ts'
import { perYear } from './volatility.ts'

export function sortinoPerPeriod(series: ReturnSeries): Outcome {
  return ratio(series.mean - series.acceptable, downsideFull(series), 'no_losses')
}

export const sortino: readonly Metric[] = [
  {
    name: 'sortino_per_period_full',
    formula: '(mean − MAR) / downside_deviation_full',
    source: 'Sortino and Price 1994; PerformanceAnalytics SortinoRatio',
    of: sortinoPerPeriod,
  },
  {
    name: 'sortino_annualized_full',
    formula: 'sortino_per_period_full · √ppy',
    source: 'empyrical, quantstats',
    of: (series) => perYear(series, sortinoPerPeriod(series)),
  },
  {
    name: 'sortino_annualized_subset',
    formula: '(mean − MAR) / downside_deviation_subset · √ppy',
    source: 'a variant that is not standard',
    of: (series) =>
      perYear(series, ratio(series.mean - series.acceptable, downsideSubset(series), 'no_losses')),
  },
]
