import { DatabaseSync } from 'node:sqlite'
import { faultOf } from './fault.ts'
import { StoreError } from './store-error.ts'

/**
 * One daemon a state folder. The lock is the kernel's (SQLite's, on a file of its own, held by an open transaction),
 * so it ends with the process however that ends.
 * @returns the way to let go
 * @throws {StoreError} STATE_LOCKED
 */
export function lockFolder(path: string): () => void {
  const database = new DatabaseSync(path)
  try {
    database.exec('pragma journal_mode = memory; begin exclusive')
  } catch (error) {
    database.close()
    const fault = faultOf(error)
    if (fault !== 'busy') throw error
    throw new StoreError('STATE_LOCKED', 'another process uses this state folder', {
      hint: 'stop it first, or give this one a folder of its own with --state',
    })
  }
  return () => database.close()
}
