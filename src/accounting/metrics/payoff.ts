/** Average winning and losing period, and their ratio. */
import type { Metric, Outcome } from './metric.ts'
import { map, ratio } from './metric.ts'
import type { ReturnSeries } from './series.ts'

function averageOf(series: ReturnSeries, sign: 1 | -1): Outcome {
  const { above, below, countAbove, countBelow } = series.about(0)
  return sign > 0 ? ratio(above, countAbove, 'no_gains') : ratio(-below, countBelow, 'no_losses')
}

export const payoff: readonly Metric[] = [
  {
    name: 'average_win',
    formula: 'mean of r > 0',
    source: 'quantstats avg_win',
    of: (series) => averageOf(series, 1),
  },
  {
    name: 'average_loss',
    formula: 'mean of r < 0',
    source: 'quantstats avg_loss',
    of: (series) => averageOf(series, -1),
  },
  {
    name: 'payoff_ratio',
    formula: 'average_win / |average_loss|',
    source: 'quantstats payoff_ratio',
    of: (series) => ratio(averageOf(series, 1), map(averageOf(series, -1), Math.abs), 'no_losses'),
  },
]
