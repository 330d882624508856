import type { DeliveryPlan, OptionPlan } from './contract.ts'
import type { Purse } from './truth.ts'

/**
 * What is to happen, said in advance: who trades how much, which wallet events come when. What a scenario leaves open
 * is drawn from the seed.
 */

export interface Scenario {
  readonly accounts: readonly AccountPlan[]
  /** How far back the lists (fills, flows, conversions) reach. Default: for ever. */
  readonly historyMs?: number
  /** Markets that stop trading at an instant and keep their place in exchangeInfo as BREAK. */
  readonly delistings?: readonly { readonly symbol: string; readonly atMs: number }[]
  /** Contracts that are delivered at an instant, each like a perpetual; they trade from the start. */
  readonly deliveries?: readonly DeliveryPlan[]
  /** Rights that end at an instant; they trade from the start. */
  readonly options?: readonly OptionPlan[]
}

export interface AccountPlan {
  /** Default: made from the seed. */
  readonly apiKey?: string
  readonly secret?: string
  /** What the key may do beside reading; default nothing. Names as in apiRestrictions. */
  readonly permissions?: readonly string[]
  /** What it holds at the start: decimal strings. */
  readonly opening: Readonly<Record<string, string>>
  /** What its other wallets hold at the start; a funding wallet is kept where it is named here, empty or not. */
  readonly purses?: Readonly<Partial<Record<Purse, Readonly<Record<string, string>>>>>
  /** One wallet for everything: contracts settle in `opening`. */
  readonly unified?: boolean
  /** By contract, the coin in which its profit is paid; default the one in which it settles. */
  readonly profitIn?: Readonly<Record<string, string>>
  /** Long and short positions of one contract are kept apart. */
  readonly hedges?: boolean
  /** Null trades nothing of its own accord. */
  readonly trader: TraderPlan | null
  /** The same for contracts; default nothing. Symbols as `BTC/USDT:USDT`. */
  readonly contractTrader?: TraderPlan
  readonly events?: readonly PlannedEvent[]
}

export interface TraderPlan {
  /** Orders a day on average; an order has one to four fills. */
  readonly ordersPerDay: number
  /** Unified symbols that it likes. Default: the usual dozen against USDT and a few crosses. */
  readonly symbols?: readonly string[]
  /** Share of orders that are bought and sold again within the minute. Default 0.08. */
  readonly roundTripShare?: number
  /** A margin wallet; default spot. */
  readonly purse?: Purse
  /** Trades only from and until then; default always. */
  readonly fromMs?: number
  readonly toMs?: number
}

interface Planned {
  readonly atMs: number
}

export type PlannedEvent =
  /** `pendingMs` is the time between its appearance in the list and its credit at `atMs`. Default 10 minutes. */
  | (Planned & {
      readonly kind: 'deposit'
      readonly asset: string
      readonly amount: string
      readonly pendingMs?: number
      readonly purse?: Purse
    })
  /** Applied for at `atMs` (whole seconds); refused ones come back `settleMs` later. Default 20 minutes. */
  | (Planned & {
      readonly kind: 'withdrawal'
      readonly asset: string
      readonly amount: string
      readonly fee: string
      readonly outcome?: 'completed' | 'refused'
      readonly settleMs?: number
      readonly purse?: Purse
    })
  /**
   * Between a wallet of its (default spot) and another of the same owner (default funding; `elsewhere` is what nobody
   * watches, as a funding wallet is that is not kept): to the other where negative, from it where positive.
   */
  | (Planned & {
      readonly kind: 'transfer'
      readonly asset: string
      readonly amount: string
      readonly purse?: Purse
      readonly other?: Purse | 'elsewhere'
      /** What it is called: `Earn`. */
      readonly info?: string
    })
  /**
   * All that is left of these assets becomes BNB, or dollars at the market's price. Default: everything worth less than
   * 10 USDT.
   */
  | (Planned & {
      readonly kind: 'dust'
      readonly assets?: readonly string[]
      readonly purse?: Purse
      readonly into?: 'BNB' | 'USDT'
    })
  /** All that is owed of a coin in a margin wallet is paid with another that it holds. */
  | (Planned & {
      readonly kind: 'small-debt'
      readonly asset: string
      readonly to: string
      readonly purse: Purse
    })
  /** `amount: 'all'` is what is held then. */
  | (Planned & {
      readonly kind: 'convert'
      readonly from: string
      readonly to: string
      readonly amount: string
      readonly purse?: Purse
    })
  /** `info` is the exchange's text: `Bonus`, `Referral Commission`. */
  | (Planned & {
      readonly kind: 'reward'
      readonly asset: string
      readonly amount: string
      readonly info: string
      readonly purse?: Purse
    })
  /** Of fees that it paid itself; `info` as above. */
  | (Planned & {
      readonly kind: 'rebate'
      readonly asset: string
      readonly amount: string
      readonly info: string
      readonly purse?: Purse
    })
  /** Of coins that are lent out and still stand in the wallet. */
  | (Planned & { readonly kind: 'earn'; readonly asset: string; readonly amount: string })
  /** One order for contracts, one fill, near the mark. */
  | (Planned & {
      readonly kind: 'contract-fill'
      readonly symbol: string
      readonly side: 'buy' | 'sell'
      readonly quantity: string
      readonly position?: 'long' | 'short'
      readonly visibleAfterMs?: number
    })
  /** A spot market with borrowed money (kraken): opens a position, or closes what is open the other way. */
  | (Planned & {
      readonly kind: 'leveraged'
      readonly symbol: string
      readonly side: 'buy' | 'sell'
      readonly quantity: string
      readonly visibleAfterMs?: number
    })
  /** The oldest of such positions is taken over, or the exchange closes all of them. */
  | (Planned & { readonly kind: 'settle' | 'leverage-liquidation'; readonly symbol: string })
  /** The exchange closes all that is open in the contract, and its insurance fund takes a fee. */
  | (Planned & { readonly kind: 'liquidation'; readonly symbol: string })
  /** The exchange closes a part of what is open, to pay for another's loss. */
  | (Planned & { readonly kind: 'deleveraging'; readonly symbol: string; readonly quantity: string })
  /** In a margin wallet; interest is owed each hour from then on. `amount` < 0 pays back. */
  | (Planned & {
      readonly kind: 'borrow'
      readonly asset: string
      readonly amount: string
      readonly purse: Purse
    })
  /** Whether fees are paid in BNB where it is held; on at the start. */
  | (Planned & { readonly kind: 'bnb-fees'; readonly on: boolean })
  /** Signed; no list ever shows it. */
  | (Planned & {
      readonly kind: 'unexplained'
      readonly asset: string
      readonly amount: string
      readonly purse?: Purse
    })
  /** One order, one fill, at the minute's price; `visibleAfterMs` later it appears in myTrades. */
  | (Planned & {
      readonly kind: 'fill'
      readonly symbol: string
      readonly side: 'buy' | 'sell'
      readonly quantity: string
      readonly visibleAfterMs?: number
      /** A margin wallet; default spot. */
      readonly purse?: Purse
      /** The exchange's own order: the margin was used up. */
      readonly liquidation?: true
    })
