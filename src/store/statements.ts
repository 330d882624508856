import type { Kysely } from 'kysely'
import type { Connection, RawRow } from './connection.ts'
import { query } from './query.ts'
import { bytes, bytesOrNull, integer, integerOrNull, oneOf, text } from './row.ts'
import { StoreError } from './store-error.ts'
import type { NewStatement, Page, StatedHour, StatementRow, StatementType } from './store.ts'
import type { Tables } from './tables.ts'

export const statementTypes: readonly StatementType[] = [
  'registered',
  'period',
  'scope',
  'gap',
  'correction',
  'closed',
  'key_start',
]

const pageRows = 100
const pageRowsMax = 1_000

/** The links of every chain, as posted, and which of them spoke last about each hour. */
export class Statements {
  readonly #connection: Connection
  readonly #queries: ReturnType<typeof build>

  constructor(connection: Connection, builder: Kysely<Tables>) {
    this.#connection = connection
    this.#queries = build(builder)
  }

  /** @throws {StoreError} HOUR_TWICE */
  insert(statement: NewStatement, leaf: number): void {
    const { account, sequence } = statement
    this.#connection.run(this.#queries.insert, {
      account,
      sequence,
      digest: statement.digest,
      type: statement.type,
      period_start_ms: statement.periodStartMs,
      period_end_ms: statement.periodEndMs,
      issued_at_ms: statement.issuedAtMs,
      body: statement.body,
      leaf,
      salt: statement.leaf.salt,
      edition_signature: statement.editionSignature ?? null,
    })
    for (const startMs of statement.hours)
      this.#state(statement.type, { account, start_ms: startMs, sequence })
  }

  /** A period states hours for the first time; a correction those that were. */
  #state(type: StatementType, hour: Tables['hours']): void {
    if (type === 'correction') {
      if (this.#connection.run(this.#queries.restateHour, hour) === 1) return
      throw new StoreError('STATE_CONFLICT', 'a correction names an hour that was never stated')
    }
    try {
      this.#connection.run(this.#queries.stateHour, hour)
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'STATE_CONFLICT') throw error
      throw new StoreError('HOUR_TWICE', 'an hour of this account was stated already', { cause: error })
    }
  }

  /** Of those without a leaf the oldest, as they were issued. */
  unlogged(limit: number): StatementRow[] {
    return this.#connection.all(this.#queries.unlogged, { limit }).map(readStatement)
  }

  giveLeaf(account: string, sequence: number, leaf: number, salt: Uint8Array): void {
    this.#connection.run(this.#queries.giveLeaf, { account, sequence, leaf, salt })
  }

  byDigest(digest: string): StatementRow | null {
    return readOrNull(this.#connection.get(this.#queries.byDigest, { digest }))
  }

  at(account: string, sequence: number): StatementRow | null {
    return readOrNull(this.#connection.get(this.#queries.at, { account, sequence }))
  }

  page(account: string, page: Page): StatementRow[] {
    const limit = Math.min(Math.max(page.limit ?? pageRows, 1), pageRowsMax)
    return this.#connection
      .all(this.#queries.page, { account, after: page.afterSequence ?? 0, limit })
      .map(readStatement)
  }

  lastIssuedMs(): number {
    const row = this.#connection.get(this.#queries.lastIssued, {})
    return row === null ? 0 : (integerOrNull(row, 'last_ms') ?? 0)
  }

  statedHours(account: string, fromMs: number, toMs: number): StatedHour[] {
    return this.#connection
      .all(this.#queries.hours, { account, from_ms: fromMs, to_ms: toMs })
      .map((row) => ({
        startMs: integer(row, 'start_ms'),
        sequence: integer(row, 'sequence'),
        digest: text(row, 'digest'),
      }))
  }
}

function readOrNull(row: RawRow | null): StatementRow | null {
  return row === null ? null : readStatement(row)
}

function readStatement(row: RawRow): StatementRow {
  return {
    account: text(row, 'account'),
    sequence: integer(row, 'sequence'),
    digest: text(row, 'digest'),
    type: oneOf(row, 'type', statementTypes),
    periodStartMs: integer(row, 'period_start_ms'),
    periodEndMs: integer(row, 'period_end_ms'),
    issuedAtMs: integer(row, 'issued_at_ms'),
    body: bytes(row, 'body'),
    leaf: readLeaf(row),
    editionSignature: bytesOrNull(row, 'edition_signature'),
  }
}

function readLeaf(row: RawRow): StatementRow['leaf'] {
  const position = integerOrNull(row, 'leaf')
  return position === null ? null : { position, salt: bytes(row, 'salt') }
}

function build(builder: Kysely<Tables>) {
  const select = builder.selectFrom('statements').selectAll()
  return {
    insert: query((slot: Tables['statements']) =>
      builder.insertInto('statements').values({
        account: slot.account,
        sequence: slot.sequence,
        digest: slot.digest,
        type: slot.type,
        period_start_ms: slot.period_start_ms,
        period_end_ms: slot.period_end_ms,
        issued_at_ms: slot.issued_at_ms,
        body: slot.body,
        leaf: slot.leaf,
        salt: slot.salt,
        edition_signature: slot.edition_signature,
      }),
    ),
    stateHour: query((slot: Tables['hours']) =>
      builder
        .insertInto('hours')
        .values({ account: slot.account, start_ms: slot.start_ms, sequence: slot.sequence }),
    ),
    restateHour: query((slot: Tables['hours']) =>
      builder
        .updateTable('hours')
        .set({ sequence: slot.sequence })
        .where('account', '=', slot.account)
        .where('start_ms', '=', slot.start_ms),
    ),
    byDigest: query((slot: { digest: string }) => select.where('digest', '=', slot.digest)),
    at: query((slot: { account: string; sequence: number }) =>
      select.where('account', '=', slot.account).where('sequence', '=', slot.sequence),
    ),
    page: query((slot: { account: string; after: number; limit: number }) =>
      select
        .where('account', '=', slot.account)
        .where('sequence', '>', slot.after)
        .orderBy('sequence')
        .limit(slot.limit),
    ),
    unlogged: query((slot: { limit: number }) =>
      select
        .where('leaf', 'is', null)
        .orderBy('issued_at_ms')
        .orderBy('account')
        .orderBy('sequence')
        .limit(slot.limit),
    ),
    giveLeaf: query((slot: { account: string; sequence: number; leaf: number; salt: Uint8Array }) =>
      builder
        .updateTable('statements')
        .set({ leaf: slot.leaf, salt: slot.salt })
        .where('account', '=', slot.account)
        .where('sequence', '=', slot.sequence),
    ),
    lastIssued: query(() =>
      builder.selectFrom('statements').select((row) => row.fn.max('issued_at_ms').as('last_ms')),
    ),
    hours: query((slot: { account: string; from_ms: number; to_ms: number }) =>
      builder
        .selectFrom('hours')
        .innerJoin('statements', (join) =>
          join
            .onRef('statements.account', '=', 'hours.account')
            .onRef('statements.sequence', '=', 'hours.sequence'),
        )
        .select(['hours.start_ms', 'hours.sequence', 'statements.digest'])
        .where('hours.account', '=', slot.account)
        .where('hours.start_ms', '>=', slot.from_ms)
        .where('hours.start_ms', '<', slot.to_ms)
        .orderBy('hours.start_ms'),
    ),
  }
}
