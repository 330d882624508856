import { createECDH, createPrivateKey, createPublicKey, type KeyObject, verify } from 'node:crypto'

/** A key as coinbase gives it away: a name, and a private key on P-256 that signs a token for each request. */

/** PEM of the key with this secret number, 64 hexadecimal digits. */
export function pemOf(secret: string): string {
  const curve = createECDH('prime256v1')
  curve.setPrivateKey(secret, 'hex')
  const point = curve.getPublicKey()
  const key = {
    kty: 'EC',
    crv: 'P-256',
    d: Buffer.from(secret, 'hex').toString('base64url'),
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  }
  return createPrivateKey({ format: 'jwk', key }).export({ type: 'sec1', format: 'pem' }).toString()
}

export function publicKeyOf(pem: string): KeyObject {
  return createPublicKey(createPrivateKey(pem))
}

export interface Token {
  readonly kid: string
  readonly sub: string
  readonly uri: string
  readonly nbf: number
  readonly exp: number
  isSignedBy(key: KeyObject): boolean
}

/** Null where it is none of ES256. */
export function readToken(text: string): Token | null {
  const [head = '', body = '', signature = '', more] = text.split('.')
  const [header, claims] = [jsonOf(head), jsonOf(body)]
  if (more !== undefined || header === null || claims === null || header['alg'] !== 'ES256') return null
  const { sub, uri, nbf, exp } = claims
  return {
    kid: String(header['kid']),
    sub: String(sub),
    uri: String(uri),
    nbf: Number(nbf),
    exp: Number(exp),
    isSignedBy: (key) =>
      verify(
        'sha256',
        Buffer.from(`${head}.${body}`),
        { key, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      ),
  }
}

function jsonOf(part: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
