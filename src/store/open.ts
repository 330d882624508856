import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { fromBase64, toBase64 } from '@perf-agg/sdk'
import { Connection } from './connection.ts'
import { sqliteDialect } from './dialect.ts'
import { fatal, faultOf } from './fault.ts'
import { lockFolder } from './lock.ts'
import { Registry } from './registry.ts'
import { Reserve } from './reserve.ts'
import { migrate, transact } from './schema.ts'
import { SqliteStore } from './sqlite-store.ts'
import { StoreError } from './store-error.ts'
import type { Store, StoreOptions } from './store.ts'
import type { Vault } from './vault.ts'

/**
 * Opens (and creates, mode 0700) the state folder for this process alone.
 * @throws {StoreError} STATE_NEWER, STATE_UNWRITABLE, STATE_LOCKED, STATE_CORRUPT, STATE_FULL, DATA_KEY_WRONG
 */
export async function openStore(stateDir: string, options: StoreOptions): Promise<Store> {
  const opened: (() => void)[] = []
  try {
    makePrivate(stateDir)
    const unlock = lockFolder(join(stateDir, 'lock'))
    opened.push(unlock)
    const connection = new Connection(join(stateDir, 'state.db'))
    opened.push(() => connection.close())
    migrate(connection, sqliteDialect, () => new Registry(connection, sqliteDialect.builder))
    const registry = new Registry(connection, sqliteDialect.builder)
    checkKey(connection, registry, options.vault)
    const secret = pseudonymSecret(connection, registry, options.vault)
    const reserve = new Reserve(stateDir)
    return new SqliteStore({ connection, registry, reserve, secret, unlock, vault: options.vault })
  } catch (error) {
    for (const close of opened.toReversed()) close()
    throw openFault(error, stateDir)
  }
}

/** Both files exist, for this user only, before SQLite opens them: it would make them readable for all. */
function makePrivate(stateDir: string): void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  for (const name of ['lock', 'state.db']) {
    const path = join(stateDir, name)
    // one that exists is not touched: closing it would let go of a lock that this very process holds on it
    if (!existsSync(path)) closeSync(openSync(path, 'wx', 0o600))
  }
}

function openFault(error: unknown, stateDir: string): unknown {
  if (error instanceof StoreError && error.code !== 'STATE_IO') return error
  const cause = error instanceof StoreError ? error.cause : error
  const system = cause instanceof Error && 'syscall' in cause && 'code' in cause ? cause.code : null
  if (system === 'ENOSPC' || faultOf(cause) === 'full') {
    return new StoreError('STATE_FULL', 'the disk of the state folder is full', { hint: 'make room', cause })
  }
  if (system !== null || faultOf(cause) === 'unwritable') {
    return new StoreError('STATE_UNWRITABLE', `the state folder ${stateDir} cannot be written`, {
      hint: 'give a folder that this user owns with --state',
      cause,
    })
  }
  return fatal(cause) ?? error
}

function checkKey(connection: Connection, registry: Registry, vault: Vault): void {
  const held = registry.meta('key_check')
  if (held === null) transact(connection, () => registry.setMeta('key_check', vault.keyCheck))
  else if (held !== vault.keyCheck) {
    throw new StoreError('DATA_KEY_WRONG', 'this state folder was sealed under another data key', {
      hint: 'give the key file it was made with (--data-key). If that is lost, start with a new folder (--state): clients register again, and their accounts get new names',
    })
  }
}

/** Made once; a new secret would give every account a new name, so it lives as long as the state. */
function pseudonymSecret(connection: Connection, registry: Registry, vault: Vault): Uint8Array {
  const place = 'meta/pseudonym_secret'
  const held = registry.meta('pseudonym_secret')
  if (held !== null) return vault.open('pseudonym', place, fromBase64(held))
  const secret = randomBytes(32)
  const sealed = vault.seal('pseudonym', place, secret)
  transact(connection, () => registry.setMeta('pseudonym_secret', toBase64(sealed)))
  return secret
}
