/** Gross gains over gross losses of the periods' returns. */
import type { Metric } from './metric.ts'
import { omegaAt } from './omega.ts'

export const profitFactor: readonly Metric[] = [
  {
    name: 'profit_factor',
    formula: 'Σ max(r, 0) / Σ max(−r, 0)',
    source: 'quantstats profit_factor',
    of: (series) => omegaAt(series, 0),
  },
]
