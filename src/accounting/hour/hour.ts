import type { Decimal } from '@perf-agg/sdk'

/** Where an hour's figures come from (accounting rules, "Order and lateness"). */
export type Origin = 'observed' | 'recovered' | 'backfilled'

/** One closed UTC hour `[startMs, startMs + 1 h)` of one account, exact where it is money. */
export interface Hour {
  readonly startMs: number
  readonly origin: Origin
  /** Percent over the hour, time-weighted, net of trading fees; null is undefined, see `returnReason`. */
  readonly returnPct: number | null
  readonly returnReason: string | null
  /** Distinct executions, liquidation and ADL included. */
  readonly trades: number
  readonly volumeBase: Decimal
  readonly volumeQuoteUsd: Decimal
  /** Trading fees net of rebates; may be negative. */
  readonly feesUsd: Decimal
  /** Equity at the end of the hour; null where it is not known (self-reported accounts). */
  readonly equityUsd: Decimal | null
  readonly flows: { readonly count: number; readonly netUsd: Decimal }
  readonly marks: HourMarks
}

/** Income that is no trading fee; the rest counts among the fees. */
export const hourIncomes = ['earn', 'funding', 'interest'] as const
export type HourIncome = (typeof hourIncomes)[number]

/** What a reader must know about an hour beside its figures; absent means: nothing to tell. */
export interface HourMarks {
  /** No capital at work: return 0, left out of every count. */
  readonly noCapital?: true
  /** A sub-period stood on less than max($100, 1 % of the trailing 90-day peak): gains there do not count. */
  readonly belowFloor?: true
  /** Carries the return across a gap before it. */
  readonly approximate?: true
  /** A fee whose rate was not to be had. */
  readonly unpricedFees?: true
  /** Balance changes that nothing explains. */
  readonly unreconciled?: readonly { readonly asset: string; readonly amount: string; readonly usd: string }[]
  /** What came or went beside trading, by kind; negative was paid. It is in the return. */
  readonly income?: readonly { readonly kind: HourIncome; readonly usd: string }[]
  /** Assets held that have no price. */
  readonly unpriced?: readonly string[]
  /** Assets valued at an old price, with its age. */
  readonly stale?: readonly { readonly asset: string; readonly ageS: number }[]
}

/** Hours that could not be observed, and why. Half-open. */
export interface Gap {
  readonly fromMs: number
  readonly toMs: number
  readonly reason: string
}

/** Late or changed data moved hours that were stated already: every hour it moved, anew. */
export interface Correction {
  readonly hours: readonly Hour[]
  readonly cause: 'late-fill' | 'late-flow' | 'explained' | 'changed'
  /** The exchange's ids of the records that caused it. */
  readonly records: readonly string[]
}

/** What closing brought, oldest first; hours and gaps never overlap. */
export interface Closed {
  readonly hours: readonly Hour[]
  readonly gaps: readonly Gap[]
  readonly corrections: readonly Correction[]
}

/** Minute candles that must be known before hours can close. */
export interface PriceWant {
  readonly symbol: string
  readonly fromMs: number
  readonly toMs: number
  /** Candles of the mark price, by which positions are valued, not of prints. */
  readonly kind?: 'mark'
}
