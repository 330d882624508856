/** Sum of all returns over the sum of losses, at the series' own period (Schwager uses months). */
import type { Metric } from './metric.ts'
import { ratio } from './metric.ts'

export const gainToPain: readonly Metric[] = [
  {
    name: 'gain_to_pain_ratio',
    formula: 'Σr / Σ|r < 0|',
    source: 'Schwager 2012',
    of: (series) => ratio(series.sum, series.about(0).below, 'no_losses'),
  },
]
