/** From the fill that opened a round trip to the one that made it flat. */
import { hourMs } from '@perf-agg/sdk'
import type { Outcome } from '../metric.ts'
import type { FillStatistic, TradingFacts } from './fill-statistic.ts'

function held({ roundTrips, clock }: TradingFacts, ms: number): Outcome {
  if (roundTrips.count === 0) return 'no_trades'
  return clock.elapsedMs === null ? 'no_times' : ms / hourMs
}

const source = 'textbook'

export const holdingTime: readonly FillStatistic[] = [
  {
    name: 'average_holding_time_hours',
    formula: 'mean of flat − opened over round trips, in hours',
    source,
    unit: 'hours',
    of: (history) => held(history, history.clock.holding.meanMs),
  },
  {
    name: 'longest_holding_time_hours',
    formula: 'max of flat − opened over round trips, in hours',
    source,
    unit: 'hours',
    of: (history) => held(history, history.clock.holding.longestMs),
  },
  {
    name: 'shortest_holding_time_hours',
    formula: 'min of flat − opened over round trips, in hours',
    source,
    unit: 'hours',
    of: (history) => held(history, history.clock.holding.shortestMs),
  },
]
