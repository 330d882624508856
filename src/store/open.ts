import type { Store, StoreOptions } from './store.ts'

/**
 * Opens (and creates, mode 0700) the state folder for this process alone.
 * @throws {StoreError} STATE_NEWER, STATE_UNWRITABLE, STATE_LOCKED, STATE_CORRUPT, DATA_KEY_WRONG
 */
export async function openStore(_stateDir: string, _options: StoreOptions): Promise<Store> {
  throw new Error('not yet')
}
