import type { Closed, PriceWant } from './hour.ts'
import type { Anchor, Candle, Market, Observation } from './observation.ts'
import type { Rules } from './rules.ts'
import type { AccountView } from './view.ts'

export interface AccountOptions {
  /**
   * From here on hours are stated: the first is the first full UTC hour that starts at or after this instant.
   * Balances must be anchored before its end, history read from its start.
   */
  readonly openedAtMs: number
  /** Hours that start before it are `backfilled`. */
  readonly firstRegisteredAtMs: number
  /** How long after an hour's end the exchange may still write entries of that hour. */
  readonly settlingMs: number
  readonly rules: Rules
}

/** An entry that was refused at the door, and why; it never became a number. */
export interface Quarantined {
  readonly kind: 'fill' | 'flow' | 'conversion' | 'income' | 'anchor' | 'candle'
  readonly id: string
  readonly reason: string
}

/** A balance change of one asset that nothing explains so far. */
export interface OpenResidual {
  readonly asset: string
  /** Signed decimal string. */
  readonly amount: string
  /** Half-open from the end of one anchor to the next. */
  readonly fromMs: number
  readonly toMs: number
}

/** One exchange account with balances: from observations to hours that hold. Pure: time and prices are given. */
export class Account {
  static open(_options: AccountOptions): Account {
    throw new Error('not built yet')
  }
  /** @throws {InputError} `SNAPSHOT_INVALID` unless the bytes are exactly what `snapshot` wrote */
  static restore(_bytes: Uint8Array): Account {
    throw new Error('not built yet')
  }
  /** The whole state, the same bytes for the same state; markets are not part of it and are set again. */
  snapshot(): Uint8Array {
    throw new Error('not built yet')
  }
  /** Call at start, after `restore`, and whenever the exchange's list changed. */
  setMarkets(_markets: readonly Market[]): void {}
  /** Takes what a poll brought; taking it again changes nothing. Returns what was refused. */
  take(_observation: Observation): readonly Quarantined[] {
    return []
  }
  /** Minute candles needed before `close` can go on. Answer each with `takeCandles`, then ask again: some needs show late. */
  priceWants(_nowMs: number): readonly PriceWant[] {
    return []
  }
  /** `null`: the exchange has no such candles and will not have them. A failed fetch is no answer: try again later. */
  takeCandles(_want: PriceWant, _candles: readonly Candle[] | null): readonly Quarantined[] {
    return []
  }
  /** States every hour that can be stated, in order. What it returns is stated: make it durable with the snapshot. */
  close(_nowMs: number): Closed {
    return { hours: [], gaps: [], corrections: [] }
  }
  lastAnchor(): Anchor | null {
    return null
  }
  /** Start of the next hour to be stated. */
  get nextHourMs(): number {
    return 0
  }
  /** Residuals between anchors not yet explained, newest first: instruments are searched while there are any. */
  openResiduals(): readonly OpenResidual[] {
    return []
  }
  /** Assets that moved or are held, the unexplained first: where fills may hide. */
  candidateAssets(): readonly string[] {
    return []
  }
  /** Symbols with fills in the correction window, most recent first. */
  candidateSymbols(): readonly string[] {
    return []
  }
  view(_nowMs: number): AccountView {
    throw new Error('not built yet')
  }
}
