/** The average win over the average loss. */
import { map, ratio } from '../metric.ts'
import { averageLoss, averageWin } from './average-result.ts'
import { resultKinds } from './fill-statistic.ts'
import type { FillStatistic } from './fill-statistic.ts'

export const fillPayoff: readonly FillStatistic[] = resultKinds.map(({ prefix, of }) => ({
  name: `${prefix}_payoff_ratio`,
  formula: `${prefix}_average_win / |${prefix}_average_loss|`,
  source: 'textbook',
  unit: 'ratio',
  of: (history) => ratio(averageWin(of(history)), map(averageLoss(of(history)), Math.abs), 'no_losses'),
}))
