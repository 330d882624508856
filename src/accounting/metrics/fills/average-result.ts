/** What a win brought and what a loss took, on average. */
import { toNumber } from '@perf-agg/sdk'
import type { Outcome } from '../metric.ts'
import { ratio } from '../metric.ts'
import { resultKinds } from './fill-statistic.ts'
import type { FillStatistic } from './fill-statistic.ts'
import type { ResultTally } from './result-tally.ts'

export const averageWin = ({ gain, wins }: ResultTally): Outcome => ratio(toNumber(gain), wins, 'no_gains')
export const averageLoss = ({ loss, losses }: ResultTally): Outcome =>
  ratio(toNumber(loss), losses, 'no_losses')

export const averageResult: readonly FillStatistic[] = resultKinds.flatMap(
  ({ prefix, symbol, of }): FillStatistic[] => [
    {
      name: `${prefix}_average_win`,
      formula: `mean of ${symbol} > 0`,
      source: 'textbook; nautilus_trader AvgWinner',
      unit: 'money',
      of: (history) => averageWin(of(history)),
    },
    {
      name: `${prefix}_average_loss`,
      formula: `mean of ${symbol} < 0, a negative amount`,
      source: 'textbook; nautilus_trader AvgLoser',
      unit: 'money',
      of: (history) => averageLoss(of(history)),
    },
  ],
)
