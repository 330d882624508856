/** What the store keeps, a record a row. Instants are milliseconds since 1970. */

export interface AccountIdentity {
  readonly exchange: string
  readonly environment: string
  readonly accountId: string
}

export type SessionStatus = 'pending' | 'active' | 'degraded' | 'expired' | 'ended'

export interface SessionRow {
  /** Lower-case hex SHA-256 of the session id. */
  readonly idHash: string
  readonly viewIdHash: string
  /** Pseudonym; null while the exchange has not said yet whose credentials these are. */
  readonly account: string | null
  readonly clientId: string
  readonly label: string
  readonly exchange: string
  readonly environment: string
  readonly status: SessionStatus
  readonly permissions: string
  readonly ownership: string
  readonly registration: 'sealed' | 'plain'
  readonly boxDigest: string
  /** X25519; answers are sealed to it. */
  readonly replyKey: Uint8Array | null
  /** Ed25519; ending and publishing are signed by it. */
  readonly clientKey: Uint8Array | null
  /** JSON of the daemon's own making: account type, intervals. No secret. */
  readonly settings: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly endedAtMs: number | null
  readonly endReason: string | null
}

export interface NewSession extends Omit<SessionRow, 'endedAtMs' | 'endReason'> {
  /** Sealed before they are written; the caller wipes its copy. */
  readonly credentials: Uint8Array
}

/** What is absent stays. Renewing is `expiresAtMs`, with `credentials` where they changed. */
export interface SessionChange {
  readonly account?: string
  readonly status?: SessionStatus
  readonly permissions?: string
  readonly ownership?: string
  readonly settings?: string
  readonly expiresAtMs?: number
  readonly credentials?: Uint8Array
}

/** An exchange account is a chain: one row for ever, whatever session watches it. */
export interface AccountRow {
  readonly pseudonym: string
  readonly exchange: string
  readonly environment: string
  readonly clientKey: Uint8Array | null
  readonly firstRegisteredAtMs: number
  readonly firstObservedAtMs: number | null
  /** Wallets watched; may only grow. */
  readonly scope: readonly string[]
  /** Null: shown to nobody. */
  readonly published: Publication | null
  /** Sequence 0 and previous null: no statement yet; the first one has sequence 1. */
  readonly head: ChainHead
}

/** An account's record is shown to everybody, by its owner's consent. */
export interface Publication {
  /** Statements as they are, not in percentages only. */
  readonly amounts: boolean
  /** Nothing after this statement is shown; what was shown before it stays. */
  readonly withdrawn: { readonly atMs: number; readonly sequence: number } | null
}

export interface ChainHead {
  readonly sequence: number
  /** Digest of the statement at `sequence`. */
  readonly digest: string | null
}

export type NewAccount = Omit<AccountRow, 'head'>

export interface AccountChange {
  readonly clientKey?: Uint8Array | null
  /** Only taken while the bound key is still this one: a takeover that raced another is a conflict. */
  readonly expectedClientKey?: Uint8Array | null
  readonly firstObservedAtMs?: number
  readonly scope?: readonly string[]
  /** Once shown, never again as if it had not been. */
  readonly published?: Publication
}

export interface Progress {
  readonly state: Uint8Array | null
  readonly cursor: Uint8Array | null
  readonly journal: readonly { readonly entry: number; readonly bytes: Uint8Array }[]
}

/** Absent stays as it is. */
export interface NewProgress {
  readonly state?: Uint8Array
  readonly cursor?: Uint8Array
  readonly journalThrough?: number
}

export type StatementType = 'registered' | 'period' | 'scope' | 'gap' | 'correction' | 'closed' | 'key_start'

export interface NewStatement {
  readonly account: string
  readonly sequence: number
  readonly previous: string | null
  /** `sha256:<hex>` of what was signed. */
  readonly digest: string
  readonly type: StatementType
  readonly periodStartMs: number
  readonly periodEndMs: number
  /** Starts of the hours it states (`period`) or states anew (`correction`); empty for the others. */
  readonly hours: readonly number[]
  readonly issuedAtMs: number
  /** The exact bytes that are posted and served. */
  readonly body: Uint8Array
  /** What the log says of it, and the salt that hides it there. */
  readonly leaf: { readonly entry: Uint8Array; readonly salt: Uint8Array }
  /** Of its public edition; absent where it has none. */
  readonly editionSignature?: Uint8Array
}

export interface StatementRow extends Omit<NewStatement, 'hours' | 'previous' | 'leaf' | 'editionSignature'> {
  readonly editionSignature: Uint8Array | null
  /** Null of one that was stated before there was a log. */
  readonly leaf: { readonly position: number; readonly salt: Uint8Array } | null
}

/** The tree over the log's leaves. */
export interface LogHead {
  readonly size: number
  readonly root: Uint8Array
}

export interface CheckpointRow {
  readonly size: number
  /** A signed note. */
  readonly note: string
  /** At least one witness signed it. */
  readonly witnessed: boolean
}

export interface EvidenceRow {
  readonly digest: string
  /** Of its leaf. */
  readonly position: number
  /** The checkpoint whose SHA-256 is the quote's nonce; empty: there was none. */
  readonly nonceNote: string
  /** Canonical JSON of the quote. */
  readonly quote: Uint8Array
}

export interface StatedHour {
  readonly startMs: number
  readonly sequence: number
  readonly digest: string
}

export interface Page {
  readonly afterSequence?: number
  /** 1 to 1000; 100 unless told. */
  readonly limit?: number
}

/** `waiting`: behind an earlier one of its account. */
export type OutboxState = 'waiting' | 'pending' | 'parked' | 'delivered'

export interface OutboxRow {
  readonly account: string
  readonly sequence: number
  readonly state: OutboxState
  readonly attempts: number
  readonly queuedAtMs: number
  readonly firstAttemptAtMs: number | null
  readonly nextAttemptAtMs: number
  readonly deliveredAtMs: number | null
  /** HTTP status or error code of the last attempt. */
  readonly lastCode: string | null
}

export interface OutboxItem extends OutboxRow {
  readonly digest: string
  readonly type: StatementType
  readonly body: Uint8Array
}

export interface Failure {
  readonly atMs: number
  readonly nextAttemptAtMs: number
  readonly code: string
}

export interface OutboxCounts {
  readonly pending: number
  readonly parked: number
  /** When the oldest undelivered statement was queued; null: none. */
  readonly oldestQueuedAtMs: number | null
}

export interface StatementKeyRow {
  readonly keyId: string
  /** The public JWK as JSON. */
  readonly jwk: string
  readonly fromMs: number
  readonly untilMs: number | null
}

export interface ConfigRow {
  readonly digest: string
  /** Canonical JSON of the effective configuration. */
  readonly config: string
  readonly firstSeenMs: number
}
