/** How often it gained. */
import { ratio } from '../metric.ts'
import { resultKinds } from './fill-statistic.ts'
import type { FillStatistic } from './fill-statistic.ts'

export const fillWinRate: readonly FillStatistic[] = resultKinds.map(({ prefix, symbol, of }) => ({
  name: `${prefix}_win_rate`,
  formula: `count(${symbol} > 0) / count(${symbol})`,
  source: 'textbook; nautilus_trader WinRate',
  unit: 'ratio',
  of: (history) => ratio(of(history).wins, of(history).count, 'no_trades'),
}))
