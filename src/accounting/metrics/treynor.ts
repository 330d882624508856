/** Annualised excess return per unit of beta. Treynor 1965. */
import { against } from './benchmark.ts'
import { betaOf } from './beta.ts'
import type { Metric } from './metric.ts'
import { ratio } from './metric.ts'
import { excessAnnualized } from './sharpe.ts'

export const treynor: readonly Metric[] = [
  {
    name: 'treynor_ratio_geometric',
    formula: '(Π(1 + r − rf)^(ppy/n) − 1) / beta',
    source: 'PerformanceAnalytics TreynorRatio',
    of: against((series, benchmark) => ratio(excessAnnualized(series), betaOf(series, benchmark))),
  },
]
