import type { MarketType } from './wallet.ts'

/**
 * What a poll of one account brought: the only way that anything of an exchange reaches the ledger.
 * Amounts are decimal strings as the exchange wrote them; instants are milliseconds since 1970, exchange time.
 */

export type { MarketType, Wallet } from './wallet.ts'

/** An amount of one asset; `asset` is the exchange's code in upper case (`BTC`). */
export interface Amount {
  readonly asset: string
  /** Decimal string; its sign is said where it is used. */
  readonly amount: string
}

/** How a contract turns quantity and price into money. */
export interface ContractTerms {
  /** Base units of one contract (linear); quote units of one (inverse). Decimal string, > 0. */
  readonly size: string
  /** The coin in which it pays: `USDT`, or `BTC` of an inverse one. */
  readonly settle: string
}

/** One execution of the account's own order. Unique by (market, symbol, id). */
export interface Fill {
  readonly id: string
  readonly market: MarketType
  /** Unified symbol: `BTC/USDT`, `BTC/USDT:USDT`. A delisted one keeps the exchange's raw id with base and quote where known. */
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly side: 'buy' | 'sell'
  readonly price: string
  /** > 0: base units; contracts where there are `terms`. */
  readonly quantity: string
  /** Quote units, > 0: what was really paid or received, before fees. Contracts pay nothing: it follows from the rest. */
  readonly quoteQuantity: string
  /** > 0 paid, < 0 rebate. */
  readonly fees: readonly Amount[]
  readonly atMs: number
  /** `settlement` is delivery at the settlement price: it closes a position and counts as no trade. */
  readonly execution: 'trade' | 'liquidation' | 'adl' | 'settlement'
  /** Of linear and inverse contracts, and only of those. */
  readonly terms?: ContractTerms
}

export type FlowKind = 'deposit' | 'withdrawal' | 'transfer' | 'reward'

/** Value that came from or went to outside: external in the GIPS sense. Unique by (flow, id). */
export interface CashFlow {
  readonly id: string
  readonly flow: FlowKind
  readonly asset: string
  /** Signed, seen from the account: a withdrawal is negative and includes its network fee. */
  readonly amount: string
  readonly atMs: number
  /** True where the exchange gives no completion time. */
  readonly atEstimated: boolean
}

/** Dust, convert: a disposal and an acquisition at one instant, not a trade. Unique by (kind, id). */
export interface Conversion {
  readonly id: string
  readonly conversion: 'dust' | 'convert'
  /** Signed changes, fees included: negative given away, positive received. */
  readonly changes: readonly Amount[]
  readonly atMs: number
}

/**
 * Performance that is neither fill nor conversion. Unique by (income, id). A `liquidation-fee` is what the exchange's
 * insurance took (or gave back): a trading fee. What closing fills realise is no income: it follows from them.
 */
export interface Income {
  readonly id: string
  readonly income: 'funding' | 'interest' | 'earn' | 'rebate' | 'liquidation-fee'
  readonly asset: string
  readonly amount: string
  readonly atMs: number
}

/** An open position of contracts; of one in hedge mode both sides, each by itself. */
export interface Position {
  readonly market: 'linear' | 'inverse'
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly terms: ContractTerms
  /** In contracts, > 0 long, < 0 short. */
  readonly quantity: string
  /**
   * Average entry price as the exchange writes it, all its decimal places. 0, of linear ones, where what was paid for it
   * has left the wallet: the whole of it is worth its mark (an option).
   */
  readonly entry: string
}

/**
 * Balances that count: read between two ledger reads that agree.
 * Every asset with free + locked − borrowed − interest ≠ 0, all watched wallets together; an asset not listed is 0.
 * Of futures it is the wallet balance, without unrealised P&L.
 */
export interface Anchor {
  /** Exchange's time of the balance read. */
  readonly atMs: number
  readonly balances: readonly Amount[]
  /** Every open position, read at the same instant; absent is none. */
  readonly positions?: readonly Position[]
}

/** Which ledger sources could not be read for good (the exchange has no such call): residuals catch what they hide. */
export interface Observation {
  /** Exchange's time when the poll began: nothing before it can have been missed when `complete`. */
  readonly begunAtMs: number
  /** Fills, flows and balances all read to the end. Only a complete poll states hours. */
  readonly complete: boolean
  readonly fills: readonly Fill[]
  readonly flows: readonly CashFlow[]
  readonly conversions: readonly Conversion[]
  readonly incomes: readonly Income[]
  /** Null where no two ledger reads agreed around a balance read. */
  readonly anchor: Anchor | null
  /** Sources the exchange refused or does not have, by name; empty is best. */
  readonly unavailable: readonly string[]
  /** Span of time for which history is proved to be lost (older than the exchange keeps); null is none. */
  readonly lost: { readonly fromMs: number; readonly toMs: number } | null
}

/** One minute of the market's prints, or of the mark price, which has no volume. Minutes without a trade may be missing or repeat the last close with volume 0. */
export interface Candle {
  readonly minuteMs: number
  readonly open: string
  readonly close: string
  readonly baseVolume: string
  /** Null: the exchange does not tell it, or not to the last digit. */
  readonly quoteVolume: string | null
  /** Where the turnover is not told, and this is: what was paid for a unit, rounded. */
  readonly average?: string
}

/** A market of the exchange. */
export interface Market {
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly type: MarketType
  readonly active: boolean
}
