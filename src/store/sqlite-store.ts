import { Accounts } from './accounts.ts'
import type { Connection } from './connection.ts'
import { sqliteDialect } from './dialect.ts'
import { Group } from './group.ts'
import { Journal } from './journal.ts'
import { Outbox } from './outbox.ts'
import { pseudonymEpochOf, pseudonymOf } from './pseudonym.ts'
import { Leaves } from './leaves.ts'
import type { Registry } from './registry.ts'
import type { Reserve } from './reserve.ts'
import { Sessions } from './sessions.ts'
import { Statements } from './statements.ts'
import { StoreError } from './store-error.ts'
import type { AccountIdentity, Condition, Page, Store, StoreCounts, Tx } from './store.ts'
import type { Vault } from './vault.ts'

interface Parts {
  readonly connection: Connection
  readonly registry: Registry
  readonly reserve: Reserve
  readonly secret: Uint8Array
  readonly unlock: () => void
  readonly vault: Vault
}

/** The embedded store: every table's own file does the work, this one puts them under the promises of `Store`. */
export class SqliteStore implements Store {
  readonly pseudonymEpoch: string
  readonly #parts: Parts
  readonly #group: Group
  readonly #sessions: Sessions
  readonly #accounts: Accounts
  readonly #journal: Journal
  readonly #statements: Statements
  readonly #outbox: Outbox
  readonly #leaves: Leaves
  readonly #tx: Tx
  #wipe = false
  #closed = false

