import { sql, type Kysely } from 'kysely'
import type { Connection, RawRow } from './connection.ts'
import { query } from './query.ts'
import { bytesOrNull, integer, integerOrNull, text, textOrNull } from './row.ts'
import { StoreError } from './store-error.ts'
import type { AccountChange, AccountRow, NewAccount, Publication } from './store.ts'
import type { Tables } from './tables.ts'

/** One row an exchange account, for ever: who bound it, what is watched, and the head of its chain. */
export class Accounts {
  readonly #connection: Connection
  readonly #queries: ReturnType<typeof build>

  constructor(connection: Connection, builder: Kysely<Tables>) {
    this.#connection = connection
    this.#queries = build(builder)
  }

  insert(account: NewAccount): void {
    this.#connection.run(this.#queries.insert, {
      pseudonym: account.pseudonym,
      exchange: account.exchange,
      environment: account.environment,
      client_key: account.clientKey,
      first_registered_at_ms: account.firstRegisteredAtMs,
      first_observed_at_ms: account.firstObservedAtMs,
      scope: JSON.stringify(account.scope),
      ...readable(account.published),
    })
    this.#remember(account.pseudonym, account.clientKey)
  }

  update(pseudonym: string, change: AccountChange): void {
    if (change.clientKey !== undefined) this.#bind(pseudonym, change.clientKey, change.expectedClientKey)
    const changed = this.#connection.run(this.#queries.update, {
      pseudonym,
      first_observed_at_ms: change.firstObservedAtMs ?? null,
      scope: change.scope === undefined ? null : JSON.stringify(change.scope),
    })
    if (change.published !== undefined) {
      this.#connection.run(this.#queries.publish, { pseudonym, ...readable(change.published) })
    }
    if (changed !== 1) throw new StoreError('STATE_CONFLICT', 'the account is not there')
  }

  #bind(pseudonym: string, clientKey: Uint8Array | null, expected: Uint8Array | null | undefined): void {
    const changed =
      expected === undefined
        ? this.#connection.run(this.#queries.bind, { pseudonym, client_key: clientKey })
        : this.#connection.run(this.#queries.rebind, { pseudonym, client_key: clientKey, expected })
    if (changed !== 1) throw new StoreError('STATE_CONFLICT', 'the account is bound to another client key')
    this.#remember(pseudonym, clientKey)
  }

  #remember(account: string, clientKey: Uint8Array | null): void {
    if (clientKey !== null) this.#connection.run(this.#queries.remember, { client_key: clientKey, account })
  }

  /** The chain grows by one link. @throws {StoreError} CHAIN_FORK */
  advance(pseudonym: string, sequence: number, previous: string | null, digest: string): void {
    const values = { pseudonym, before: sequence - 1, previous, sequence, digest }
    if (this.#connection.run(this.#queries.advance, values) === 1) return
    throw new StoreError('CHAIN_FORK', 'the chain of this account does not end where the statement starts', {
      hint: 'read the head again: nothing was signed into the record',
    })
  }

  byPseudonym(pseudonym: string): AccountRow | null {
    const row = this.#connection.get(this.#queries.byPseudonym, { pseudonym })
    return row === null ? null : read(row)
  }

  boundTo(clientKey: Uint8Array): AccountRow[] {
    return this.#connection.all(this.#queries.boundTo, { client_key: clientKey }).map(read)
  }

  all(): AccountRow[] {
    return this.#connection.all(this.#queries.all, {}).map(read)
  }

  /** With this account, bound already or not. */
  countOf(clientKey: Uint8Array, account: string): number {
    const row = this.#connection.get(this.#queries.countOthers, { client_key: clientKey, account })
    return (row === null ? 0 : integer(row, 'count')) + 1
  }
}

function read(row: RawRow): AccountRow {
  return {
    pseudonym: text(row, 'pseudonym'),
    exchange: text(row, 'exchange'),
    environment: text(row, 'environment'),
    clientKey: bytesOrNull(row, 'client_key'),
    firstRegisteredAtMs: integer(row, 'first_registered_at_ms'),
    firstObservedAtMs: integerOrNull(row, 'first_observed_at_ms'),
    scope: readScope(text(row, 'scope')),
    published: readPublication(row),
    head: { sequence: integer(row, 'head_sequence'), digest: textOrNull(row, 'head_digest') },
  }
}

