import { randomBytes } from 'node:crypto'
import { open, realpath, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { fromBase64, toBase64 } from '@perf-agg/sdk'
import { StoreError } from './store-error.ts'

/**
 * Reads the data key file (one line: 32 bytes in base64); makes it, mode 0600, where `create` and it is absent.
 * The caller wipes the bytes once the vault has them.
 * @throws {StoreError} DATA_KEY_MISSING, DATA_KEY_INVALID, DATA_KEY_EXPOSED (others can read it),
 * DATA_KEY_MISPLACED (it lies inside the state folder: key and lock in one place)
 */
export async function loadDataKey(
  path: string,
  options: { readonly stateDir: string; readonly create: boolean },
): Promise<Uint8Array> {
  await refuseInside(path, options.stateDir)
  const existing = await openOrNull(path, 'r')
  if (existing !== null) return read(existing, path)
  if (!options.create) {
    throw new StoreError('DATA_KEY_MISSING', `there is no data key at ${path}`, {
      hint: 'give the key file of this state folder; a new one cannot open it',
    })
  }
  return make(path)
}

async function read(file: FileHandle, path: string): Promise<Uint8Array> {
  try {
    const { mode, size } = await file.stat()
    if ((mode & 0o077) !== 0) {
      throw new StoreError('DATA_KEY_EXPOSED', `others can read or write the data key ${path}`, {
        hint: `chmod 600 ${path}`,
      })
    }
    const text = size > 64 ? '' : (await file.readFile('latin1')).replace(/\r?\n$/, '')
    const key = bytesOrNull(text)
    if (key?.length === 32) return key
    throw new StoreError('DATA_KEY_INVALID', `${path} is no data key`, {
      hint: 'it holds one line: 32 random bytes in base64 (openssl rand -base64 32)',
    })
  } finally {
    await file.close()
  }
}

function bytesOrNull(text: string): Uint8Array | null {
  try {
    return fromBase64(text)
  } catch {
    return null
  }
}

/** Durable before it is used: a state sealed under a key that a power cut took back would be lost. */
async function make(path: string): Promise<Uint8Array> {
  const file = await openOrNull(path, 'wx')
  if (file === null)
    throw new StoreError('DATA_KEY_MISSING', `the folder of the data key ${path} does not exist`)
  const key = randomBytes(32)
  try {
    await file.writeFile(`${toBase64(key)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  const folder = await open(dirname(path))
  await folder.sync().finally(() => folder.close())
  return key
}

async function openOrNull(path: string, flags: 'r' | 'wx'): Promise<FileHandle | null> {
  try {
    return await open(path, flags, 0o600)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw new StoreError(
      'DATA_KEY_INVALID',
      `the data key ${path} cannot be ${flags === 'r' ? 'read' : 'made'}`,
      {
        hint: 'give the path of a file that this user may read',
        cause: error,
      },
    )
  }
}

async function refuseInside(path: string, stateDir: string): Promise<void> {
  // the file itself may be a link into the folder, and so may its parent
  const places = [join(await real(dirname(resolve(path))), basename(path)), await real(resolve(path))]
  const folder = `${await real(resolve(stateDir))}${sep}`
  if (places.some((place) => place.startsWith(folder))) {
    throw new StoreError('DATA_KEY_MISPLACED', 'the data key lies inside the state folder', {
      hint: 'keep it elsewhere: who copies the folder must not get the key with it',
    })
  }
}

/** The real path of as much of it as exists. */
async function real(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(await real(parent), basename(path))
  }
}
