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
  /** Between long and short positions, every eight hours. */
  | 'funding'
  /** What the insurance fund takes of a liquidated position. */
  | 'liquidation-fee'
  /** Of fees that the account itself has paid. */
  | 'rebate'
  /** What coins earn that are lent out and still stand in the wallet. */
  | 'earn'
  /** Of borrowed coins: it adds to what is owed. */
  | 'interest'
  /** Coins that come with a debt of the same size, and go with it: no balance moves, debt taken off. */
  | 'borrow'
  | 'repay'
  /** A position becomes what it holds and owes: nothing is gained or lost. */
  | 'settlement'
  /** Moves a balance and is shown by no list of the exchange, ever. */
  | 'unexplained'

/**
 * Where in an account coins lie. An account with one wallet for everything has `spot` alone, single pairs (`cross` are
 * on the margin of that wallet) and a funding wallet beside it where a scenario has them.
 */
export type Purse =
  | 'spot'
  | 'linear'
  | 'inverse'
  | 'margin'
  | 'funding'
  | `isolated ${string}`
  | `cross ${string}`

export interface Move {
  readonly asset: string
  /** Signed; of a margin wallet what is owed is taken off. */
  readonly amount: string
  /** Absent is `spot`. */
  readonly purse?: Purse
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
  /** Of coins held on a margin that was used up: the exchange's own order. */
  readonly liquidation?: true
  /** Absent is spot or margin: base and quote change hands. */
  readonly contract?: TrueContract
}

/** Of a fill of contracts: `quantity` is contracts, `quoteQuantity` their worth in quote, and only what was realised moves. */
export interface TrueContract {
  readonly kind: 'linear' | 'inverse'
  readonly settle: string
  /** Base units of one contract; quote units of an inverse one. */
  readonly size: string
  readonly position: 'both' | 'long' | 'short'
  /** In the settlement coin, fee not taken off. */
  readonly realized: string
  /** What the position that is open afterwards cost, in the settlement coin: its worth at the average entry. */
  readonly cost: string
  readonly execution: 'trade' | 'liquidation' | 'adl' | 'settlement'
  /** A right: all of its price moves, and what it has cost is gone. */
  readonly option?: true
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
  /** When that began which it ends: a deposit was on its way, a withdrawal was applied for. */
  readonly begunMs?: number
  readonly fill?: TrueFill
  /** The contract that it concerns, where that is no fill. */
  readonly symbol?: string
  /** The exchange's text for it: `Bonus`. */
  readonly info?: string
}

/** One minute of a contract's mark price, whole. */
export interface TrueMark {
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
}

/** A contract, as unified names have it. */
export interface ListedContract {
  readonly symbol: string
  readonly kind: 'linear' | 'inverse'
  readonly base: string
  readonly quote: string
  readonly settle: string
  readonly size: string
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
  readonly contracts: readonly ListedContract[]
  /** How far back the exchange's lists reach; what is older was never seen by who did not look in time. */
  readonly historyMs: number
  /** The minute that starts at `minuteMs`; null before the listing and after the delisting. */
  candle(symbol: string, minuteMs: number): TrueCandle | null
  /** The same of a contract's mark price. */
  mark(symbol: string, minuteMs: number): TrueMark | null
}

/** The truth as it grows; the simulator's own side of it. */
export class TruthWriter implements Truth {
  readonly changes: Change[] = []
  readonly markets: readonly ListedMarket[]
  readonly contracts: readonly ListedContract[]
  readonly historyMs: number
  readonly #candleOf: (symbol: string, minuteMs: number) => TrueCandle | null
  readonly #markOf: (symbol: string, minuteMs: number) => TrueMark | null
  readonly #written = new Set<string>()
  #file: number | null
  #pending: string[] = []

  constructor(options: {
    markets: readonly ListedMarket[]
    contracts: readonly ListedContract[]
    historyMs: number
    candle: (symbol: string, minuteMs: number) => TrueCandle | null
    mark: (symbol: string, minuteMs: number) => TrueMark | null
    file: string | undefined
  }) {
    this.markets = options.markets
    this.contracts = options.contracts
    this.historyMs = options.historyMs
    this.#candleOf = options.candle
    this.#markOf = options.mark
    this.#file = options.file === undefined ? null : openSync(options.file, 'w', 0o600)
    this.#line({
      kind: 'exchange',
      markets: this.markets,
      contracts: this.contracts,
      historyMs: this.historyMs,
    })
  }

  candle(symbol: string, minuteMs: number): TrueCandle | null {
    return this.#candleOf(symbol, minuteMs)
  }

  mark(symbol: string, minuteMs: number): TrueMark | null {
    return this.#markOf(symbol, minuteMs)
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

  /** The same for a minute of a mark price. */
  marked(symbol: string, minuteMs: number): void {
    if (this.#file === null) return
    const key = `${symbol} ${minuteMs}`
    if (this.#written.has(key)) return
    this.#written.add(key)
    this.#line({ kind: 'mark', symbol, minuteMs, mark: this.#markOf(symbol, minuteMs) })
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