/** As columns. */
function readable(publication: Publication | null) {
  return {
    published: publication === null ? 0 : publication.amounts ? 2 : 1,
    withdrawn_at_ms: publication?.withdrawn?.atMs ?? null,
    withdrawn_sequence: publication?.withdrawn?.sequence ?? null,
  }
}

function readPublication(row: RawRow): Publication | null {
  const published = integer(row, 'published')
  if (published === 0) return null
  const atMs = integerOrNull(row, 'withdrawn_at_ms')
  const sequence = integerOrNull(row, 'withdrawn_sequence')
  return {
    amounts: published === 2,
    withdrawn: atMs === null || sequence === null ? null : { atMs, sequence },
  }
}

function readScope(written: string): string[] {
  const scope: unknown = JSON.parse(written)
  if (Array.isArray(scope) && scope.every((wallet) => typeof wallet === 'string')) return scope
  throw new StoreError('STATE_CORRUPT', 'a row of the state has no valid scope')
}

type Update = {
  pseudonym: string
  first_observed_at_ms: number | null
  scope: string | null
}
type Publish = Pick<Tables['accounts'], 'pseudonym' | 'published' | 'withdrawn_at_ms' | 'withdrawn_sequence'>
type Advance = {
  pseudonym: string
  before: number
  previous: string | null
  sequence: number
  digest: string
}

function build(builder: Kysely<Tables>) {
  const select = builder.selectFrom('accounts').selectAll()
  const bind = (slot: { pseudonym: string; client_key: Uint8Array | null }) =>
    builder
      .updateTable('accounts')
      .set({ client_key: slot.client_key })
      .where('pseudonym', '=', slot.pseudonym)
  return {
    insert: query((slot: Omit<Tables['accounts'], 'head_sequence' | 'head_digest'>) =>
      builder.insertInto('accounts').values({
        pseudonym: slot.pseudonym,
        exchange: slot.exchange,
        environment: slot.environment,
        client_key: slot.client_key,
        first_registered_at_ms: slot.first_registered_at_ms,
        first_observed_at_ms: slot.first_observed_at_ms,
        scope: slot.scope,
        published: slot.published,
        withdrawn_at_ms: slot.withdrawn_at_ms,
        withdrawn_sequence: slot.withdrawn_sequence,
        head_sequence: 0,
        head_digest: null,
      }),
    ),
    update: query((slot: Update) =>
      builder
        .updateTable('accounts')
        .set({
          first_observed_at_ms: sql`coalesce(${slot.first_observed_at_ms}, first_observed_at_ms)`,
          scope: sql`coalesce(${slot.scope}, scope)`,
        })
        .where('pseudonym', '=', slot.pseudonym),
    ),
    publish: query((slot: Publish) =>
      builder
        .updateTable('accounts')
        .set({
          published: slot.published,
          withdrawn_at_ms: slot.withdrawn_at_ms,
          withdrawn_sequence: slot.withdrawn_sequence,
        })
        .where('pseudonym', '=', slot.pseudonym),
    ),
    bind: query(bind),
    rebind: query((slot: { pseudonym: string; client_key: Uint8Array | null; expected: Uint8Array | null }) =>
      bind(slot).where('client_key', 'is not distinct from', slot.expected),
    ),
    advance: query((slot: Advance) =>
      builder
        .updateTable('accounts')
        .set({ head_sequence: slot.sequence, head_digest: slot.digest })
        .where('pseudonym', '=', slot.pseudonym)
        .where('head_sequence', '=', slot.before)
        .where('head_digest', 'is not distinct from', slot.previous),
    ),
    byPseudonym: query((slot: { pseudonym: string }) => select.where('pseudonym', '=', slot.pseudonym)),
    boundTo: query((slot: { client_key: Uint8Array }) =>
      select.where('client_key', '=', slot.client_key).orderBy('first_registered_at_ms').orderBy('pseudonym'),
    ),
    all: query(() => select.orderBy('first_registered_at_ms').orderBy('pseudonym')),
    remember: query((slot: Tables['bindings']) =>
      builder
        .insertInto('bindings')
        .values({ client_key: slot.client_key, account: slot.account })
        .onConflict((conflict) => conflict.columns(['client_key', 'account']).doNothing()),
    ),
    countOthers: query((slot: Tables['bindings']) =>
      builder
        .selectFrom('bindings')
        .select((count) => count.fn.countAll().as('count'))
        .where('client_key', '=', slot.client_key)
        .where('account', '<>', slot.account),
    ),
  }
}
