/** Sum of all returns over the sum of losses, at the series' own period (Schwager uses months). */
import type { Metric } from './metric.ts'
import { ratio } from './metric.ts'
import { sumBy } from './stable-sum.ts'

export const gainToPain: readonly Metric[] = [
  {
    name: 'gain_to_pain_ratio',
    formula: 'Σr / Σ|r < 0|',
    source: 'Schwager 2012',
    of: ({ returns }) =>
      ratio(
        sumBy(returns, (r) => r),
        sumBy(returns, (r) => Math.max(-r, 0)),
        'no_losses',
      ),
  },
]
