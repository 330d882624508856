import type { Vault } from './vault.ts'

/**
 * What the daemon must not forget, and the one door to it. The promise: `commit` resolves only after the data is on
 * disk (fsynced); before that nothing is acknowledged, served or posted. A transaction only writes, so that a store
 * over a network can send it as one batch: read first, then commit, and expect `STATE_CONFLICT` where somebody was
 * faster. Open one with `openStore` of ./open.ts.
 */
export interface Store {
  /** `ok`; `full`: the disk is full, commits are refused and tried again now and then; `broken`: until a restart. */
  readonly condition: Condition
  readonly counts: StoreCounts
  /** Names the life of the pseudonym secret: a fingerprint of it. */
  readonly pseudonymEpoch: string

  /** The public pseudonym of an exchange account; the account id itself is never stored. */
  pseudonym(account: AccountIdentity): string

  /**
   * Runs `work` in a transaction and resolves with its result once that is durable. Works handed in during one turn
   * of the event loop share one transaction and one fsync; a work that throws is undone alone and rejects with what
   * it threw. `work` is synchronous and free of other effects.
   * @param options.urgent may use the space kept in reserve for a last word (`gap`, `closed`) on a full disk
   * @throws {StoreError} STATE_FULL, STATE_IO: nothing of it was acknowledged; memory must be taken back too
   */
  commit<T>(work: (tx: Tx) => T, options?: { readonly urgent?: boolean }): Promise<T>
  /** Tries to write a little: a store that was `full` is `ok` again once there is room. Never rejects. */
  probe(): Promise<Condition>
  /** Waits for what is queued, then closes; later calls reject with STATE_CLOSED. */
  close(): Promise<void>

  sessionById(idHash: string): Promise<SessionRow | null>
  sessionByViewId(viewIdHash: string): Promise<SessionRow | null>
  /** Sessions that hold credentials and are not ended (expired ones included), oldest first. */
  liveSessions(): Promise<SessionRow[]>
  /** Every session of an account, ended ones too, newest first. */
  sessionsOfAccount(account: string): Promise<SessionRow[]>
  /** The credentials of one session, opened for a poll; the caller wipes them. Null once ended. */
  credentials(idHash: string): Promise<Uint8Array | null>

  account(pseudonym: string): Promise<AccountRow | null>
  accounts(): Promise<AccountRow[]>
  /** How many accounts this client key has bound. */
  clientAccounts(clientKey: Uint8Array): Promise<number>
  /** Accounting snapshot and cursor with the journal entries that came after it, oldest first. */
  progress(account: string): Promise<Progress>

  statementByDigest(digest: string): Promise<StatementRow | null>
  statementAt(account: string, sequence: number): Promise<StatementRow | null>
  /** In order of sequence; page on with the last one's sequence. */
  statements(account: string, page?: Page): Promise<StatementRow[]>
  /** Which statement spoke last about each stated hour in `[fromMs, toMs)`. */
  statedHours(account: string, fromMs: number, toMs: number): Promise<StatedHour[]>
  /** `issuedAtMs` of the latest statement. No statement may be issued before this instant (0: none yet). */
  lastSignedMs(): Promise<number>

  /** At most one statement an account: its oldest undelivered one, due at `nowMs`, the longest due first. */
  outboxDue(nowMs: number, limit: number): Promise<OutboxItem[]>
  /** When the next pending one is due; null: nothing pending. */
  outboxNextMs(): Promise<number | null>
  outboxCounts(): Promise<OutboxCounts>
  outboxParked(limit: number): Promise<OutboxRow[]>
  outboxOf(account: string, sequence: number): Promise<OutboxRow | null>

  statementKeys(): Promise<StatementKeyRow[]>
  configs(): Promise<ConfigRow[]>
  meta(name: string): Promise<string | null>
}

/** The writes of one work. Each throws `StoreError` STATE_CONFLICT where a row it relies on is not as expected. */
export interface Tx {
  /** Binds nothing; the head starts at sequence 0 (none). @throws STATE_CONFLICT where the account exists */
  insertAccount(account: NewAccount): void
  updateAccount(pseudonym: string, change: AccountChange): void

  insertSession(session: NewSession): void
  updateSession(idHash: string, change: SessionChange): void
  /** Wipes the credentials (and soon the disk pages that held them). Idempotent. */
  endSession(idHash: string, end: { readonly atMs: number; readonly reason: string }): void

  /** @throws {StoreError} NONCE_SEEN */
  useNonce(nonce: string, untilMs: number): void
  forgetNonces(beforeMs: number): void

  /**
   * Statement, chain head, stated hours, outbox row and last signed time, all or none.
   * @throws {StoreError} CHAIN_FORK where the head is not (sequence - 1, previous); HOUR_TWICE where a `period`
   * names an hour that was stated already
   */
  appendStatement(statement: NewStatement): void

  /** Something taken from outside that the snapshot does not hold yet; sealed. Returns its entry number. */
  appendJournal(account: string, entry: Uint8Array): number
  /** Replaces snapshot and cursor (sealed) and drops the journal up to and including `journalThrough`. */
  saveProgress(account: string, progress: NewProgress): void

  /** Posted and taken: the account's next statement becomes due at `atMs`. */
  markDelivered(
    account: string,
    sequence: number,
    delivery: { readonly atMs: number; readonly code: string },
  ): void
  markFailed(account: string, sequence: number, failure: Failure): void
  /** Held back with an alarm; the account's later statements wait behind it. */
  markParked(
    account: string,
    sequence: number,
    failure: { readonly atMs: number; readonly code: string },
  ): void
  /** Every parked statement is due again at `atMs`, its attempts counted anew. */
  releaseParked(atMs: number): void

  addStatementKey(key: StatementKeyRow): void
  endStatementKey(keyId: string, untilMs: number): void
  /** Idempotent by digest. */
  addConfig(config: ConfigRow): void
  setMeta(name: string, value: string): void
}

export interface Clock {
  nowMs(): number
}

export interface StoreOptions {
  readonly vault: Vault
  readonly clock: Clock
}

export type Condition = 'ok' | 'full' | 'broken'

export interface StoreCounts {
  /** Transactions that reached the disk: one fsync each. */
  readonly transactions: number
  /** Works that they carried. */
  readonly works: number
  /** Works undone because of what they threw. */
  readonly undone: number
}

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
  readonly published: boolean
  /** Sequence 0 and previous null: no statement yet; the first one has sequence 1. */
  readonly head: ChainHead
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
  readonly published?: boolean
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
}

export interface StatementRow extends Omit<NewStatement, 'hours' | 'previous'> {}

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
