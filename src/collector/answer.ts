import type { Hint } from './hint.ts'
import type { PriceWant } from '../accounting/hour/hour.ts'
import type { Anchor, Candle, Market, Observation, Wallet } from '../accounting/observation.ts'

/**
 * What is asked of a collector and what it answers: the words that the daemon and the adapters share.
 * Pure types; nothing here touches a process.
 */

/** Which part of which exchange. Its hosts come from the measured configuration, never from here. */
export interface Source {
  /** An exchange of our list: `binance`. */
  readonly exchange: string
  readonly sandbox: boolean
  readonly marketTypes: readonly Wallet[]
  /** Which of our own addresses asks, by its place in the configuration; 0 where there is one. */
  readonly address?: number
}

/** Where an answer really came from, as egress (not ccxt) reports it. */
export interface Origin {
  readonly host: string
  readonly environment: 'live' | 'sandbox' | 'simulated'
  /** `sha256:` of the server's leaf certificate; null without TLS. */
  readonly certificate: string | null
  /** Our clock minus the exchange's. */
  readonly serverTimeSkewMs: number
  /** Name and release of what parsed it: `ccxt 4.5.84`. */
  readonly collector: string
}

/** What a job cost of the exchange's budget. */
export interface Weight {
  readonly requests: number
  /** By the exchange's own price list. */
  readonly spent: number
  /** Used of this minute by everybody behind our address, as the exchange counts; null when it did not say. */
  readonly usedOfMinute: number | null
  readonly limitOfMinute: number
  /** The same of each budget of the exchange that the job touched, by the adapter's name for it. */
  readonly budgets: Readonly<Record<string, BudgetWeight>>
}

export interface BudgetWeight {
  readonly spent: number
  readonly usedOfMinute: number
  readonly limitOfMinute: number
}

export type FailureCode =
  /** The exchange refused the API key, its secret, or this address for it. */
  | 'EXCHANGE_KEY_REFUSED'
  /** The account itself is locked or not of a kind that is supported. */
  | 'EXCHANGE_ACCOUNT_REFUSED'
  /** No connection, no answer in time, or the exchange says it is down. */
  | 'EXCHANGE_UNREACHABLE'
  /** 429, or our own budget is spent. */
  | 'EXCHANGE_RATE_LIMITED'
  /** 418: our address is banned for a while. */
  | 'EXCHANGE_BANNED'
  /** An answer with a part that cannot be true: nothing of it is used. */
  | 'EXCHANGE_ANSWER_INVALID'
  /** The exchange refused a request of ours. */
  | 'EXCHANGE_REQUEST_REFUSED'
  /** The host is not on the list, or what it resolves to is not allowed. */
  | 'EXCHANGE_HOST_REFUSED'
  /** No adapter for this exchange or market type. */
  | 'EXCHANGE_NOT_SUPPORTED'
  /** The collector or egress process ended, or did not answer in time. */
  | 'COLLECTOR_DIED'
  /** The collector answered something that is no answer. */
  | 'COLLECTOR_ANSWER_INVALID'
  /** `close` was called. */
  | 'COLLECTOR_CLOSED'

/** Nothing was learned. Asking again later is right for all but a refused key. */
export interface Failure {
  readonly kind: 'failed'
  readonly code: FailureCode
  /** The exchange's own code where it gave one (`-2015`), else an HTTP status; for the log, never a message. */
  readonly exchangeCode: string | null
  readonly retryAfterMs: number | null
  /** Whom it concerns: this account, everybody at this exchange, or our own machinery. */
  readonly scope: 'session' | 'exchange' | 'collector'
}

/** `credentials` are the bytes of `{"api_key":…,"secret":…}`: read while the call runs, never kept; the caller wipes them. */
export interface CheckRequest {
  readonly source: Source
  readonly credentials: Uint8Array
}

/** What an API key may do, judged in the daemon from the exchange's own bytes. */
export type Permissions = 'read-only' | 'trade' | 'withdraw' | 'unverified'

export interface CheckResult {
  readonly kind: 'checked'
  readonly permissions: Permissions
  /** Flags of the exchange that go beyond reading, as it names them; a missing one is `<name>?`. */
  readonly excess: readonly string[]
  /** The exchange's own id of the account (binance `uid`). */
  readonly accountId: string
  readonly origin: Origin
  readonly weight: Weight
}

export type CheckAnswer = CheckResult | Failure

export interface PollRequest {
  readonly source: Source
  readonly credentials: Uint8Array
  /** History wanted from here on. */
  readonly sinceMs: number
  /** Text of the adapter's own, from the last answer that was stored; null at first. */
  readonly cursor: string | null
  readonly previousAnchor: Anchor | null
  /** `apiInterval`: the pause aimed at between two polls. */
  readonly apiIntervalMs: number
  readonly maxRetries: number
  /** Try every listed symbol (slowly, over several polls), not only those that the balances point to. */
  readonly sweep: boolean
  /** Where to look first, in no order: a stream told of something there. Nothing of it is believed. */
  readonly hints?: readonly Hint[]
  /** It can wait: most of a minute's budget is for others. */
  readonly background?: boolean
}

export interface PollResult {
  readonly kind: 'observed'
  readonly observation: Observation
  /** To be stored together with the observation, or not at all. */
  readonly cursor: string
  readonly origin: Origin
  readonly weight: Weight
}

export type PollAnswer = PollResult | Failure

export interface CandlesRequest {
  readonly source: Source
  readonly wants: readonly PriceWant[]
  /** It can wait. */
  readonly background?: boolean
}

export interface MarketsRequest {
  readonly source: Source
}

/**
 * In the order of the wants; null where the exchange does not know the symbol. Only minutes that are over. Fewer than the
 * wants where the budget ended: the others are to be asked for again.
 */
export type CandlesAnswer = readonly (readonly Candle[] | null)[]

export type MarketsAnswer = readonly Market[]
