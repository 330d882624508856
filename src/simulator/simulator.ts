import type { Fault, Faults } from './faults.ts'
import type { Scenario } from './scenario.ts'
import type { Truth } from './truth.ts'

/**
 * A whole exchange on loopback that speaks the original's wire protocol, with a market, accounts that trade on it,
 * faults on order, and the truth about all of it. For the demo and for tests; `serve` never imports it.
 */

export interface SimulatorOptions {
  readonly exchange: 'binance'
  /** 0 and absent pick a free one. */
  readonly port?: number
  /** The same seed makes the same market and the same traders. */
  readonly seed: number
  /** Simulated time at the start. */
  readonly startMs: number
  readonly scenario?: Scenario
  /** A file of real trades or candles to replay for its market instead of the seeded one. */
  readonly marketData?: string
  /** The truth is written there as JSON lines too. */
  readonly truthFile?: string
  readonly faults?: Faults
}

export interface SimulatedAccount {
  /** The exchange's own id of the account, as text. */
  readonly uid: string
  readonly apiKey: string
  readonly secret: string
}

export interface Simulator {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly accounts: readonly SimulatedAccount[]
  readonly truth: Truth
  /** Simulated time; what a request is answered at. */
  nowMs(): number
  /** Steps to `atMs` and lets everything happen that happens until then, inclusive. Never goes back. */
  advanceTo(atMs: number): void
  /** Lets simulated time run at `speed` × real time until the returned function is called. */
  run(speed: number): () => void
  schedule(fault: Fault): void
  close(): Promise<void>
}

export async function startSimulator(_options: SimulatorOptions): Promise<Simulator> {
  throw new Error('not built yet')
}
