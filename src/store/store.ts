import type {
  AccountChange,
  AccountIdentity,
  AccountRow,
  CheckpointRow,
  ConfigRow,
  EvidenceRow,
  Failure,
  LogHead,
  NewAccount,
  NewProgress,
  NewSession,
  NewStatement,
  OutboxCounts,
  OutboxItem,
  OutboxRow,
  Page,
  Progress,
  SessionChange,
  SessionRow,
  StatedHour,
  StatementKeyRow,
  StatementRow,
} from './record.ts'
import type { Vault } from './vault.ts'

export type * from './record.ts'

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
  /** Those that are bound to this client key now, the first registered first. */
  accountsOf(clientKey: Uint8Array): Promise<AccountRow[]>
  /** How many accounts this client key has ever bound, with this one, bound or about to be. */
  clientAccounts(clientKey: Uint8Array, account: string): Promise<number>
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
  /** Of those that were delivered the latest; null: none was. */
  outboxLast(): Promise<OutboxItem | null>
  /** When the next pending one is due; null: nothing pending. */
  outboxNextMs(): Promise<number | null>
  outboxCounts(): Promise<OutboxCounts>
  outboxParked(limit: number): Promise<OutboxRow[]>
  outboxOf(account: string, sequence: number): Promise<OutboxRow | null>

  /** Statements of before there was a log, as they were issued. */
  unlogged(limit: number): Promise<StatementRow[]>
  /** The tree over the log's leaves, as it is on disk. */
  logHead(): Promise<LogHead>
  /** Entries `[from, to)` of the log. */
  logEntries(from: number, to: number): Promise<Uint8Array[]>
  /** Roots `[from, to)` of full tiles, level 1 over 256 leaves each. */
  logNodes(level: number, from: number, to: number): Promise<Uint8Array[]>
  lastCheckpoint(): Promise<CheckpointRow | null>
  lastWitnessed(): Promise<CheckpointRow | null>
  /** The first witnessed checkpoint of at least that size. */
  witnessedFrom(size: number): Promise<CheckpointRow | null>
  evidence(digest: string): Promise<EvidenceRow | null>

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
   * Statement, leaf, the log's head, chain head, stated hours, outbox row and last signed time, all or none.
   * @throws {StoreError} CHAIN_FORK where the head is not (sequence - 1, previous); HOUR_TWICE where a `period`
   * names an hour that was stated already
   */
  appendStatement(statement: NewStatement): void

  /** Logs a statement that was made before there was a log. */
  giveLeaf(account: string, sequence: number, leaf: NewStatement['leaf']): void
  /** An entry of the log that is no statement's. Returns its index. */
  appendLeaf(entry: Uint8Array): number
  /** Replaces the one of its size; drops smaller ones that no witness signed. */
  putCheckpoint(checkpoint: CheckpointRow): void
  addEvidence(evidence: EvidenceRow): void

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
