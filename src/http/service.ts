import type { Decimal } from '@perf-agg/sdk'
import type { PublicSummary } from '../page/summary.ts'

/**
 * What the HTTP rooms ask of the daemon, and all they know of it. Every refusal is a `PerfAggError`; its code alone
 * decides the HTTP status (problem.ts), so that an implementation never thinks about HTTP. Anything else thrown is
 * answered as `INTERNAL` (500) and logged by its class only.
 *
 * What is returned has been checked, signed and sealed where it must be, and is durable: the HTTP room writes it out
 * (as canonical JSON) and adds nothing.
 */
export interface EnclaveService {
  /** Evidence for `nonce` (43 characters base64url, already checked), or for looking at when null. */
  quote(nonce: string | null): Promise<object>

  /** A sealed submission: the bytes of the box. @throws PerfAggError BOX_REFUSED for every box that does not open */
  submit(sealed: Uint8Array): Promise<Submission>

  /**
   * Simple registration: the body's own bytes (a JSON object in the form of the sealed plaintext, grammar and bounds
   * checked, no string of its credentials made). The bytes are wiped once this settles.
   */
  registerPlain(payload: Uint8Array): Promise<Submission>

  /** The owner's figures, beside an index where one is named. @throws PerfAggError SESSION_UNKNOWN: unknown, expired and foreign ids are one */
  metrics(sessionId: string, nonce: string | null, benchmark: string | null): Promise<object>

  /** What may be shown to others; `id` is a session id or a view id. @throws PerfAggError SESSION_UNKNOWN */
  summary(id: string, nonce: string | null, benchmark: string | null): Promise<object>

  /**
   * A page of the account's record, for its owner. Null: the first page; else `size` is that of the first page's
   * checkpoint. @throws PerfAggError SESSION_UNKNOWN
   */
  record(
    sessionId: string,
    place: { readonly afterSequence: number; readonly size: number } | null,
  ): Promise<object>

  /**
   * Shows the account's record to everybody from now on. @throws PerfAggError SESSION_UNKNOWN, SESSION_PENDING,
   * CHALLENGE_REQUIRED, CHALLENGE_REFUSED, EDITION_MISSING
   */
  publish(request: PublishRequest): Promise<object>

  /** Shows nothing more of it; what was shown stays. @throws PerfAggError as `publish`, NOT_PUBLISHED */
  unpublish(request: EndRequest): Promise<object>

  /** A page of a record that is shown to everybody. Null: unknown, or not shown, which are one. */
  publicRecord(
    account: string,
    place: { readonly afterSequence: number; readonly size: number } | null,
  ): Promise<object | null>

  /** What the badge and the picture of such a record say. */
  publicSummary(account: string): Promise<PublicSummary | null>

  /** A fresh challenge for a session's client key. @throws PerfAggError SESSION_UNKNOWN */
  challenge(sessionId: string): Promise<Challenge>

  /** Removes every session past its time; idempotent. */
  cleanup(): Promise<{ readonly removed: number }>

  /** Ends one session now. @throws PerfAggError SESSION_UNKNOWN, CHALLENGE_REQUIRED, CHALLENGE_REFUSED */
  end(request: EndRequest): Promise<{ readonly removed: number }>

  /** RFC 7517: statement keys, current and past, by `kid`. */
  jwks(): Promise<object>

  /** What is published of the log at a path without its `/log/`; null where nothing is. */
  published(path: string): Promise<PublishedResource | null>

  /** For a feed of trades: @throws PerfAggError SESSION_UNKNOWN, CHALLENGE_REQUIRED, CHALLENGE_REFUSED */
  open(auth: ChannelAuth): Promise<Channel>

  /** False only when nothing but a restart helps. */
  live(): boolean
  /** Whether sessions can be taken and hours stated now; the checks by name, `ok` or why not (a code). */
  ready(): {
    readonly ready: boolean
    readonly checks: Readonly<Record<string, string>>
    readonly capacity?: Readonly<Record<string, { readonly accounts: number; readonly limit: number | null }>>
  }
  /** For the operator: queues, sessions, gaps, parked deliveries. No id, no account. */
  status(): Promise<object>
  /** Prometheus text (0.0.4) of the daemon's own figures; the HTTP room appends its own, `perf_agg_http_*`. */
  prometheus(): string
}

export interface PublishRequest extends EndRequest {
  /** Statements as they are, not in percentages only. */
  readonly amounts: boolean
}

export interface PublishedResource {
  readonly body: Uint8Array
  readonly type: string
  /** It never changes. */
  readonly immutable: boolean
}

/** 201: the exchange was asked and the session is active. 202: pending, polled on. `body` may be sealed. */
export interface Submission {
  readonly status: 201 | 202
  readonly body: object
}

export interface Challenge {
  /** 43 characters base64url: 32 random bytes. Good once. */
  readonly challenge: string
  readonly expires_at: string
}

export interface EndRequest {
  readonly session_id: string
  readonly challenge?: string
  /** Base64 Ed25519 by the session's client key. */
  readonly client_signature?: string
}

/** The first message of a WebSocket; CHALLENGE_REQUIRED makes the server send a challenge and wait for another. */
export type ChannelAuth = EndRequest

/** One session's live feed. */
export interface Channel {
  /** Resolves once the trade is durable. @throws PerfAggError TRADES_NOT_TAKEN for an exchange that is polled */
  take(trade: PushedTrade): Promise<TradeAck>
  /** One listener; called in order, never after `close`. It does not throw and does not block. */
  subscribe(listener: (event: ChannelEvent) => void): void
  /** Idempotent. */
  close(): void
}

/** A trade the client itself tells, checked at the door. */
export interface PushedTrade {
  /** The client's own id, for de-duplication; null: every message is a trade of its own. */
  readonly id: string | null
  readonly symbol: string
  /** > 0 */
  readonly price: Decimal
  /** > 0 */
  readonly size: Decimal
  readonly side: 'buy' | 'sell'
  readonly atMs: number
  /** In quote currency; negative is a rebate. */
  readonly fee: Decimal
}

export interface TradeAck {
  /** The client's id, or the one it was given. */
  readonly id: string
  /** The start of the UTC hour it was counted in, as an instant. */
  readonly hour: string
  /** Known already: counted once. */
  readonly duplicate: boolean
}

export type ChannelEvent =
  /** An hour closed. `data` as it is in the statement. */
  | { readonly type: 'bucket'; readonly data: object }
  /** As GET /enclave/metrics answers, sealed where that is; only the newest matters. */
  | { readonly type: 'metrics'; readonly data: object }
  | { readonly type: 'error'; readonly code: string; readonly message: string }
  /** The session is over: the connection is closed after it. */
  | { readonly type: 'closed'; readonly code: string; readonly message: string }
