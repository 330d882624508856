/** How often the capital was turned over. Fills know no equity, so the capital is the most that was ever at work. */
import { toNumber } from '@perf-agg/sdk'
import { ratio } from '../metric.ts'
import type { FillStatistic } from './fill-statistic.ts'

export const turnover: readonly FillStatistic[] = [
  {
    name: 'volume',
    formula: 'Σ |worth| of all fills, in the currency of the P&L',
    source: 'textbook',
    unit: 'money',
    of: ({ volume }) => toNumber(volume),
  },
  {
    name: 'capital_in_use',
    formula: 'max over time of (|q|·average cost + max(0, −net P&L so far))',
    source: 'perf-agg, as for returns of accounts without balances',
    unit: 'money',
    of: ({ capital }) => toNumber(capital),
  },
  {
    name: 'turnover',
    formula: 'min(bought, sold) / capital_in_use',
    source: 'SEC Form N-1A, Item 13, on the capital in use',
    unit: 'ratio',
    of: ({ turned, capital }) => ratio(toNumber(turned), toNumber(capital), 'no_capital'),
  },
]
