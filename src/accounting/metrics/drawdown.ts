/** Falls of wealth below its running peak; wealth is 1 before the first return. Depths are negative fractions. */
import type { Episode } from './drawdown-path.ts'
import type { Metric, Outcome } from './metric.ts'
import type { ReturnSeries } from './series.ts'
import { sumOf } from './stable-sum.ts'

/** The deepest episode, the first of equals; null where wealth never fell. */
function deepest(series: ReturnSeries): Episode | null {
  let found: Episode | null = null
  for (const episode of series.drawdowns.episodes) {
    if (found === null || episode.depth < found.depth) found = episode
  }
  return found
}

export function maxDrawdown(series: ReturnSeries): number {
  return deepest(series)?.depth ?? 0
}

function recoveryPeriods(series: ReturnSeries): Outcome {
  const episode = deepest(series)
  if (episode === null) return 0
  return episode.recoveryIndex === null ? 'not_recovered' : episode.recoveryIndex - episode.troughIndex
}

function longest(series: ReturnSeries): number {
  return series.drawdowns.episodes.reduce(
    (most, { peakIndex, recoveryIndex }) => Math.max(most, (recoveryIndex ?? series.n) - peakIndex),
    0,
  )
}

function average(series: ReturnSeries): number {
  const { episodes } = series.drawdowns
  return episodes.length === 0 ? 0 : sumOf(episodes.map(({ depth }) => depth)) / episodes.length
}

export const drawdown: readonly Metric[] = [
  {
    name: 'max_drawdown',
    formula: 'min(W_t / max_{s≤t} W_s − 1)',
    source: 'Magdon-Ismail and Atiya 2004; PerformanceAnalytics, empyrical, quantstats, ffn',
    of: maxDrawdown,
  },
  {
    name: 'current_drawdown',
    formula: 'W_n / max W − 1',
    source: 'textbook',
    of: ({ drawdowns }) => drawdowns.last,
  },
  {
    name: 'max_drawdown_peak_to_trough_periods',
    formula: 'periods from the peak to the first trough of the deepest drawdown',
    source: 'PerformanceAnalytics table.Drawdowns',
    of: (series) => {
      const episode = deepest(series)
      return episode === null ? 0 : episode.troughIndex - episode.peakIndex
    },
  },
  {
    name: 'max_drawdown_recovery_periods',
    formula: 'periods from that trough to the first point back at the peak',
    source: 'PerformanceAnalytics table.Drawdowns',
    of: recoveryPeriods,
  },
  {
    name: 'longest_drawdown_periods',
    formula: 'longest span from a peak to its recovery; an open one runs to the last point',
    source: 'quantstats, ffn',
    of: longest,
  },
  {
    name: 'average_drawdown',
    formula: 'mean depth of the episodes',
    source: 'PerformanceAnalytics AverageDrawdown (its absolute value)',
    of: average,
  },
  {
    name: 'drawdown_count',
    formula: 'number of episodes below the running peak',
    source: 'PerformanceAnalytics findDrawdowns',
    of: ({ drawdowns }) => drawdowns.episodes.length,
  },
]
