import type { Decimal } from '@perf-agg/sdk'
import { addExecuted } from './hour/bucket.ts'
import type { Gap, Hour } from './hour/hour.ts'

/** Sums over stated hours: exactly Σ of their buckets. */
export interface AccountTotals {
  readonly trades: number
  readonly volumeBase: Decimal
  readonly volumeQuoteUsd: Decimal
  readonly feesUsd: Decimal
}

/** One symbol's part: counts of the stated hours, P&L first-in first-out in USD, before trading fees. */
export interface SymbolView extends AccountTotals {
  readonly symbol: string
  readonly realizedPnlUsd: Decimal
  /** Open lots at the prices of `asOfMs`. */
  readonly unrealizedPnlUsd: Decimal
  /** (realized + unrealized − fees) in percent of the highest cost held in it at any hour's end; null without a cost. */
  readonly returnPct: number | null
}

export interface Coverage {
  /** Since the registration. */
  readonly hoursExpected: number
  readonly observed: number
  readonly recovered: number
  readonly backfilled: number
  readonly gaps: readonly Gap[]
  /** False once any stated hour holds a residual. */
  readonly reconciled: boolean
}

/** A figure of the portfolio, or why there is none: `null` with a reason, never 0 or a cap. */
export interface Figures {
  readonly values: Readonly<Record<string, number | null>>
  /** By figure: why it is null, or what qualifies it (`lower_bound`). */
  readonly reasons: Readonly<Record<string, string>>
}

/** Everything the metrics and summary views need; as of the last stated hour. */
export interface AccountView {
  /** End of the last stated hour; null before the first. */
  readonly asOfMs: number | null
  readonly totals: AccountTotals
  readonly symbols: readonly SymbolView[]
  readonly coverage: Coverage
  /** twr_pct, mwr_pct, volatility_annualized_pct, sharpe, sortino, max_drawdown_pct, calmar, … */
  readonly portfolio: Figures
  /** What the fills came to, in USD: the names of figures of fills. */
  readonly trading: Figures
  /** Performance that no fill made, over the stated hours: `funding`, `interest`, `earn`, `rebate`, `liquidation-fee`. */
  readonly incomeUsd: Readonly<Record<string, Decimal>>
  /** Oldest first, corrected. Hours beyond the correction window are exact to the nearest double. */
  readonly hours: readonly Hour[]
  readonly equityUsd: Decimal | null
  /** The method that made the returns. */
  readonly method: 'twr' | 'capital-in-use'
}

/** With what was before its registration in front: in the sums of its hours, and in no figure. */
export function withPast(view: AccountView, { hours, coverage, totals }: AccountView): AccountView {
  return {
    ...view,
    totals: addExecuted(totals, view.totals),
    hours: [...hours, ...view.hours],
    coverage: {
      ...view.coverage,
      backfilled: coverage.backfilled + view.coverage.backfilled,
      gaps: [...coverage.gaps, ...view.coverage.gaps],
      reconciled: coverage.reconciled && view.coverage.reconciled,
    },
  }
}
