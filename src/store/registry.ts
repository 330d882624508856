import { sql, type Kysely } from 'kysely'
import type { Connection } from './connection.ts'
import { query } from './query.ts'
import { integer, integerOrNull, text } from './row.ts'
import { StoreError } from './store-error.ts'
import type { ConfigRow, StatementKeyRow } from './store.ts'
import type { Tables } from './tables.ts'

/** The small tables: used nonces, keys and configurations of every start, and single values by name. */
export class Registry {
  readonly #connection: Connection
  readonly #queries: ReturnType<typeof build>

  constructor(connection: Connection, builder: Kysely<Tables>) {
    this.#connection = connection
    this.#queries = build(builder)
  }

  /** @throws {StoreError} NONCE_SEEN */
  useNonce(nonce: string, untilMs: number): void {
    if (this.#connection.run(this.#queries.useNonce, { nonce, until_ms: untilMs }) === 1) return
    throw new StoreError('NONCE_SEEN', 'this nonce was used before', {
      hint: 'ask for a quote with a new one',
    })
  }

  forgetNonces(beforeMs: number): void {
    this.#connection.run(this.#queries.forgetNonces, { before_ms: beforeMs })
  }

  addKey(key: StatementKeyRow): void {
    const { keyId, jwk, fromMs, untilMs } = key
    this.#connection.run(this.#queries.addKey, { key_id: keyId, jwk, from_ms: fromMs, until_ms: untilMs })
  }

  endKey(keyId: string, untilMs: number): void {
    this.#connection.run(this.#queries.endKey, { key_id: keyId, until_ms: untilMs })
  }

  keys(): StatementKeyRow[] {
    return this.#connection.all(this.#queries.keys, {}).map((row) => ({
      keyId: text(row, 'key_id'),
      jwk: text(row, 'jwk'),
      fromMs: integer(row, 'from_ms'),
      untilMs: integerOrNull(row, 'until_ms'),
    }))
  }

  addConfig(config: ConfigRow): void {
    const { digest, firstSeenMs } = config
    this.#connection.run(this.#queries.addConfig, {
      digest,
      config: config.config,
      first_seen_ms: firstSeenMs,
    })
  }

  configs(): ConfigRow[] {
    return this.#connection.all(this.#queries.configs, {}).map((row) => ({
      digest: text(row, 'digest'),
      config: text(row, 'config'),
      firstSeenMs: integer(row, 'first_seen_ms'),
    }))
  }

  meta(name: string): string | null {
    const row = this.#connection.get(this.#queries.meta, { name })
    return row === null ? null : text(row, 'value')
  }

  setMeta(name: string, value: string): void {
    this.#connection.run(this.#queries.setMeta, { name, value })
  }
}

function build(builder: Kysely<Tables>) {
  return {
    useNonce: query((slot: Tables['nonces']) =>
      builder
        .insertInto('nonces')
        .values({ nonce: slot.nonce, until_ms: slot.until_ms })
        .onConflict((conflict) => conflict.column('nonce').doNothing()),
    ),
    forgetNonces: query((slot: { before_ms: number }) =>
      builder.deleteFrom('nonces').where('until_ms', '<', slot.before_ms),
    ),
    // the mounted key comes back at every start: it is known since its first, and current again
    addKey: query((slot: Tables['statement_keys']) =>
      builder
        .insertInto('statement_keys')
        .values({ key_id: slot.key_id, jwk: slot.jwk, from_ms: slot.from_ms, until_ms: slot.until_ms })
        .onConflict((conflict) =>
          conflict.column('key_id').doUpdateSet((held) => ({ until_ms: held.ref('excluded.until_ms') })),
        ),
    ),
    endKey: query((slot: { key_id: string; until_ms: number }) =>
      builder
        .updateTable('statement_keys')
        .set({ until_ms: sql`coalesce(until_ms, ${slot.until_ms})` })
        .where('key_id', '=', slot.key_id),
    ),
    keys: query(() => builder.selectFrom('statement_keys').selectAll().orderBy('from_ms').orderBy('key_id')),
    addConfig: query((slot: Tables['configs']) =>
      builder
        .insertInto('configs')
        .values({ digest: slot.digest, config: slot.config, first_seen_ms: slot.first_seen_ms })
        .onConflict((conflict) => conflict.column('digest').doNothing()),
    ),
    configs: query(() =>
      builder.selectFrom('configs').selectAll().orderBy('first_seen_ms').orderBy('digest'),
    ),
    meta: query((slot: { name: string }) =>
      builder.selectFrom('meta').select('value').where('name', '=', slot.name),
    ),
    setMeta: query((slot: Tables['meta']) =>
      builder
        .insertInto('meta')
        .values({ name: slot.name, value: slot.value })
        .onConflict((conflict) =>
          conflict.column('name').doUpdateSet((held) => ({ value: held.ref('excluded.value') })),
        ),
    ),
  }
}
