import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { fromBase64url, InputError, PerfAggError, thumbprint, toBase64 } from '@perf-agg/sdk'

/** Files that hold one Ed25519 private key: PEM, PKCS#8, readable by their owner alone. */

export interface PublicFace {
  /** RFC 7638 thumbprint: `metadata.key_id` of what the key signs. */
  readonly key_id: string
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
  /** The 32 bytes again, as backends often want them. */
  readonly base64: string
}

const fileBytesMax = 4_096

/** Makes a key and its file; the file is on disk before this returns. @throws {InputError} when the file is there */
export async function createKeyFile(path: string): Promise<PublicFace> {
  const { privateKey } = generateKeyPairSync('ed25519')
  let file: number
  try {
    file = openSync(path, 'wx', 0o600)
  } catch (error) {
    const code = systemCode(error)
    if (code !== 'EEXIST') throw new PerfAggError('FILE_UNWRITABLE', `can't write ${path} (${code})`)
    throw new InputError('FILE_EXISTS', `${path} is there already`, {
      hint: 'a key is never overwritten: choose another name, or perf-agg keys rotate',
    })
  }
  try {
    writeSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return faceOf(privateKey)
}

/** @throws {InputError} when the file is no such key, or others may read it */
export async function readKeyFile(path: string): Promise<PublicFace> {
  let pem: string
  let mode: number
  try {
    const file = openSync(path, 'r')
    try {
      const { size, mode: fileMode } = fstatSync(file)
      if (size > fileBytesMax) throw notAKey(path)
      mode = fileMode
      pem = readFileSync(file, 'utf8')
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if (error instanceof PerfAggError) throw error
    throw new InputError('FILE_UNREADABLE', `can't read ${path} (${systemCode(error)})`)
  }
  if ((mode & 0o027) !== 0) {
    throw new InputError('KEY_FILE_EXPOSED', `${path} can be read by others or written by its group`, {
      hint: `chmod 600 ${path}; if others could read it, make a new key`,
    })
  }
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    throw notAKey(path)
  }
  if (key.asymmetricKeyType !== 'ed25519') throw notAKey(path)
  return faceOf(key)
}

function notAKey(path: string): InputError {
  return new InputError('KEY_FILE_INVALID', `${path} holds no Ed25519 private key in PEM (PKCS#8)`, {
    hint: 'perf-agg keys new FILE makes one; so does openssl genpkey -algorithm ed25519',
  })
}

async function faceOf(key: KeyObject): Promise<PublicFace> {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
  const bytes = fromBase64url(x)
  return {
    key_id: await thumbprint(bytes, 'Ed25519'),
    kty: 'OKP',
    crv: 'Ed25519',
    x,
    base64: toBase64(bytes),
  }
}

export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
