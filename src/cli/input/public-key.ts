import { createPublicKey } from 'node:crypto'
import { existsSync } from 'node:fs'
import { fromBase64, fromBase64url, InputError, parseJson, readArray, readRecord } from '@perf-agg/sdk'
import { readBounded } from './file.ts'

const fileBytesMax = 1_048_576

/**
 * Ed25519 public keys as people have them: a file (PEM, JWK or JWKS, base64) or the key itself in base64,
 * base64url or hexadecimal.
 * @throws {InputError} `PUBLIC_KEY_INVALID`
 */
export function readPublicKeys(given: string): readonly Uint8Array[] {
  const inline = keyOfText(given.trim())
  if (inline !== null) return [inline]
  if (!existsSync(given)) throw invalid(given.slice(0, 60))
  const bytes = readBounded(given, fileBytesMax)
  const text = Buffer.from(bytes).toString('latin1').trim()
  if (text.includes('PRIVATE KEY')) {
    throw new InputError('PRIVATE_KEY_GIVEN', `${given} holds a private key`, {
      hint: 'perf-agg keys show FILE prints its public half',
    })
  }
  if (text.startsWith('-----BEGIN PUBLIC KEY-----')) return [keyOfPem(text, given)]
  if (text.startsWith('{')) return keysOfJson(parseJson(bytes), given)
  const key = keyOfText(text)
  if (key === null) throw invalid(given)
  return [key]
}

function keyOfText(text: string): Uint8Array | null {
  try {
    if (/^[0-9a-f]{64}$/i.test(text)) return Uint8Array.from(Buffer.from(text, 'hex'))
    if (/^[A-Za-z0-9+/]{43}=$/.test(text)) return fromBase64(text)
    if (/^[A-Za-z0-9_-]{43}$/.test(text)) return fromBase64url(text)
  } catch {
    // Not canonical: no key.
  }
  return null
}

function keyOfPem(text: string, name: string): Uint8Array {
  try {
    const key = createPublicKey(text)
    if (key.asymmetricKeyType === 'ed25519') return fromBase64url(key.export({ format: 'jwk' }).x ?? '')
  } catch {
    // Told below, in our words.
  }
  throw invalid(name)
}

function keysOfJson(value: unknown, name: string): readonly Uint8Array[] {
  const record = readRecord(value, '')
  const jwks = record['keys'] === undefined ? [record] : readArray(record['keys'], 'keys', 1_000, readRecord)
  return jwks.map(({ kty, crv, x }) => {
    const key = kty === 'OKP' && crv === 'Ed25519' && typeof x === 'string' ? keyOfText(x) : null
    if (key === null) throw invalid(name)
    return key
  })
}

function invalid(name: string): InputError {
  return new InputError('PUBLIC_KEY_INVALID', `${JSON.stringify(name)} is no Ed25519 public key`, {
    hint: 'give base64 of its 32 bytes, or a file with PEM, JWK or JWKS (from /.well-known/jwks.json)',
  })
}
