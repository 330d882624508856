/** Number of returns. */
import type { Metric } from './metric.ts'

export const count: readonly Metric[] = [
  { name: 'n', formula: 'n', source: 'count of returns', of: ({ n }) => n },
]
