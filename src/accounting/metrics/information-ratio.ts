/** Active return over active risk. Grinold and Kahn 2000. */
import { against } from './benchmark.ts'
import { activePremium } from './benchmark-return.ts'
import type { Metric, Outcome } from './metric.ts'
import { ratio } from './metric.ts'
import type { ReturnSeries } from './series.ts'
import { trackingErrorAnnualized } from './tracking-error.ts'
import { perYear, stdevSample } from './volatility.ts'

function perPeriod({ active }: ReturnSeries): Outcome {
  return ratio(active.mean, stdevSample(active), 'no_variation')
}

export const informationRatio: readonly Metric[] = [
  {
    name: 'information_ratio_geometric',
    formula: 'active_premium_geometric / tracking_error_annualized',
    source: 'PerformanceAnalytics InformationRatio',
    of: against((series, benchmark) =>
      ratio(activePremium(series, benchmark), trackingErrorAnnualized(series), 'no_variation'),
    ),
  },
  {
    name: 'information_ratio_arithmetic_annualized',
    formula: 'mean(r − b) / stdev_sample(r − b) · √ppy',
    source: 'Grinold and Kahn 2000',
    of: against((series) => perYear(series, perPeriod(series))),
  },
  {
    name: 'information_ratio_per_period',
    formula: 'mean(r − b) / stdev_sample(r − b)',
    source: 'quantstats, ffn',
    of: against(perPeriod),
  },
]
