import type { Connection } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { metaTable, migrations, type Migration } from './migrations.ts'
import type { Registry } from './registry.ts'
import { StoreError } from './store-error.ts'

/**
 * Brings the schema to this version, each step in a transaction of its own.
 * @throws {StoreError} STATE_NEWER where a later version of the program wrote it: there is no way back
 */
export function migrate(
  connection: Connection,
  dialect: Dialect,
  registry: () => Registry,
  steps: readonly Migration[] = migrations,
): void {
  transact(connection, () => connection.apply(metaTable(dialect)))
  const held = registry()
  const version = readVersion(held.meta('schema_version'))
  if (version > steps.length) {
    throw new StoreError(
      'STATE_NEWER',
      `the state is of schema ${version}, this program knows ${steps.length}`,
      {
        hint: 'start the newer version again, or restore the state from before it',
      },
    )
  }
  for (const [number, step] of steps.entries()) {
    if (number < version) continue
    transact(connection, () => {
      for (const change of step(dialect)) connection.apply(change)
      held.setMeta('schema_version', String(number + 1))
    })
  }
}

export function transact<T>(connection: Connection, work: () => T): T {
  connection.control('begin immediate')
  try {
    const result = work()
    connection.control('commit')
    return result
  } catch (error) {
    connection.rollback()
    throw error
  }
}

function readVersion(written: string | null): number {
  if (written === null) return 0
  if (/^\d{1,9}$/.test(written)) return Number(written)
  throw new StoreError('STATE_CORRUPT', 'the state does not say its schema')
}
