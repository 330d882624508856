import type { Closed } from './hour.ts'
import type { AccountView } from './view.ts'

export interface SelfReportedOptions {
  /** From here on every hour is stated; earlier ones only where trades came for them, as `backfilled`. */
  readonly openedAtMs: number
  /** How long after its end, or after the last trade taken for it, an hour waits. */
  readonly graceMs: number
  readonly correctionWindowMs: number
}

/** A trade as its owner reports it; the fee is in quote currency, which counts as USD. */
export interface ReportedTrade {
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  /** Decimal strings. */
  readonly price: string
  readonly size: string
  readonly fee: string
  readonly atMs: number
  /** Two trades of one id are one. */
  readonly id: string | null
}

/** One account whose trades are reported by its owner (`mock`, `push`): no balances, so returns on capital in use. */
export class SelfReported {
  static open(_options: SelfReportedOptions): SelfReported {
    throw new Error('not built yet')
  }
  static restore(_bytes: Uint8Array): SelfReported {
    throw new Error('not built yet')
  }
  snapshot(): Uint8Array {
    throw new Error('not built yet')
  }
  /**
   * @returns false for a trade already taken
   * @throws {InputError} `TRADE_INVALID`, `TRADE_IN_FUTURE`, `TRADE_TOO_OLD`
   */
  takeTrade(_trade: ReportedTrade, _receivedAtMs: number): boolean {
    return false
  }
  close(_nowMs: number): Closed {
    return { hours: [], gaps: [], corrections: [] }
  }
  /** When the next hour will be ready, or null when only time's passing of the current hour decides. */
  nextDueMs(_nowMs: number): number {
    return 0
  }
  view(_nowMs: number): AccountView {
    throw new Error('not built yet')
  }
}
