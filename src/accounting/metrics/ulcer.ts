/** Ulcer index: depth and length of drawdowns in one figure. Martin and McCann 1989. */
import type { Metric, Outcome } from './metric.ts'
import type { ReturnSeries } from './series.ts'

export function ulcerIndex(series: ReturnSeries): Outcome {
  return series.n === 0 ? 'too_few_returns' : Math.sqrt(series.drawdowns.sumSquares / series.n)
}

export const ulcer: readonly Metric[] = [
  {
    name: 'ulcer_index',
    formula: '√(Σ dd² / n)',
    source: 'Martin and McCann 1989; PerformanceAnalytics UlcerIndex',
    of: ulcerIndex,
  },
  {
    name: 'ulcer_index_n_minus_1',
    formula: '√(Σ dd² / (n − 1))',
    source: 'quantstats ulcer_index',
    of: ({ n, drawdowns }) => (n < 2 ? 'too_few_returns' : Math.sqrt(drawdowns.sumSquares / (n - 1))),
  },
]
