import type { Exchange } from '../exchange.ts'
import type { Wallet } from '../wallet.ts'
import type { Query } from './query.ts'
import type { Weight } from './weight.ts'

export interface PublicRequest {
  readonly exchange: Exchange
  readonly query: Query
  /** True exchange time. */
  readonly nowMs: number
  /** What the exchange's own clock says: differs while it is skewed. */
  readonly serverMs: number
}

export interface SignedRequest extends PublicRequest {
  readonly wallet: Wallet
}

interface Priced {
  readonly weight: (query: Query) => Weight
}

/** One path, GET. Reads its parameters, throws a refusal or returns what becomes JSON. */
export type Endpoint =
  | (Priced & { readonly access: 'public'; readonly answer: (request: PublicRequest) => unknown })
  | (Priced & { readonly access: 'signed'; readonly answer: (request: SignedRequest) => unknown })

export function fixed(budget: Weight['budget'], weight: number): () => Weight {
  return () => ({ budget, weight })
}
