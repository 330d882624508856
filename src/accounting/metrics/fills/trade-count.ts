/** How many fills, round trips and fills that closed something. */
import type { FillStatistic } from './fill-statistic.ts'
import { resultKinds } from './fill-statistic.ts'

export const tradeCount: readonly FillStatistic[] = [
  {
    name: 'fills',
    formula: 'count of fills',
    source: 'textbook',
    unit: 'count',
    of: ({ fills }) => fills,
  },
  ...resultKinds.map(({ prefix, symbol, of }): FillStatistic => ({
    name: `${prefix}s`,
    formula: `count(${symbol})`,
    source: 'textbook',
    unit: 'count',
    of: (history) => of(history).count,
  })),
]
