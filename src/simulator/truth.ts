import { closeSync, openSync, writeSync } from 'node:fs'

/**
 * What really happened, kept beside what the exchange chose to show: every change of a balance with its cause, and
 * every minute of the market that was shown or traded in. A test computes the right answer from this alone.
 * Amounts are decimal strings; instants are milliseconds since 1970, true exchange time.
 */

export type Cause =
  /** What an account held when the simulation began. */
  | 'opening'
  | 'fill'
  | 'deposit'
  /** Leaves when applied for, network fee included. */
  | 'withdrawal'
  /** A refused withdrawal that comes back. */
  | 'withdrawal-returned'
  /** To or from another wallet of the same owner. */
  | 'transfer'
  | 'dust'
  | 'convert'
  /** A bonus, an airdrop, a commission for referring others. */
  | 'reward'
  /** Moves a balance and is shown by no list of the exchange, ever. */
  | 'unexplained'

export interface Move {
  readonly asset: string
  /** Signed. */
  readonly amount: string
}

export interface TrueFill {
  /** Unified: `BTC/USDT`. */
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly orderId: number
  readonly side: 'buy' | 'sell'
  readonly maker: boolean
  readonly price: string
  readonly quantity: string
  readonly quoteQuantity: string
  readonly fee: { readonly asset: string; readonly amount: string }
}

/** One event of one account. All its moves happen at `atMs` at once. */
export interface Change {
  /** The account's uid, as text. */
  readonly account: string
  /** Rises by one with each change of any account: the order of equal instants. */
  readonly sequence: number
  readonly atMs: number
  readonly cause: Cause
  /** The exchange's id of the record. Unique within (account, cause), fills: (account, symbol). */
  readonly id: string
  readonly moves: readonly Move[]
  /** From when the exchange's lists show it; null is never. */
  readonly visibleAtMs: number | null
  /** False where the list gives no instant for it (the return of a refused withdrawal). */
  readonly dated: boolean
  readonly fill?: TrueFill
}

/** One minute of one market, whole. Without a trade: the last close four times and volume 0. */
export interface TrueCandle {
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
  readonly baseVolume: string
  readonly quoteVolume: string
  readonly trades: number
}

export interface ListedMarket {
  /** Unified: `BTC/USDT`. */
  readonly symbol: string
  readonly base: string
  readonly quote: string
}

export interface Truth {
  readonly changes: readonly Change[]
  /** Every market ever listed, delisted ones too. */
  readonly markets: readonly ListedMarket[]
  /** How far back the exchange's lists reach; what is older was never seen by who did not look in time. */
  readonly historyMs: number
  /** The minute that starts at `minuteMs`; null before the listing and after the delisting. */
  candle(symbol: string, minuteMs: number): TrueCandle | null
}

/** The truth as it grows; the simulator's own side of it. */
export class TruthWriter implements Truth {
  readonly changes: Change[] = []
  readonly markets: readonly ListedMarket[]
  readonly historyMs: number
  readonly #candleOf: (symbol: string, minuteMs: number) => TrueCandle | null
  readonly #written = new Set<string>()
  #file: number | null
  #pending: string[] = []

  constructor(options: {
    markets: readonly ListedMarket[]
    historyMs: number
    candle: (symbol: string, minuteMs: number) => TrueCandle | null
    file: string | undefined
  }) {
    this.markets = options.markets
    this.historyMs = options.historyMs
    this.#candleOf = options.candle
    this.#file = options.file === undefined ? null : openSync(options.file, 'w', 0o600)
    this.#line({ kind: 'exchange', markets: this.markets, historyMs: this.historyMs })
  }

  candle(symbol: string, minuteMs: number): TrueCandle | null {
    return this.#candleOf(symbol, minuteMs)
  }

  add(change: Omit<Change, 'sequence'>): Change {
    const whole: Change = { ...change, sequence: this.changes.length }
    this.changes.push(whole)
    this.#line({ kind: 'change', ...whole })
    return whole
  }

  /** Writes a finished minute once; call it for every minute that was shown. */
  used(symbol: string, minuteMs: number): void {
    if (this.#file === null) return
    const key = `${symbol} ${minuteMs}`
    if (this.#written.has(key)) return
    this.#written.add(key)
    this.#line({ kind: 'minute', symbol, minuteMs, candle: this.#candleOf(symbol, minuteMs) })
  }

  flush(): void {
    if (this.#file === null || this.#pending.length === 0) return
    writeSync(this.#file, this.#pending.join(''))
    this.#pending = []
  }

  close(): void {
    this.flush()
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }

  #line(value: object): void {
    if (this.#file === null) return
    this.#pending.push(`${JSON.stringify(value)}\n`)
    if (this.#pending.length >= 512) this.flush()
  }
}
