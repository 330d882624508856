import type { Endpoint } from '../call.ts'
import { endpoints } from './endpoint.ts'

/** The two futures exchanges of binance's: the same calls under two roofs, in dollars and in coin. */
export type FuturesWallet = 'linear' | 'inverse'

export interface Venue {
  readonly wallet: FuturesWallet
  /** As the wallet is named in transfers: `MAIN_UMFUTURE`. */
  readonly transferName: string
  readonly exchangeInfo: Endpoint
  readonly account: Endpoint
  /** Where the account's answer does not hold the entry prices. */
  readonly positions: Endpoint | null
  readonly income: Endpoint
  readonly trades: Endpoint
  readonly forced: Endpoint
  readonly marks: Endpoint
}

export const venues: Readonly<Record<FuturesWallet, Venue>> = {
  linear: {
    wallet: 'linear',
    transferName: 'UMFUTURE',
    exchangeInfo: endpoints.linearInfo,
    account: endpoints.linearAccount,
    positions: endpoints.linearPositions,
    income: endpoints.linearIncome,
    trades: endpoints.linearTrades,
    forced: endpoints.linearForced,
    marks: endpoints.linearMarks,
  },
  inverse: {
    wallet: 'inverse',
    transferName: 'CMFUTURE',
    exchangeInfo: endpoints.inverseInfo,
    account: endpoints.inverseAccount,
    positions: null,
    income: endpoints.inverseIncome,
    trades: endpoints.inverseTrades,
    forced: endpoints.inverseForced,
    marks: endpoints.inverseMarks,
  },
}
