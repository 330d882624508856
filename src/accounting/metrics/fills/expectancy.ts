/** What one more would have brought, on average: zeros count. */
import { toNumber } from '@perf-agg/sdk'
import { ratio } from '../metric.ts'
import { resultKinds } from './fill-statistic.ts'
import type { FillStatistic } from './fill-statistic.ts'

export const expectancy: readonly FillStatistic[] = resultKinds.map(({ prefix, symbol, of }) => ({
  name: `${prefix}_expectancy`,
  formula: `Σ${symbol} / count(${symbol})`,
  source: 'Tharp 1998, in money; nautilus_trader Expectancy',
  unit: 'money',
  of: (history) => ratio(toNumber(of(history).total), of(history).count, 'no_trades'),
}))
