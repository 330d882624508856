import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type RawBuilder,
} from 'kysely'
import type { Tables } from './tables.ts'

/**
 * Where the databases differ, and nothing else: the words of three column types and of a table's end. Every query is
 * built by kysely for either; kysely only builds here (no driver), the store runs what it built.
 */
export interface Dialect {
  readonly builder: Kysely<Tables>
  readonly text: RawBuilder<unknown>
  /** Holds 2^53. */
  readonly integer: RawBuilder<unknown>
  readonly bytes: RawBuilder<unknown>
  /** What stands after a table's closing parenthesis. */
  readonly tableEnd: RawBuilder<unknown> | null
}

export const sqliteDialect: Dialect = {
  builder: new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (builder) => new SqliteIntrospector(builder),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  }),
  text: sql`text`,
  integer: sql`integer`,
  bytes: sql`blob`,
  tableEnd: sql`strict`,
}

export const postgresDialect: Dialect = {
  builder: new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (builder) => new PostgresIntrospector(builder),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }),
  text: sql`text`,
  integer: sql`bigint`,
  bytes: sql`bytea`,
  tableEnd: null,
}
