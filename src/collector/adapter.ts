import type { PriceWant } from '../accounting/hour/hour.ts'
import type { Anchor, Candle, Market, Observation, Wallet } from '../accounting/observation.ts'
import type { Endpoint, Judge, UnifiedCalls } from './call.ts'
import type { JobClock } from './clock.ts'
import type { Hint } from './hint.ts'
import type { Budget } from './limiter.ts'

/**
 * What an exchange's folder offers to the rest of the collector: how it is reached, and the four things that are
 * asked of it. One adapter serves one host set and keeps what all accounts there share (its markets).
 */
export interface Adapter {
  readonly connection: Connection
  /** What it can watch; a job that wants another is refused. */
  readonly wallets: readonly Wallet[]
  check(tools: Tools, wallets: readonly Wallet[]): Promise<Checked>
  poll(tools: Tools, wants: PollWants): Promise<Polled>
  /** Of the wallets that are watched, inactive ones included; spot's come with them where the exchange has it: they price coins. */
  markets(tools: Tools, wallets: readonly Wallet[]): Promise<readonly Market[]>
  /** Null where there is no such symbol. `wallets` of the job are those of `markets`. */
  candles(tools: Tools, want: PriceWant): Promise<readonly Candle[] | null>
}

/** One ccxt class, and how its requests and answers are treated. */
export interface Connection {
  /** ccxt's class, loaded where it is used first. */
  readonly load: () => Promise<{ readonly default: CcxtClass }>
  /** Settings of ccxt's own for this exchange. */
  readonly prepare: (exchange: CcxtInstance) => void
  /** ccxt knows a host set of the exchange's for practice. */
  readonly hasSandbox: boolean
  readonly budgets: Readonly<Record<string, Budget>>
  /** The budget that is told about. */
  readonly mainBudget: string
  readonly judge: Judge
  /** The exchange's code for a request whose time, or number, it does not take. */
  readonly clockCode: string
  readonly time: Endpoint
  readonly serverTimeOf: (value: unknown) => number
  /** So long the difference of the clocks is believed without asking again. */
  readonly timeKeptMs: number
}

/** As much of a ccxt instance as is touched. */
export interface CcxtInstance {
  urls: Record<string, unknown>
  options: Record<string, unknown>
  has: Readonly<Record<string, unknown>>
  hostname?: string | undefined
  secret?: unknown
  number: unknown
  fetchImplementation: unknown
  milliseconds: () => number
  nonce: () => number
  seconds: () => number
  setSandboxMode(enabled: boolean): void
}

export type CcxtClass = new (settings: Readonly<Record<string, unknown>>) => CcxtInstance

export interface Tools {
  readonly caller: UnifiedCalls
  /** The exchange's time, and our clock set by it. */
  readonly sync: () => Promise<number>
  readonly clock: Pick<JobClock, 'exchangeNowMs'>
  /** Of an account that anybody may read; null of all others. */
  readonly walletAddress: string | null
}

/** The exchange's own bytes, for the daemon to judge: this process is not believed about what a key may do. */
export interface Checked {
  /** Null where the exchange has no such call (its sandbox). */
  readonly restrictions: Uint8Array | null
  readonly account: Uint8Array
}

export interface PollWants {
  /** History is wanted from here on, of everything that the cursor does not know: a wallet that joins brings none. */
  readonly sinceMs: number
  readonly cursor: string | null
  readonly previousAnchor: Anchor | null
  readonly sweep: boolean
  /** What is watched. It may have grown since the cursor was made. */
  readonly wallets: readonly Wallet[]
  /** Where a stream told of something: the first to be looked at, where markets have to be looked for. */
  readonly hints?: readonly Hint[]
}

export interface Polled {
  readonly observation: Observation
  readonly cursor: string
}
