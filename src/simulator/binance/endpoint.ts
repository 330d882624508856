import type { ContractDesk } from '../contract-desk.ts'
import type { LeverageDesk } from '../leverage.ts'
import type { Market } from '../market.ts'
import type { TruthWriter } from '../truth.ts'
import type { Wallet } from '../wallet.ts'
import type { Query } from './query.ts'
import type { Weight } from './weight.ts'

/** What every endpoint may look at. */
export interface Exchange {
  readonly market: Market
  readonly contracts: ContractDesk
  readonly leverage: LeverageDesk
  readonly truth: TruthWriter
  readonly historyMs: number
}

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
