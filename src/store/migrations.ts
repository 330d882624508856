import type { CompiledQuery, CreateTableBuilder } from 'kysely'
import type { Dialect } from './dialect.ts'

/** One step of the schema; never changed once released, only followed by another. */
export type Migration = (dialect: Dialect) => readonly CompiledQuery[]

/** Step n brings the schema from version n to n + 1. The table `meta` itself is version 0. */
export const migrations: readonly Migration[] = [first, log, bindings, publications]

export function metaTable(dialect: Dialect): CompiledQuery {
  const table = dialect.builder.schema
    .createTable('meta')
    .ifNotExists()
    .addColumn('name', dialect.text, (column) => column.primaryKey().notNull())
    .addColumn('value', dialect.text, (column) => column.notNull())
  return (dialect.tableEnd === null ? table : table.modifyEnd(dialect.tableEnd)).compile()
}

type Kind = 'text' | 'integer' | 'bytes'
type Columns = { readonly [name: string]: Kind | `${Kind}?` }

/** `?` after a kind: may be null. */
function makeTable(dialect: Dialect, name: string, columns: Columns, key: readonly string[]): CompiledQuery {
  let building: CreateTableBuilder<string, string> = dialect.builder.schema.createTable(name)
  for (const [column, written] of Object.entries(columns)) {
    const optional = written.endsWith('?')
    const kind = (optional ? written.slice(0, -1) : written) as Kind
    building = building.addColumn(column, dialect[kind], (made) => (optional ? made : made.notNull()))
  }
  const keyed = building.addPrimaryKeyConstraint(`${name}_key`, [...key])
  return (dialect.tableEnd === null ? keyed : keyed.modifyEnd(dialect.tableEnd)).compile()
}

function index(dialect: Dialect, table: string, columns: readonly string[], unique = false): CompiledQuery {
  const name = `${table}_by_${columns.join('_')}`
  const building = dialect.builder.schema
    .createIndex(name)
    .on(table)
    .columns([...columns])
  return (unique ? building.unique() : building).compile()
}

function first(dialect: Dialect): readonly CompiledQuery[] {
  const make = (name: string, columns: Columns, key: readonly string[]) =>
    makeTable(dialect, name, columns, key)
  return [
    make(
      'sessions',
      {
        id_hash: 'text',
        view_id_hash: 'text',
        account: 'text?',
        client_id: 'text',
        label: 'text',
        exchange: 'text',
        environment: 'text',
        status: 'text',
        permissions: 'text',
        ownership: 'text',
        registration: 'text',
        box_digest: 'text',
        reply_key: 'bytes?',
        client_key: 'bytes?',
        settings: 'text',
        created_at_ms: 'integer',
        expires_at_ms: 'integer',
        ended_at_ms: 'integer?',
        end_reason: 'text?',
        credentials_sealed: 'bytes?',
      },
      ['id_hash'],
    ),
    index(dialect, 'sessions', ['view_id_hash'], true),
    index(dialect, 'sessions', ['account']),
    index(dialect, 'sessions', ['ended_at_ms', 'created_at_ms']),
    make(
      'accounts',
      {
        pseudonym: 'text',
        exchange: 'text',
        environment: 'text',
        client_key: 'bytes?',
        first_registered_at_ms: 'integer',
        first_observed_at_ms: 'integer?',
        scope: 'text',
        published: 'integer',
        head_sequence: 'integer',
        head_digest: 'text?',
      },
      ['pseudonym'],
    ),
    index(dialect, 'accounts', ['client_key']),
    make('progress', { account: 'text', state_sealed: 'bytes?', cursor_sealed: 'bytes?' }, ['account']),
    make('journal', { account: 'text', entry: 'integer', entry_sealed: 'bytes' }, ['account', 'entry']),
    make(
      'statements',
      {
        account: 'text',
        sequence: 'integer',
        digest: 'text',
        type: 'text',
        period_start_ms: 'integer',
        period_end_ms: 'integer',
        issued_at_ms: 'integer',
        body: 'bytes',
      },
      ['account', 'sequence'],
    ),
    index(dialect, 'statements', ['digest'], true),
    // the latest one is the time that no later statement may go behind
    index(dialect, 'statements', ['issued_at_ms']),
    make('hours', { account: 'text', start_ms: 'integer', sequence: 'integer' }, ['account', 'start_ms']),
    make(
      'outbox',
      {
        account: 'text',
        sequence: 'integer',
        state: 'text',
        attempts: 'integer',
        queued_at_ms: 'integer',
        first_attempt_at_ms: 'integer?',
        next_attempt_at_ms: 'integer',
        delivered_at_ms: 'integer?',
        last_code: 'text?',
      },
      ['account', 'sequence'],
    ),
    // the due ones first, and how many wait, without a look at what was delivered long ago
    index(dialect, 'outbox', ['state', 'next_attempt_at_ms']),
    make('nonces', { nonce: 'text', until_ms: 'integer' }, ['nonce']),
    index(dialect, 'nonces', ['until_ms']),
    make('statement_keys', { key_id: 'text', jwk: 'text', from_ms: 'integer', until_ms: 'integer?' }, [
      'key_id',
    ]),
    make('configs', { digest: 'text', config: 'text', first_seen_ms: 'integer' }, ['digest']),
  ]
}

/** The log came later: what was stated before it has no leaf until the daemon gives it one. */
function log(dialect: Dialect): readonly CompiledQuery[] {
  const add = (column: string, kind: 'integer' | 'bytes') =>
    dialect.builder.schema.alterTable('statements').addColumn(column, dialect[kind]).compile()
  return [
    add('leaf', 'integer'),
    add('salt', 'bytes'),
    makeTable(dialect, 'log_leaves', { position: 'integer', entry: 'bytes' }, ['position']),
    makeTable(dialect, 'log_nodes', { level: 'integer', position: 'integer', hash: 'bytes' }, [
      'level',
      'position',
    ]),
    makeTable(dialect, 'log_head', { name: 'text', size: 'integer', root: 'bytes' }, ['name']),
    makeTable(dialect, 'log_checkpoints', { size: 'integer', note: 'text', witnessed: 'integer' }, ['size']),
    makeTable(
      dialect,
      'log_evidence',
      { digest: 'text', position: 'integer', nonce_note: 'text', quote: 'bytes' },
      ['digest'],
    ),
  ]
}

/** Before, an account told only who binds it now. */
function bindings(dialect: Dialect): readonly CompiledQuery[] {
  const { builder } = dialect
  return [
    makeTable(dialect, 'bindings', { client_key: 'bytes', account: 'text' }, ['client_key', 'account']),
    builder
      .insertInto('bindings')
      .columns(['client_key', 'account'])
      .expression(
        builder
          .selectFrom('accounts')
          .select(['client_key', 'pseudonym'])
          .where('client_key', 'is not', null),
      )
      .compile(),
  ]
}

/** What may be shown to everybody: a second signature for each statement, and since when an account shows no more. */
function publications(dialect: Dialect): readonly CompiledQuery[] {
  const add = (table: string, column: string, kind: 'integer' | 'bytes') =>
    dialect.builder.schema.alterTable(table).addColumn(column, dialect[kind]).compile()
  return [
    add('statements', 'edition_signature', 'bytes'),
    add('accounts', 'withdrawn_at_ms', 'integer'),
    add('accounts', 'withdrawn_sequence', 'integer'),
  ]
}
