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
}

export interface AccountPlan {
  /** Default: made from the seed. */
  readonly apiKey?: string
  readonly secret?: string
  /** What the key may do beside reading; default nothing. Names as in apiRestrictions. */
  readonly permissions?: readonly string[]
  /** What it holds at the start: decimal strings. */
  readonly opening: Readonly<Record<string, string>>
  /** Null trades nothing of its own accord. */
  readonly trader: TraderPlan | null
  readonly events?: readonly PlannedEvent[]
}

export interface TraderPlan {
  /** Orders a day on average; an order has one to four fills. */
  readonly ordersPerDay: number
  /** Unified symbols that it likes. Default: the usual dozen against USDT and a few crosses. */
  readonly symbols?: readonly string[]
  /** Share of orders that are bought and sold again within the minute. Default 0.08. */
  readonly roundTripShare?: number
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
    })
  /** Applied for at `atMs` (whole seconds); refused ones come back `settleMs` later. Default 20 minutes. */
  | (Planned & {
      readonly kind: 'withdrawal'
      readonly asset: string
      readonly amount: string
      readonly fee: string
      readonly outcome?: 'completed' | 'refused'
      readonly settleMs?: number
    })
  /** To the funding wallet where negative, from it where positive. */
  | (Planned & { readonly kind: 'transfer'; readonly asset: string; readonly amount: string })
  /** All that is left of these assets becomes BNB. Default: everything worth less than 10 USDT. */
  | (Planned & { readonly kind: 'dust'; readonly assets?: readonly string[] })
  /** `amount: 'all'` is what is held then. */
  | (Planned & {
      readonly kind: 'convert'
      readonly from: string
      readonly to: string
      readonly amount: string
    })
  /** `info` is the exchange's text: `Bonus`, `Referral Commission`. */
  | (Planned & {
      readonly kind: 'reward'
      readonly asset: string
      readonly amount: string
      readonly info: string
    })
  /** Whether fees are paid in BNB where it is held; on at the start. */
  | (Planned & { readonly kind: 'bnb-fees'; readonly on: boolean })
  /** Signed; no list ever shows it. */
  | (Planned & { readonly kind: 'unexplained'; readonly asset: string; readonly amount: string })
  /** One order, one fill, at the minute's price; `visibleAfterMs` later it appears in myTrades. */
  | (Planned & {
      readonly kind: 'fill'
      readonly symbol: string
      readonly side: 'buy' | 'sell'
      readonly quantity: string
      readonly visibleAfterMs?: number
    })
