/** The benchmark's own annualised return, and the difference to it. */
import { annualizedGeometric } from './annualized-return.ts'
import { against } from './benchmark.ts'
import type { Metric, Outcome } from './metric.ts'
import { map } from './metric.ts'
import type { ReturnSeries } from './series.ts'

export function activePremium(series: ReturnSeries, benchmark: ReturnSeries): Outcome {
  return map(annualizedGeometric(series), (own) =>
    map(annualizedGeometric(benchmark), (other) => own - other),
  )
}

export const benchmarkReturn: readonly Metric[] = [
  {
    name: 'benchmark_annualized_return_geometric',
    formula: 'Π(1 + b)^(ppy/n) − 1',
    source: 'as annualized_return_geometric',
    of: against((_series, benchmark) => annualizedGeometric(benchmark), 1),
  },
  {
    name: 'active_premium_geometric',
    formula: 'annualized_return_geometric − the benchmark’s',
    source: 'PerformanceAnalytics ActivePremium',
    of: against(activePremium, 1),
  },
]
