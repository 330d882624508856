import t from 'tap'
import { Accounts } from '../../src/store/accounts.ts'
import type { Connection } from '../../src/store/connection.ts'
import { postgresDialect } from '../../src/store/dialect.ts'
import { Journal } from '../../src/store/journal.ts'
import { Leaves } from '../../src/store/leaves.ts'
import { metaTable, migrations } from '../../src/store/migrations.ts'
import { Outbox } from '../../src/store/outbox.ts'
import { Registry } from '../../src/store/registry.ts'
import { Sessions } from '../../src/store/sessions.ts'
import { Statements } from '../../src/store/statements.ts'
import { account, session, statement, testVault } from './fixture.ts'

/** Stands where a connection to PostgreSQL would, and keeps what it is asked. */
class Listener {
  readonly heard: { readonly sql: string; readonly values: readonly unknown[] }[] = []
  #hear(query: { sql: string; bind(values: unknown): unknown[] }, values: unknown): void {
    this.heard.push({ sql: query.sql, values: query.bind(values) })
  }
  run(query: { sql: string; bind(values: unknown): unknown[] }, values: unknown): number {
    this.#hear(query, values)
    return 1
  }
  all(query: { sql: string; bind(values: unknown): unknown[] }, values: unknown): [] {
    this.#hear(query, values)
    return []
  }
  get(query: { sql: string; bind(values: unknown): unknown[] }, values: unknown): null {
    this.#hear(query, values)
    return null
  }
}

t.test('the schema and every query are written for PostgreSQL too', async (t) => {
  const steps = [metaTable(postgresDialect), ...migrations.flatMap((step) => step(postgresDialect))]
  for (const { sql } of steps) t.notMatch(sql, /\b(blob|strict|autoincrement|rowid)\b/i)
  t.match(steps.map((step) => step.sql).join('\n'), /"body" bytea not null/)

  const listener = new Listener()
  const connection = listener as unknown as Connection
  const { builder } = postgresDialect
  const sessions = new Sessions(connection, builder, testVault())
  sessions.insert(session())
  sessions.update('a', { expiresAtMs: 1 })
  sessions.end('a', { atMs: 1, reason: 'x' })
  sessions.byId('a')
  sessions.byViewId('a')
  sessions.live()
  sessions.ofAccount('a')
  sessions.credentials('a')
  const accounts = new Accounts(connection, builder)
  accounts.insert(account())
  accounts.update('a', {
    clientKey: null,
    expectedClientKey: null,
    published: { amounts: false, withdrawn: null },
  })
  accounts.update('a', { clientKey: null })
  accounts.advance('a', 1, null, 'd')
  accounts.byPseudonym('a')
  accounts.all()
  accounts.countOf(new Uint8Array(32), 'a')
  const journal = new Journal(connection, builder, testVault())
  journal.append('a', new Uint8Array())
  journal.save('a', { state: new Uint8Array(), cursor: new Uint8Array(), journalThrough: 1 })
  journal.read('a')
  const statements = new Statements(connection, builder)
  statements.insert(statement('a', 1), 0)
  statements.insert(statement('a', 2, { type: 'correction' }), 1)
  statements.unlogged(1)
  statements.giveLeaf('a', 1, 0, new Uint8Array())
  statements.byDigest('d')
  statements.at('a', 1)
  statements.page('a', {})
  statements.lastIssuedMs()
  statements.statedHours('a', 0, 1)
  const leaves = new Leaves(connection, builder)
  for (let index = 0; index < 256; index += 1) leaves.append(new Uint8Array([index]))
  leaves.seal()
  leaves.putCheckpoint({ size: 1, note: 'n', witnessed: true })
  leaves.lastCheckpoint()
  leaves.lastWitnessed()
  leaves.witnessedFrom(1)
  leaves.addEvidence({ digest: 'd', position: 0, nonceNote: '', quote: new Uint8Array() })
  leaves.evidence('d')
  leaves.entries(0, 1)
  leaves.nodes(1, 0, 1)
  const outbox = new Outbox(connection, builder)
  outbox.insert('a', 1, 1)
  outbox.delivered('a', 1, { atMs: 1, code: '200' })
  outbox.failed('a', 1, { atMs: 1, nextAttemptAtMs: 2, code: '500' })
  outbox.parked('a', 1, { atMs: 1, code: '400' })
  outbox.releaseParked(1)
  outbox.due(1, 1)
  outbox.last()
  outbox.nextMs()
  outbox.counts()
  outbox.parkedRows(1)
  outbox.at('a', 1)
  const registry = new Registry(connection, builder)
  registry.useNonce('n', 1)
  registry.forgetNonces(1)
  registry.addKey({ keyId: 'k', jwk: '{}', fromMs: 1, untilMs: null })
  registry.endKey('k', 1)
  registry.keys()
  registry.addConfig({ digest: 'd', config: '{}', firstSeenMs: 1 })
  registry.configs()
  registry.meta('m')
  registry.setMeta('m', 'v')

  t.ok(listener.heard.length > 40)
  for (const { sql, values } of listener.heard) {
    t.notMatch(
      sql,
      /\?|\b(ifnull|instr|strftime|glob|rowid|or ignore|or replace|datetime|json_|unixepoch)\b/i,
    )
    const places = new Set(sql.match(/\$\d+/g))
    t.equal(values.length, places.size, 'a value for every place')
    t.notOk(values.includes(undefined), sql)
  }
})
