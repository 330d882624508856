import type { Decimal } from '@perf-agg/sdk'

/**
 * A balance change of one asset between two anchors that nothing explains. It is taken to have happened right after
 * the earlier anchor (or at the beginning of what is lost), because balances are rolled back from the later one.
 * A negative one is a loss, a positive one is never gain, and one asset's never makes up for another's.
 */
export interface Residual {
  readonly asset: string
  readonly amount: Decimal
  readonly jumpMs: number
  /** The anchors between which it lies. */
  readonly fromMs: number
  readonly toMs: number
}
