import type { Bucket, Totals } from './bucket.ts'
import type { Environment, GapClaim, Ownership, Permissions } from './metadata.ts'

export type SessionStatus = 'active' | 'pending' | 'degraded' | 'expired'

export interface ViewCoverage {
  readonly hours_expected: number
  readonly observed: number
  readonly recovered: number
  readonly backfilled: number
  readonly gaps: readonly GapClaim[]
}

/** By name; null is undefined, and its reason stands under the same name in `reasons`. */
export type Figures = Readonly<Record<string, number | null>>
export type Reasons = Readonly<Record<string, string>>

interface ViewBase {
  readonly account: string
  readonly exchange: string
  readonly environment: Environment
  readonly as_of: string
  readonly expires_at: string
  readonly request_nonce: string | null
  readonly status: SessionStatus
  readonly coverage: ViewCoverage
  readonly portfolio: Figures
  /** Why figures of `portfolio` are null. */
  readonly reasons: Reasons
  readonly totals: Totals
  readonly hourly_buckets: readonly Bucket[]
  /** Thumbprint of the enclave's statement key that signed. */
  readonly key_id: string
  readonly signature: string
}

export interface SymbolFigures extends Totals {
  readonly symbol: string
  readonly realized_pnl_usd: number | null
  readonly unrealized_pnl_usd: number | null
  readonly return_pct: number | null
  /** Why a figure is null, by its name; absent where none is. */
  readonly reasons?: Reasons
}

/** For the account's owner: everything. */
export interface MetricsView extends ViewBase {
  readonly schema: 'perf-agg/metrics/v1'
  readonly symbols: readonly SymbolFigures[]
}

/** For others: no symbol, no price, no position, no id. */
export interface SummaryView extends ViewBase {
  readonly schema: 'perf-agg/summary/v1'
}

/** The answer to a registration. */
export interface Receipt {
  readonly session_id: string
  readonly view_id: string
  readonly status: 'active' | 'pending'
  readonly expires_at: string
  /** Null while pending: the exchange has not yet said whose account it is. */
  readonly account: string | null
  readonly permissions: Permissions
  readonly ownership: Ownership
  /** Digest of the sealed box that was submitted. */
  readonly box_digest: string
  readonly signature: string
}
