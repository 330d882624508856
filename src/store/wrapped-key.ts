import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { link, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  canonicalBytes,
  fromBase64,
  parseJson,
  readEnum,
  readObject,
  readString,
  toBase64,
  utf8,
} from '@perf-agg/sdk'
import { StoreError } from './store-error.ts'
import { Xaes } from './vault.ts'

/** Who derives the keys that the data key is wrapped under. */
export interface KeyWrapper {
  readonly platform: string
  newestVersion(): Promise<string>
  /** 32 bytes. Rejects where there is none of that version. */
  derive(version: string): Promise<Uint8Array>
}

/** Stands in the state folder: without the platform it opens nothing. */
const fileName = 'data-key.json'
const fileBytesMax = 4_096
const nonceBytes = 24

interface Wrapped {
  readonly platform: string
  readonly keyVersion: string
  readonly sealed: Uint8Array
}

/**
 * The data key of a state folder, wrapped under a key of the platform and stored with that key's version. Made with
 * the folder; wrapped anew where the platform has come to a newer version. The caller wipes the bytes once the vault
 * has them.
 * @throws {StoreError} DATA_KEY_LOST: the platform has another key now, and what was stored can't be opened again
 */
export async function loadWrappedKey(stateDir: string, wrapper: KeyWrapper): Promise<Uint8Array> {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  const path = join(stateDir, fileName)
  const wrapped = await readWrapped(path)
  if (wrapped === null) {
    if (existsSync(join(stateDir, 'state.db'))) {
      throw new StoreError('DATA_KEY_MISSING', `the state folder ${stateDir} holds no key of the platform`, {
        hint: 'it was sealed under a key file: give that one with --data-key. If there is none any more, see --state in perf-agg-serve(1)',
      })
    }
    const made = randomBytes(32)
    await write(path, await wrap(made, wrapper), 'new')
    return made
  }
  const key = await unwrap(wrapped, wrapper, stateDir)
  if (wrapped.keyVersion !== (await wrapper.newestVersion())) {
    await write(path, await wrap(key, wrapper), 'again')
  }
  return key
}

async function wrap(key: Uint8Array, wrapper: KeyWrapper): Promise<Wrapped> {
  const keyVersion = await wrapper.newestVersion()
  const { platform } = wrapper
  const nonce = randomBytes(nonceBytes)
  const cipher = await cipherOf(wrapper, keyVersion)
  try {
    const sealed = cipher.seal(nonce, boundTo(platform, keyVersion), key)
    return { platform, keyVersion, sealed: Buffer.concat([nonce, sealed]) }
  } finally {
    cipher.close()
  }
}

async function unwrap(
  { platform, keyVersion, sealed }: Wrapped,
  wrapper: KeyWrapper,
  stateDir: string,
): Promise<Uint8Array> {
  if (platform !== wrapper.platform) throw lost(stateDir, `it was wrapped by ${platform}`)
  const cipher = await cipherOf(wrapper, keyVersion).catch(async (error: unknown) => {
    // a platform that derives its newest key and not this one will not do so tomorrow either
    const newest = await wrapper.derive(await wrapper.newestVersion()).catch(() => null)
    newest?.fill(0)
    throw newest === null ? error : lost(stateDir, 'the platform derives keys of that version no more')
  })
  try {
    return cipher.open(
      sealed.subarray(0, nonceBytes),
      boundTo(platform, keyVersion),
      sealed.subarray(nonceBytes),
    )
  } catch {
    throw lost(stateDir, 'the platform derives another one now')
  } finally {
    cipher.close()
  }
}

async function cipherOf(wrapper: KeyWrapper, version: string): Promise<Xaes> {
  const derived = await wrapper.derive(version)
  try {
    return new Xaes(Buffer.from(derived))
  } finally {
    derived.fill(0)
  }
}

function boundTo(platform: string, keyVersion: string): Uint8Array {
  return utf8(`perf-agg/wrapped-key/v1/${platform}/${keyVersion}`)
}

function lost(stateDir: string, why: string): StoreError {
  return new StoreError('DATA_KEY_LOST', `the key of the state folder ${stateDir} is lost: ${why}`, {
    hint: 'go back to the machine, image and application it was made on; or start with a new folder (--state): clients register again, and their accounts get new names, in a new pseudonym epoch. Keep the old folder: its statements stay good',
  })
}

async function readWrapped(path: string): Promise<Wrapped | null> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
  try {
    const members = readObject(parseJson(bytes, { bytesMax: fileBytesMax, depthMax: 1 }), '', {
      required: ['schema', 'platform', 'key_version', 'sealed'],
    })
    readEnum(members.schema, 'schema', ['perf-agg/wrapped-key/v1'])
    const sealed = fromBase64(readString(members.sealed, 'sealed', { max: 256 }))
    return {
      platform: readString(members.platform, 'platform', { pattern: /^[a-z0-9-]{1,32}$/ }),
      keyVersion: readString(members.key_version, 'key_version', { pattern: /^[a-z0-9-]{1,64}$/ }),
      sealed,
    }
  } catch {
    throw new StoreError('STATE_CORRUPT', `${path} is no wrapped key`, { hint: 'restore it from a backup' })
  }
}

/** Durable before it is used, and never half of one: a state sealed under a key that is gone is lost. */
async function write(path: string, wrapped: Wrapped, when: 'new' | 'again'): Promise<void> {
  const part = `${path}.${randomBytes(6).toString('hex')}`
  const file = await open(part, 'wx', 0o600)
  try {
    const members = {
      schema: 'perf-agg/wrapped-key/v1',
      platform: wrapped.platform,
      key_version: wrapped.keyVersion,
      sealed: toBase64(wrapped.sealed),
    }
    await file.writeFile(canonicalBytes(members))
    await file.sync()
  } finally {
    await file.close()
  }
  if (when === 'again') await rename(part, path)
  else {
    // a link takes no other's place: of two that start at once, one fails
    await link(part, path).finally(() => rm(part))
  }
  const folder = await open(join(path, '..'))
  await folder.sync().finally(() => folder.close())
}
