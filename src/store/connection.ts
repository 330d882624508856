import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { CompiledQuery } from 'kysely'
import { fatal, faultOf } from './fault.ts'
import type { Query, Value } from './query.ts'
import { StoreError } from './store-error.ts'

/** A row as the database gives it: integers as bigint, whole. The row readers know what it holds. */
export type RawRow = { readonly [column: string]: unknown }

/**
 * The embedded database: one connection, statements prepared once, every commit fsynced (WAL, synchronous FULL),
 * deleted content overwritten. A fault of the disk is remembered: whoever swallows it commits nothing.
 */
export class Connection {
  readonly #database: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()
  #fault: StoreError | null = null

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: 0, readBigInts: true })
    this.#database.exec(
      'pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on; pragma cache_size = -16000;' +
        'pragma trusted_schema = off; pragma cell_size_check = on; pragma wal_autocheckpoint = 4000',
    )
  }

  /** The fault of the running transaction, if it met one. */
  get fault(): StoreError | null {
    return this.#fault
  }

  /** @returns how many rows changed */
  run<Values>(query: Query<Values>, values: Values): number {
    return Number(this.#guard(() => this.#prepare(query.sql).run(...query.bind(values)).changes))
  }

  all<Values>(query: Query<Values>, values: Values): RawRow[] {
    return this.#guard(() => this.#prepare(query.sql).all(...query.bind(values)))
  }

  get<Values>(query: Query<Values>, values: Values): RawRow | null {
    return this.#guard(() => this.#prepare(query.sql).get(...query.bind(values)) ?? null)
  }

  /** A step of the schema. */
  apply(compiled: CompiledQuery): void {
    this.#guard(() => this.#database.prepare(compiled.sql).run(...(compiled.parameters as Value[])))
  }

  control(
    statement: 'begin immediate' | 'commit' | 'savepoint work' | 'release work' | 'rollback to work',
  ): void {
    if (statement === 'begin immediate') this.#fault = null
    this.#guard(() => this.#prepare(statement).run())
  }

  /** Ends the transaction, whether or not SQLite already did. */
  rollback(): void {
    try {
      if (this.#database.isTransaction) this.#prepare('rollback').run()
    } catch (error) {
      if (faultOf(error) === null) throw error
    }
  }

  /** Moves everything from the write-ahead log into the database and empties the log; false: not now. */
  tryTruncateLog(): boolean {
    try {
      return this.#prepare('pragma wal_checkpoint(truncate)')
        .all()
        .every((row) => row['busy'] === 0n)
    } catch {
      return false
    }
  }

  close(): void {
    this.#prepared.clear()
    this.#database.close()
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#prepared.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#prepared.set(sql, statement)
    }
    return statement
  }

  #guard<T>(call: () => T): T {
    try {
      return call()
    } catch (error) {
      const fault = fatal(error)
      if (fault !== null) {
        this.#fault ??= fault
        throw fault
      }
      if (faultOf(error) === 'constraint') {
        throw new StoreError('STATE_CONFLICT', 'a row is there already, or not as expected', { cause: error })
      }
      throw error
    }
  }
}
