/** What fees and funding took of the realized gain; a share of a loss means nothing, so there is none. */
import { signOf, toNumber } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Outcome } from '../metric.ts'
import type { FillStatistic } from './fill-statistic.ts'

function share(cost: Decimal, gross: Decimal): Outcome {
  return signOf(gross) > 0 ? toNumber(cost) / toNumber(gross) : 'no_gross_profit'
}

export const costShare: readonly FillStatistic[] = [
  {
    name: 'fees_share_of_pnl',
    formula: 'Σ fees / realized P&L before fees and funding, where that is > 0',
    source: 'textbook',
    unit: 'ratio',
    of: ({ fees, grossPnl }) => share(fees, grossPnl),
  },
  {
    name: 'funding_share_of_pnl',
    formula:
      '−Σ funding / realized P&L before fees and funding, where that is > 0; < 0 where funding was received',
    source: 'textbook',
    unit: 'ratio',
    of: ({ funding, grossPnl }) => share({ ...funding, digits: -funding.digits }, grossPnl),
  },
]
