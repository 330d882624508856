import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PerfAggError } from '@perf-agg/sdk'
import type { PlatformKeys } from '../../enclave/attester.ts'
import { loadDataKey } from '../../store/data-key.ts'
import { openStore } from '../../store/open.ts'
import type { Store } from '../../store/store.ts'
import { createVault } from '../../store/vault.ts'
import { loadWrappedKey } from '../../store/wrapped-key.ts'
import type { Clock } from '../clock.ts'
import type { Configuration } from '../configuration/config.ts'

/**
 * Opens the state under its data key: the file's, or one that the platform wraps. Which of them is said in the
 * configuration and in every quote.
 * @throws {StoreError} DATA_KEY_MISSING, DATA_KEY_LOST and those of the store
 */
export async function openState(
  configuration: Configuration,
  keys: PlatformKeys | null,
  clock: Clock,
): Promise<{ store: Store; close: () => Promise<void> }> {
  const { stateFolder, databaseUrl } = configuration
  if (databaseUrl !== null) {
    throw new PerfAggError(
      'DATABASE_NOT_SUPPORTED',
      'this version keeps its state in the embedded database only',
      {
        hint: 'leave --database-url out',
      },
    )
  }
  const dataKey = await dataKeyOf(configuration, keys)
  const vault = createVault(dataKey)
  dataKey.fill(0)
  try {
    const store = await openStore(stateFolder, { vault, clock })
    return { store, close: () => store.close().finally(() => vault.close()) }
  } catch (error) {
    vault.close()
    throw error
  }
}

async function dataKeyOf(configuration: Configuration, keys: PlatformKeys | null): Promise<Uint8Array> {
  const { dataKeyFile, stateFolder } = configuration
  if (dataKeyFile !== null) {
    return loadDataKey(dataKeyFile, {
      stateDir: stateFolder,
      // a state that is there was sealed under another key: a new one would only stand in that one's place
      create: configuration.dataKeyCreate && !existsSync(join(stateFolder, 'state.db')),
    })
  }
  if (keys !== null) return loadWrappedKey(stateFolder, keys)
  throw new PerfAggError('DATA_KEY_MISSING', 'this platform derives no key to wrap what is stored', {
    hint: 'give one with --data-key FILE (outside the state folder)',
  })
}
