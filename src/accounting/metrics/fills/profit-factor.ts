/** Everything gained over everything lost. */
import { toNumber } from '@perf-agg/sdk'
import { ratio } from '../metric.ts'
import { resultKinds } from './fill-statistic.ts'
import type { FillStatistic } from './fill-statistic.ts'

export const fillProfitFactor: readonly FillStatistic[] = resultKinds.map(({ prefix, symbol, of }) => ({
  name: `${prefix}_profit_factor`,
  formula: `Σ max(${symbol}, 0) / Σ max(−${symbol}, 0)`,
  source: 'textbook; nautilus_trader ProfitFactor',
  unit: 'ratio',
  of: (history) => {
    const { gain, loss, count } = of(history)
    return count === 0 ? 'no_trades' : ratio(toNumber(gain), -toNumber(loss), 'no_losses')
  },
}))
