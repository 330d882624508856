import { sql, type Kysely } from 'kysely'
import type { Connection, RawRow } from './connection.ts'
import { query } from './query.ts'
import { bytes, integer, integerOrNull, oneOf, text, textOrNull } from './row.ts'
import { statementTypes } from './statements.ts'
import { StoreError } from './store-error.ts'
import type { Failure, OutboxCounts, OutboxItem, OutboxRow, OutboxState } from './store.ts'
import type { Tables } from './tables.ts'

const states: readonly OutboxState[] = ['waiting', 'pending', 'parked', 'delivered']

/**
 * One row a statement. At most one of an account is `pending` or `parked`: its oldest undelivered; the later ones are
 * `waiting` behind it, so that what is due is found without a look at what waits.
 */
export class Outbox {
  readonly #connection: Connection
  readonly #queries: ReturnType<typeof build>

  constructor(connection: Connection, builder: Kysely<Tables>) {
    this.#connection = connection
    this.#queries = build(builder)
  }

  insert(account: string, sequence: number, atMs: number): void {
    this.#connection.run(this.#queries.insert, { account, sequence, at_ms: atMs })
  }

  delivered(
    account: string,
    sequence: number,
    delivery: { readonly atMs: number; readonly code: string },
  ): void {
    const values = { account, sequence, at_ms: delivery.atMs, code: delivery.code }
    this.#moved(this.#connection.run(this.#queries.delivered, values))
    this.#connection.run(this.#queries.promote, { account, sequence, at_ms: delivery.atMs })
  }

  failed(account: string, sequence: number, failure: Failure): void {
    const { atMs, nextAttemptAtMs, code } = failure
    const values = { account, sequence, at_ms: atMs, next_ms: nextAttemptAtMs, code, state: 'pending' }
    this.#moved(this.#connection.run(this.#queries.tried, values))
  }

  parked(account: string, sequence: number, failure: { readonly atMs: number; readonly code: string }): void {
    const { atMs, code } = failure
    const values = { account, sequence, at_ms: atMs, next_ms: atMs, code, state: 'parked' }
    this.#moved(this.#connection.run(this.#queries.tried, values))
  }

  releaseParked(atMs: number): void {
    this.#connection.run(this.#queries.release, { at_ms: atMs })
  }

  due(nowMs: number, limit: number): OutboxItem[] {
    return this.#connection.all(this.#queries.due, { now_ms: nowMs, limit }).map(readItem)
  }

  last(): OutboxItem | null {
    const row = this.#connection.get(this.#queries.last, {})
    return row === null ? null : readItem(row)
  }

  nextMs(): number | null {
    const row = this.#connection.get(this.#queries.next, {})
    return row === null ? null : integerOrNull(row, 'next_ms')
  }

  counts(): OutboxCounts {
    const counts = { waiting: 0, pending: 0, parked: 0, delivered: 0 }
    let oldestQueuedAtMs: number | null = null
    for (const row of this.#connection.all(this.#queries.counts, {})) {
      counts[oneOf(row, 'state', states)] = integer(row, 'count')
      const oldest = integer(row, 'oldest_ms')
      oldestQueuedAtMs = oldestQueuedAtMs === null ? oldest : Math.min(oldestQueuedAtMs, oldest)
    }
    return { pending: counts.pending + counts.waiting, parked: counts.parked, oldestQueuedAtMs }
  }

  parkedRows(limit: number): OutboxRow[] {
    return this.#connection.all(this.#queries.parked, { limit }).map(read)
  }

  at(account: string, sequence: number): OutboxRow | null {
    const row = this.#connection.get(this.#queries.at, { account, sequence })
    return row === null ? null : read(row)
  }

  #moved(changed: number): void {
    if (changed !== 1) throw new StoreError('STATE_CONFLICT', 'the statement is not the one to deliver next')
  }
}

function readItem(row: RawRow): OutboxItem {
  return {
    ...read(row),
    digest: text(row, 'digest'),
    type: oneOf(row, 'type', statementTypes),
    body: bytes(row, 'body'),
  }
}

function read(row: RawRow): OutboxRow {
  return {
    account: text(row, 'account'),
    sequence: integer(row, 'sequence'),
    state: oneOf(row, 'state', states),
    attempts: integer(row, 'attempts'),
    queuedAtMs: integer(row, 'queued_at_ms'),
    firstAttemptAtMs: integerOrNull(row, 'first_attempt_at_ms'),
    nextAttemptAtMs: integer(row, 'next_attempt_at_ms'),
    deliveredAtMs: integerOrNull(row, 'delivered_at_ms'),
    lastCode: textOrNull(row, 'last_code'),
  }
}

