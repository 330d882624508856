/** Gains above a threshold over losses below it. Keating and Shadwick 2002; at 0 it is Bernardo and Ledoit's ratio. */
import type { Metric, Outcome } from './metric.ts'
import { ratio } from './metric.ts'
import type { ReturnSeries } from './series.ts'

export function omegaAt(series: ReturnSeries, threshold: number): Outcome {
  const { above, below } = series.about(threshold)
  return ratio(above, below, 'no_losses')
}

export const omega: readonly Metric[] = [0, 0.002].map((threshold) => ({
  name: `omega_ratio_${threshold}`,
  formula: `Σ max(r − ${threshold}, 0) / Σ max(${threshold} − r, 0)`,
  source: 'Keating and Shadwick 2002; empyrical omega_ratio',
  of: (series) => omegaAt(series, threshold),
}))
