import { createPrivateKey, type KeyObject } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { PerfAggError } from '@perf-agg/sdk'
import { signerOf, type OwnedSigner } from './signer.ts'

/** A PKCS#8 Ed25519 key is 119 bytes of PEM; comments may stand around it. */
const fileBytesMax = 16_384

/**
 * The operator's own signing key (AGGREGATOR_PRIVATE_KEY, `--private-key`): a path to an Ed25519 key in PKCS#8 PEM,
 * which nobody but its owner and readers of its group may read, and nobody but its owner may write.
 *
 * What was given is only ever shown again where it can't be a secret itself. All checks are made on the file that
 * was opened, so that it can't be exchanged between the check and the reading.
 * @throws PerfAggError PRIVATE_KEY_NOT_A_PATH, PRIVATE_KEY_MISSING, PRIVATE_KEY_UNREADABLE, PRIVATE_KEY_NOT_A_FILE,
 *   PRIVATE_KEY_SYMLINK, PRIVATE_KEY_EXPOSED, PRIVATE_KEY_TOO_LARGE, PRIVATE_KEY_ENCRYPTED, PRIVATE_KEY_INVALID,
 *   PRIVATE_KEY_WRONG_TYPE
 */
export function openMountedKey(path: string): OwnedSigner {
  refuseWhatIsNoPath(path)
  const name = shown(path)
  const pem = readPem(path, name)
  try {
    return signerOf(ed25519Of(pem, name))
  } finally {
    pem.fill(0)
  }
}

function refuseWhatIsNoPath(path: string): void {
  const looksLikeKey = /-----BEGIN|[\r\n\0]/.test(path) || /^\s*\{/.test(path)
  if (!looksLikeKey && path !== '' && path.length <= 4_096) return
  throw new PerfAggError(
    'PRIVATE_KEY_NOT_A_PATH',
    'AGGREGATOR_PRIVATE_KEY must hold the path of a file, and it holds something else',
    {
      hint: 'write the key into a file that only you can read (chmod 600) and give its path; a key that stood in the environment or on a command line should be replaced',
    },
  )
}

/** The path for messages; what could be a key given by mistake is not repeated. */
function shown(path: string): string {
  const couldBeKey = path.length > 255 || /^[A-Za-z0-9+/=_-]{40,}$/.test(path)
  const plain = /^[\x20-\x7e]*$/.test(path)
  return couldBeKey || !plain ? 'the path given as AGGREGATOR_PRIVATE_KEY' : path
}

function readPem(path: string, name: string): Buffer {
  const file = openFile(path, name)
  try {
    const stat = fstatSync(file)
    if (stat.isDirectory()) {
      throw refusal('PRIVATE_KEY_NOT_A_FILE', `${name} is a directory`, 'give the path of the key file in it')
    }
    if (!stat.isFile()) {
      throw refusal('PRIVATE_KEY_NOT_A_FILE', `${name} is not a regular file`, 'give the path of a PEM file')
    }
    refuseExposed(stat.mode, name)
    if (stat.size > fileBytesMax) {
      throw refusal('PRIVATE_KEY_TOO_LARGE', `${name} is too large for a key`, 'give the path of a PEM file')
    }
    const bytes = Buffer.alloc(stat.size)
    let length = 0
    while (length < bytes.length) {
      const count = readSync(file, bytes, length, bytes.length - length, null)
      if (count === 0) break
      length += count
    }
    return bytes.subarray(0, length)
  } finally {
    closeSync(file)
  }
}

function openFile(path: string, name: string): number {
  try {
    // non-blocking: a pipe under this name must not hang the start
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    switch (code) {
      case 'ENOENT':
      case 'ENOTDIR': {
        const hint = isAbsolute(path)
          ? 'mount the key there, or make one: perf-agg keys new'
          : 'the path is relative to the folder perf-agg was started in; give an absolute one'
        throw refusal('PRIVATE_KEY_MISSING', `no file at ${name}`, hint)
      }
      case 'ELOOP':
        throw refusal(
          'PRIVATE_KEY_SYMLINK',
          `${name} is a symbolic link, which can be pointed elsewhere after it was checked`,
          `give the path of the file itself${target(path)}`,
        )
      case 'EACCES':
      case 'EPERM':
        throw refusal(
          'PRIVATE_KEY_UNREADABLE',
          `${name} can not be read by the user perf-agg runs as`,
          'make that user its owner (chown), then: chmod 400',
        )
      default:
        throw refusal('PRIVATE_KEY_UNREADABLE', `${name} can not be opened`, 'give the path of a PEM file')
    }
  }
}

function target(path: string): string {
  try {
    const real = realpathSync(path)
    return shown(real) === real ? `: ${real}` : ''
  } catch {
    return ''
  }
}

function refuseExposed(mode: number, name: string): void {
  // Windows has no such modes
  if (process.platform === 'win32') return
  const who = [
    ...(mode & 0o004 ? ['others can read it'] : []),
    ...(mode & 0o002 ? ['others can write it'] : []),
    ...(mode & 0o020 ? ['its group can write it'] : []),
  ]
  if (who.length === 0) return
  const octal = (mode & 0o777).toString(8).padStart(4, '0')
  throw refusal(
    'PRIVATE_KEY_EXPOSED',
    `${name} is not safe: ${who.join(', ')} (mode ${octal})`,
    `chmod 600 ${name}`,
  )
}

function ed25519Of(pem: Buffer, name: string): KeyObject {
  const label = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(pem.toString('latin1'))?.[1]
  const makeOne = 'make one: perf-agg keys new, or: openssl genpkey -algorithm ed25519'
  if (label === undefined) throw refusal('PRIVATE_KEY_INVALID', `${name} holds no PEM`, makeOne)
  if (label === 'ENCRYPTED PRIVATE KEY') {
    throw refusal(
      'PRIVATE_KEY_ENCRYPTED',
      `${name} is encrypted, and serve asks for no passphrase`,
      'decrypt it (openssl pkey -in … -out …) into a file that only perf-agg can read',
    )
  }
  if (label === 'PUBLIC KEY' || label === 'CERTIFICATE') {
    throw refusal(
      'PRIVATE_KEY_WRONG_TYPE',
      `${name} holds a ${label.toLowerCase()}, not a private key`,
      makeOne,
    )
  }
  if (label !== 'PRIVATE KEY') {
    throw refusal('PRIVATE_KEY_WRONG_TYPE', `${name} is not in PKCS#8 form (BEGIN PRIVATE KEY)`, makeOne)
  }
  let key: KeyObject
  try {
    key = createPrivateKey({ key: pem, format: 'pem', type: 'pkcs8' })
  } catch {
    // OpenSSL's message may say too much of what it read
    throw refusal('PRIVATE_KEY_INVALID', `${name} holds a PEM that is damaged`, makeOne)
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw refusal(
      'PRIVATE_KEY_WRONG_TYPE',
      `${name} holds a key of type ${key.asymmetricKeyType ?? 'unknown'}, and statements are signed with Ed25519`,
      makeOne,
    )
  }
  return key
}

function refusal(code: string, message: string, hint: string): PerfAggError {
  return new PerfAggError(code, message, { hint })
}