type At = { account: string; sequence: number; at_ms: number }

function build(builder: Kysely<Tables>) {
  const held = ['pending', 'parked'] as const
  const columns = [
    'outbox.account',
    'outbox.sequence',
    'outbox.state',
    'outbox.attempts',
    'outbox.queued_at_ms',
    'outbox.first_attempt_at_ms',
    'outbox.next_attempt_at_ms',
    'outbox.delivered_at_ms',
    'outbox.last_code',
  ] as const
  const items = builder
    .selectFrom('outbox')
    .innerJoin('statements', (join) =>
      join
        .onRef('statements.account', '=', 'outbox.account')
        .onRef('statements.sequence', '=', 'outbox.sequence'),
    )
    .select([...columns, 'statements.digest', 'statements.type', 'statements.body'])
  const change = (slot: { account: string; sequence: number }) =>
    builder.updateTable('outbox').where('account', '=', slot.account).where('sequence', '=', slot.sequence)
  return {
    // its predecessor tells: a chain has no holes, and only a delivered one lets the next go
    insert: query((slot: At) =>
      builder.insertInto('outbox').values({
        account: slot.account,
        sequence: slot.sequence,
        state: sql`case when exists (select 1 from outbox as before where before.account = ${slot.account}
          and before.sequence = ${slot.sequence} - 1 and before.state <> 'delivered') then 'waiting' else 'pending' end`,
        attempts: 0,
        queued_at_ms: slot.at_ms,
        first_attempt_at_ms: null,
        next_attempt_at_ms: slot.at_ms,
        delivered_at_ms: null,
        last_code: null,
      }),
    ),
    delivered: query((slot: At & { code: string }) =>
      change(slot)
        .set({
          state: 'delivered',
          attempts: sql`attempts + 1`,
          first_attempt_at_ms: sql`coalesce(first_attempt_at_ms, ${slot.at_ms})`,
          delivered_at_ms: slot.at_ms,
          last_code: slot.code,
        })
        .where('state', 'in', held),
    ),
    promote: query((slot: At) =>
      builder
        .updateTable('outbox')
        .set({ state: 'pending', next_attempt_at_ms: slot.at_ms })
        .where('account', '=', slot.account)
        .where('sequence', '=', sql<number>`${slot.sequence} + 1`)
        .where('state', '=', 'waiting'),
    ),
    tried: query((slot: At & { next_ms: number; code: string; state: string }) =>
      change(slot)
        .set({
          state: slot.state,
          attempts: sql`attempts + 1`,
          first_attempt_at_ms: sql`coalesce(first_attempt_at_ms, ${slot.at_ms})`,
          next_attempt_at_ms: slot.next_ms,
          last_code: slot.code,
        })
        .where('state', 'in', held),
    ),
    release: query((slot: { at_ms: number }) =>
      builder
        .updateTable('outbox')
        .set({ state: 'pending', attempts: 0, first_attempt_at_ms: null, next_attempt_at_ms: slot.at_ms })
        .where('state', '=', 'parked'),
    ),
    due: query((slot: { now_ms: number; limit: number }) =>
      items
        .where('outbox.state', '=', 'pending')
        .where('outbox.next_attempt_at_ms', '<=', slot.now_ms)
        .orderBy('outbox.next_attempt_at_ms')
        .limit(slot.limit),
    ),
    // its due time is in the index, its delivery is not: either tells it well enough
    last: query(() =>
      items.where('outbox.state', '=', 'delivered').orderBy('outbox.next_attempt_at_ms', 'desc').limit(1),
    ),
    next: query(() =>
      builder
        .selectFrom('outbox')
        .select((row) => row.fn.min('next_attempt_at_ms').as('next_ms'))
        .where('state', '=', 'pending'),
    ),
    counts: query(() =>
      builder
        .selectFrom('outbox')
        .select((row) => ['state', row.fn.countAll().as('count'), row.fn.min('queued_at_ms').as('oldest_ms')])
        .where('state', 'in', ['waiting', 'pending', 'parked'])
        .groupBy('state'),
    ),
    parked: query((slot: { limit: number }) =>
      builder
        .selectFrom('outbox')
        .select(columns)
        .where('state', '=', 'parked')
        .orderBy('next_attempt_at_ms')
        .limit(slot.limit),
    ),
    at: query((slot: { account: string; sequence: number }) =>
      builder
        .selectFrom('outbox')
        .select(columns)
        .where('account', '=', slot.account)
        .where('sequence', '=', slot.sequence),
    ),
  }
}
