import type { Endpoint } from '../call.ts'
import { endpoints } from './endpoint.ts'

/** The two futures exchanges of binance's: the same calls under two roofs, in dollars and in coin. */
export type FuturesWallet = 'linear' | 'inverse'

export interface Venue {
  readonly wallet: FuturesWallet
  /** As the wallet is named in transfers: `MAIN_UMFUTURE`. */
  readonly transferName: string
  readonly exchangeInfo: Endpoint
  /** Of what the wallet holds, the first that the host has. */
  readonly accounts: readonly Endpoint[]
  /** Of open positions with their entries, where the account's answer does not hold these. */
  readonly positions: readonly Endpoint[]
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
    accounts: [endpoints.linearAccount, endpoints.linearAccountV2, endpoints.linearBalances],
    positions: [endpoints.linearPositions, endpoints.linearPositionsV2],
    income: endpoints.linearIncome,
    trades: endpoints.linearTrades,
    forced: endpoints.linearForced,
    marks: endpoints.linearMarks,
  },
  inverse: {
    wallet: 'inverse',
    transferName: 'CMFUTURE',
    exchangeInfo: endpoints.inverseInfo,
    accounts: [endpoints.inverseAccount, endpoints.inverseBalances],
    positions: [endpoints.inversePositions],
    income: endpoints.inverseIncome,
    trades: endpoints.inverseTrades,
    forced: endpoints.inverseForced,
    marks: endpoints.inverseMarks,
  },
}
