/** The best and the worst single period. */
import type { Metric } from './metric.ts'

export const extremeReturn: readonly Metric[] = [
  {
    name: 'best_return',
    formula: 'max r',
    source: 'textbook',
    of: ({ n, largest }) => (n === 0 ? 'too_few_returns' : largest),
  },
  {
    name: 'worst_return',
    formula: 'min r',
    source: 'textbook',
    of: ({ n, smallest }) => (n === 0 ? 'too_few_returns' : smallest),
  },
]
