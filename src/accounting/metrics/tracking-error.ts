/** Standard deviation of the difference to the benchmark, of a year. */
import { against } from './benchmark.ts'
import type { Metric, Outcome } from './metric.ts'
import type { ReturnSeries } from './series.ts'
import { perYear, stdevSample } from './volatility.ts'

export function trackingErrorAnnualized(series: ReturnSeries): Outcome {
  return perYear(series, stdevSample(series.active))
}

export const trackingError: readonly Metric[] = [
  {
    name: 'tracking_error_annualized',
    formula: 'stdev_sample(r − b) · √ppy',
    source: 'PerformanceAnalytics TrackingError',
    of: against(trackingErrorAnnualized),
  },
]
