import { fromBase64url, sha256, toBase64url } from './bytes.ts'
import { canonicalBytes } from './canonical.ts'
import { InputError } from './errors.ts'
import { memberPath, readEnum, readObject, readString } from './shape.ts'

/** A public key of RFC 8037: Ed25519 signs, X25519 opens boxes. */
export interface PublicJwk<Curve extends 'Ed25519' | 'X25519' = 'Ed25519' | 'X25519'> {
  readonly kty: 'OKP'
  readonly crv: Curve
  /** base64url of the 32 bytes. */
  readonly x: string
}

/** With the private part: only ever in memory, or in a file that its owner alone can read. */
export interface PrivateJwk extends PublicJwk<'Ed25519'> {
  readonly d: string
}

/** One key of `GET /.well-known/jwks.json`. */
export interface StatementJwk extends PublicJwk<'Ed25519'> {
  /** The thumbprint: `key_id` of statements. */
  readonly kid: string
  readonly use: 'sig'
  readonly alg: 'Ed25519'
}

export interface Jwks {
  readonly keys: readonly StatementJwk[]
}

/** Who signs: the client's key, and in the daemon the keys of a start. */
export interface Signer {
  readonly publicKey: Uint8Array
  /** 64 bytes over exactly these bytes. */
  sign(message: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
}

export interface SigningKey extends Signer {
  /** The private key, to be kept. */
  toPrivateJwk(): Promise<PrivateJwk>
}

/** A new Ed25519 key from the platform's random source. */
export async function newSigningKey(): Promise<SigningKey> {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  return signingKey(publicKey, pair.privateKey)
}

/** The key that {@link SigningKey.toPrivateJwk} wrote. @throws {InputError} `KEY_INVALID` */
export async function importSigningKey(jwk: unknown): Promise<SigningKey> {
  const members = readObject(jwk, 'key', { required: ['kty', 'crv', 'x', 'd'] })
  const { x, ...rest } = readPublicJwk({ kty: members.kty, crv: members.crv, x: members.x }, 'key', 'Ed25519')
  const d = readString(members.d, 'key.d', {
    pattern: /^[A-Za-z0-9_-]{43}$/,
    form: '43 characters of base64url',
  })
  try {
    const key = await crypto.subtle.importKey('jwk', { ...rest, x, d }, 'Ed25519', true, ['sign'])
    return signingKey(fromBase64url(x), key)
  } catch {
    // The platform's message may quote what it was given.
    throw new InputError('KEY_INVALID', 'not an Ed25519 private key')
  }
}

function signingKey(publicKey: Uint8Array, privateKey: CryptoKey): SigningKey {
  return {
    publicKey,
    async sign(message) {
      return new Uint8Array(
        await crypto.subtle.sign('Ed25519', privateKey, message as Uint8Array<ArrayBuffer>),
      )
    },
    async toPrivateJwk() {
      const { d } = await crypto.subtle.exportKey('jwk', privateKey)
      if (d === undefined) throw new InputError('KEY_INVALID', 'the key can not be exported')
      return { ...publicJwk(publicKey, 'Ed25519'), d }
    },
  }
}

export function publicJwk<Curve extends 'Ed25519' | 'X25519'>(
  publicKey: Uint8Array,
  crv: Curve,
): PublicJwk<Curve> {
  return { kty: 'OKP', crv, x: toBase64url(publicKey) }
}

/** Exactly `kty`, `crv` and `x`. @throws {InputError} `INPUT_INVALID` */
export function readPublicJwk<Curve extends 'Ed25519' | 'X25519'>(
  value: unknown,
  path: string,
  crv: Curve,
): PublicJwk<Curve> {
  const jwk = readObject(value, path, { required: ['kty', 'crv', 'x'] })
  return {
    kty: readEnum(jwk.kty, memberPath(path, 'kty'), ['OKP']),
    crv: readEnum<Curve>(jwk.crv, memberPath(path, 'crv'), [crv]),
    x: readKeyBytes(jwk.x, memberPath(path, 'x')),
  }
}

function readKeyBytes(value: unknown, path: string): string {
  const text = readString(value, path, { min: 43, max: 43 })
  try {
    fromBase64url(text)
  } catch {
    throw new InputError('INPUT_INVALID', `${path} must be base64url`)
  }
  return text
}

/** The 32 bytes of a key that was read by {@link readPublicJwk}. */
export function publicKeyOf(jwk: PublicJwk): Uint8Array<ArrayBuffer> {
  return fromBase64url(jwk.x)
}

/** RFC 7638 over an OKP key (RFC 8037 §2): base64url of the SHA-256 of its required members. */
export async function thumbprint(x: Uint8Array, crv: 'Ed25519' | 'X25519' = 'Ed25519'): Promise<string> {
  return toBase64url(await sha256(canonicalBytes({ crv, kty: 'OKP', x: toBase64url(x) })))
}

/** How a statement key is listed in the key set. */
export async function statementJwk(publicKey: Uint8Array): Promise<StatementJwk> {
  return { ...publicJwk(publicKey, 'Ed25519'), kid: await thumbprint(publicKey), use: 'sig', alg: 'Ed25519' }
}

/**
 * Reads a key set. Its `kid`s are what the server says: {@link thumbprint} is what holds.
 * @throws {InputError} `INPUT_INVALID`
 */
export function parseJwks(value: unknown): Jwks {
  const { keys } = readObject(value, '', { required: ['keys'] })
  if (!Array.isArray(keys) || keys.length > 10_000)
    throw new InputError('INPUT_INVALID', 'keys must be an array')
  return {
    keys: keys.map((each: unknown, index) => {
      const path = `keys[${index}]`
      const jwk = readObject(each, path, { required: ['kty', 'crv', 'x', 'kid'], optional: ['use', 'alg'] })
      return {
        ...readPublicJwk({ kty: jwk.kty, crv: jwk.crv, x: jwk.x }, path, 'Ed25519'),
        kid: readString(jwk.kid, memberPath(path, 'kid'), { min: 1, max: 64 }),
        use: jwk.use === undefined ? 'sig' : readEnum(jwk.use, memberPath(path, 'use'), ['sig']),
        alg: jwk.alg === undefined ? 'Ed25519' : readEnum(jwk.alg, memberPath(path, 'alg'), ['Ed25519']),
      }
    }),
  }
}