  constructor(parts: Parts) {
    const { connection, vault } = parts
    const builder = sqliteDialect.builder
    this.#parts = parts
    this.pseudonymEpoch = pseudonymEpochOf(parts.secret)
    this.#sessions = new Sessions(connection, builder, vault)
    this.#accounts = new Accounts(connection, builder)
    this.#journal = new Journal(connection, builder, vault)
    this.#statements = new Statements(connection, builder)
    this.#outbox = new Outbox(connection, builder)
    this.#leaves = new Leaves(connection, builder)
    this.#tx = this.#writes()
    this.#group = new Group(connection, {
      freeReserve: () => parts.reserve.free(),
      mark: () => {
        const mark = this.#leaves.mark()
        return () => this.#leaves.undo(mark)
      },
      seal: () => this.#leaves.seal(),
      committed: () => this.#committed(),
    })
  }

  get condition(): Condition {
    return this.#group.condition
  }

  get counts(): StoreCounts {
    return this.#group.counts
  }

  pseudonym(account: AccountIdentity): string {
    return pseudonymOf(this.#parts.secret, account)
  }

  commit<T>(work: (tx: Tx) => T, options: { readonly urgent?: boolean } = {}): Promise<T> {
    return this.#group.commit(() => work(this.#tx), options.urgent === true)
  }

  async probe(): Promise<Condition> {
    await this.commit((tx) => tx.setMeta('probe', String(this.#group.counts.transactions))).catch(() => {})
    return this.condition
  }

  async close(): Promise<void> {
    if (this.#closed) return
    await this.#group.close()
    this.#closed = true
    this.#parts.secret.fill(0)
    try {
      this.#parts.connection.close()
    } finally {
      this.#parts.unlock()
    }
  }

  sessionById = (idHash: string) => this.#read(() => this.#sessions.byId(idHash))
  sessionByViewId = (viewIdHash: string) => this.#read(() => this.#sessions.byViewId(viewIdHash))
  liveSessions = () => this.#read(() => this.#sessions.live())
  sessionsOfAccount = (account: string) => this.#read(() => this.#sessions.ofAccount(account))
  credentials = (idHash: string) => this.#read(() => this.#sessions.credentials(idHash))
  account = (pseudonym: string) => this.#read(() => this.#accounts.byPseudonym(pseudonym))
  accounts = () => this.#read(() => this.#accounts.all())
  accountsOf = (clientKey: Uint8Array) => this.#read(() => this.#accounts.boundTo(clientKey))
  clientAccounts = (clientKey: Uint8Array, account: string) =>
    this.#read(() => this.#accounts.countOf(clientKey, account))
  progress = (account: string) => this.#read(() => this.#journal.read(account))
  statementByDigest = (digest: string) => this.#read(() => this.#statements.byDigest(digest))
  statementAt = (account: string, sequence: number) =>
    this.#read(() => this.#statements.at(account, sequence))
  statements = (account: string, page: Page = {}) => this.#read(() => this.#statements.page(account, page))
  statedHours = (account: string, fromMs: number, toMs: number) =>
    this.#read(() => this.#statements.statedHours(account, fromMs, toMs))
  lastSignedMs = () => this.#read(() => this.#statements.lastIssuedMs())
  outboxDue = (nowMs: number, limit: number) => this.#read(() => this.#outbox.due(nowMs, limit))
  outboxLast = () => this.#read(() => this.#outbox.last())
  outboxNextMs = () => this.#read(() => this.#outbox.nextMs())
  outboxCounts = () => this.#read(() => this.#outbox.counts())
  outboxParked = (limit: number) => this.#read(() => this.#outbox.parkedRows(limit))
  outboxOf = (account: string, sequence: number) => this.#read(() => this.#outbox.at(account, sequence))
  statementKeys = () => this.#read(() => this.#parts.registry.keys())
  configs = () => this.#read(() => this.#parts.registry.configs())
  meta = (name: string) => this.#read(() => this.#parts.registry.meta(name))

  unlogged = (limit: number) => this.#read(() => this.#statements.unlogged(limit))
  logHead = () => this.#read(() => this.#leaves.head)
  logEntries = (from: number, to: number) => this.#read(() => this.#leaves.entries(from, to))
  logNodes = (level: number, from: number, to: number) =>
    this.#read(() => this.#leaves.nodes(level, from, to))
  lastCheckpoint = () => this.#read(() => this.#leaves.lastCheckpoint())
  lastWitnessed = () => this.#read(() => this.#leaves.lastWitnessed())
  witnessedFrom = (size: number) => this.#read(() => this.#leaves.witnessedFrom(size))
  evidence = (digest: string) => this.#read(() => this.#leaves.evidence(digest))

  async #read<T>(read: () => T): Promise<T> {
    if (this.#closed) throw new StoreError('STATE_CLOSED', 'the state is closed')
    return read()
  }

  #writes(): Tx {
    const registry = this.#parts.registry
    return {
      insertAccount: (account) => this.#accounts.insert(account),
      updateAccount: (pseudonym, change) => this.#accounts.update(pseudonym, change),
      insertSession: (session) => this.#sessions.insert(session),
      updateSession: (idHash, change) => this.#sessions.update(idHash, change),
      endSession: (idHash, end) => {
        if (this.#sessions.end(idHash, end)) this.#wipe = true
      },
      useNonce: (nonce, untilMs) => registry.useNonce(nonce, untilMs),
      forgetNonces: (beforeMs) => registry.forgetNonces(beforeMs),
      appendStatement: (statement) => {
        const { account, sequence } = statement
        this.#accounts.advance(account, sequence, statement.previous, statement.digest)
        this.#statements.insert(statement, this.#leaves.append(statement.leaf.entry))
        this.#outbox.insert(account, sequence, statement.issuedAtMs)
      },
      giveLeaf: (account, sequence, { entry, salt }) =>
        this.#statements.giveLeaf(account, sequence, this.#leaves.append(entry), salt),
      appendLeaf: (entry) => this.#leaves.append(entry),
      putCheckpoint: (checkpoint) => this.#leaves.putCheckpoint(checkpoint),
      addEvidence: (evidence) => this.#leaves.addEvidence(evidence),
      appendJournal: (account, entry) => this.#journal.append(account, entry),
      saveProgress: (account, progress) => this.#journal.save(account, progress),
      markDelivered: (account, sequence, delivery) => this.#outbox.delivered(account, sequence, delivery),
      markFailed: (account, sequence, failure) => this.#outbox.failed(account, sequence, failure),
      markParked: (account, sequence, failure) => this.#outbox.parked(account, sequence, failure),
      releaseParked: (atMs) => this.#outbox.releaseParked(atMs),
      addStatementKey: (key) => registry.addKey(key),
      endStatementKey: (keyId, untilMs) => registry.endKey(keyId, untilMs),
      addConfig: (config) => registry.addConfig(config),
      setMeta: (name, value) => registry.setMeta(name, value),
    }
  }

  #committed(): void {
    this.#leaves.committed()
    this.#parts.reserve.take()
    if (!this.#wipe) return
    // the log still holds pages as they were before the credentials were overwritten
    this.#wipe = !this.#parts.connection.tryTruncateLog()
  }
}
