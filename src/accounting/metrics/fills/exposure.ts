/** How long, and with how much of the capital, a position stood open between the first fill and the last. */
import { toNumber } from '@perf-agg/sdk'
import type { Outcome } from '../metric.ts'
import { ratio } from '../metric.ts'
import type { FillStatistic, TradingFacts } from './fill-statistic.ts'

function overTime({ clock }: TradingFacts, part: number): Outcome {
  return clock.elapsedMs === null ? 'no_times' : ratio(part, clock.elapsedMs)
}

export const exposure: readonly FillStatistic[] = [
  {
    name: 'time_in_market',
    formula: 'time with q ≠ 0 / (last fill − first fill)',
    source: 'quantstats exposure, by time instead of periods',
    unit: 'ratio',
    of: (history) => overTime(history, history.clock.openMs),
  },
  {
    name: 'average_exposure',
    formula: '∫ |q|·average cost dt / (last fill − first fill) / capital_in_use',
    source: 'textbook',
    unit: 'ratio',
    of: (history) => ratio(overTime(history, history.clock.costMs), toNumber(history.capital), 'no_capital'),
  },
]
