import type { ContractDesk } from './contract-desk.ts'
import type { LeverageDesk } from './leverage.ts'
import type { Market } from './market.ts'
import type { TruthWriter } from './truth.ts'

/** What lies behind the protocol of every exchange: what it answers with is read from here. */
export interface Exchange {
  readonly market: Market
  readonly contracts: ContractDesk
  readonly leverage: LeverageDesk
  readonly truth: TruthWriter
  readonly historyMs: number
}
