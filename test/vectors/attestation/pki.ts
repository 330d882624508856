import { concat, utf8 } from '../../../sdk/bytes.ts'

/**
 * A public key infrastructure for tests: it makes certificates and revocation lists as the platforms' makers do, and
 * any of the mistakes that a verifier must see.
 */

/** The time at which faked platforms hold. */
export const fakeNowMs: number = Date.UTC(2026, 5, 1)

export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const value = concat(...parts)
  const { length } = value
  const head =
    length < 128
      ? [length]
      : length < 256
        ? [0x81, length]
        : length < 65_536
          ? [0x82, length >> 8, length & 255]
          : [0x83, length >> 16, (length >> 8) & 255, length & 255]
  return concat(Uint8Array.of(tag, ...head), value)
}

export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return der(0x30, ...parts)
}

export function integer(value: number | Uint8Array): Uint8Array {
  let bytes =
    typeof value === 'number' ? Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value) : value
  while (bytes.length > 1 && bytes[0] === 0) bytes = bytes.subarray(1)
  return der(2, bytes[0]! >= 0x80 ? concat(Uint8Array.of(0), bytes) : bytes)
}

export function oid(text: string): Uint8Array {
  const [first, second, ...rest] = text.split('.').map(Number)
  const bytes = [first! * 40 + second!, ...rest].flatMap((arc) => {
    const digits = [arc & 127]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left & 127) | 128)
    return digits
  })
  return der(6, Uint8Array.from(bytes))
}

export function octets(bytes: Uint8Array): Uint8Array {
  return der(4, bytes)
}

export function bits(bytes: Uint8Array, unused = 0): Uint8Array {
  return der(3, Uint8Array.of(unused), bytes)
}

export function utcTime(timeMs: number): Uint8Array {
  const text = new Date(timeMs).toISOString().replace(/[-:T]/g, '').slice(2, 14)
  return der(0x17, utf8(`${text}Z`))
}

/** A distinguished name of a common name alone. */
export function nameOf(commonName: string): Uint8Array {
  return sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, utf8(commonName)))))
}

export type KeyKind = 'p256' | 'p384' | 'rsa'

export interface TestKey {
  readonly kind: KeyKind
  readonly pair: { readonly publicKey: CryptoKey; readonly privateKey: CryptoKey }
  readonly spki: Uint8Array
}

export async function makeKey(kind: KeyKind): Promise<TestKey> {
  const algorithm =
    kind === 'rsa'
      ? { name: 'RSA-PSS', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-384' }
      : { name: 'ECDSA', namedCurve: kind === 'p256' ? 'P-256' : 'P-384' }
  const pair = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as TestKey['pair']
  return { kind, pair, spki: new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey)) }
}

/** R and S in one row for elliptic curves. */
export async function signRaw(key: TestKey, message: Uint8Array): Promise<Uint8Array> {
  const algorithm =
    key.kind === 'rsa'
      ? { name: 'RSA-PSS', saltLength: 48 }
      : { name: 'ECDSA', hash: key.kind === 'p256' ? 'SHA-256' : 'SHA-384' }
  return new Uint8Array(await crypto.subtle.sign(algorithm, key.pair.privateKey, Uint8Array.from(message)))
}

async function signDer(key: TestKey, message: Uint8Array): Promise<Uint8Array> {
  const raw = await signRaw(key, message)
  if (key.kind === 'rsa') return raw
  return sequence(integer(raw.subarray(0, raw.length / 2)), integer(raw.subarray(raw.length / 2)))
}

function algorithmOf(key: TestKey): Uint8Array {
  if (key.kind === 'p256') return sequence(oid('1.2.840.10045.4.3.2'))
  if (key.kind === 'p384') return sequence(oid('1.2.840.10045.4.3.3'))
  const sha384 = sequence(oid('2.16.840.1.101.3.4.2.2'), der(5))
  return sequence(
    oid('1.2.840.113549.1.1.10'),
    sequence(
      der(0xa0, sha384),
      der(0xa1, sequence(oid('1.2.840.113549.1.1.8'), sha384)),
      der(0xa2, integer(48)),
    ),
  )
}

export interface CertificateShape {
  readonly name: string
  readonly key: TestKey
  /** Itself where it is left out. */
  readonly issuer?: { readonly name: string; readonly key: TestKey }
  readonly serial?: number
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** null: no basic constraints at all. */
  readonly ca?: boolean | null
  readonly pathLength?: number
  /** The first byte of the bit string: 0x80 signs, 0x06 certifies and revokes. null: none at all. */
  readonly keyUsage?: number | null
  readonly extensions?: readonly Uint8Array[]
  /** Signs with this key instead of the issuer's. */
  readonly signedBy?: TestKey
}

export function extension(id: string, value: Uint8Array, critical = false): Uint8Array {
  return sequence(oid(id), ...(critical ? [der(1, Uint8Array.of(255))] : []), octets(value))
}

export async function makeCertificate(shape: CertificateShape): Promise<Uint8Array> {
  const issuer = shape.issuer ?? shape
  const ca = shape.ca === undefined ? false : shape.ca
  const keyUsage = shape.keyUsage === undefined ? (ca === true ? 0x06 : 0x80) : shape.keyUsage
  const extensions = [
    ...(ca === null
      ? []
      : [
          extension(
            '2.5.29.19',
            sequence(
              ...(ca ? [der(1, Uint8Array.of(255))] : []),
              ...(shape.pathLength === undefined || !ca ? [] : [integer(shape.pathLength)]),
            ),
            true,
          ),
        ]),
    ...(keyUsage === null
      ? []
      : [extension('2.5.29.15', bits(Uint8Array.of(keyUsage), keyUsage === 0x80 ? 7 : 1), true)]),
    ...(shape.extensions ?? []),
  ]
  const algorithm = algorithmOf(issuer.key)
  const tbs = sequence(
    der(0xa0, integer(2)),
    integer(shape.serial ?? 1),
    algorithm,
    nameOf(issuer.name),
    sequence(utcTime(shape.notBeforeMs), utcTime(shape.notAfterMs)),
    nameOf(shape.name),
    shape.key.spki,
    der(0xa3, sequence(...extensions)),
  )
  return sequence(tbs, algorithm, bits(await signDer(shape.signedBy ?? issuer.key, tbs)))
}

export interface CrlShape {
  readonly issuer: { readonly name: string; readonly key: TestKey }
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
  readonly revoked?: readonly number[]
  readonly signedBy?: TestKey
  readonly extensions?: readonly Uint8Array[]
}

export async function makeCrl(shape: CrlShape): Promise<Uint8Array> {
  const algorithm = algorithmOf(shape.issuer.key)
  const entries = (shape.revoked ?? []).map((serial) =>
    sequence(integer(serial), utcTime(shape.thisUpdateMs)),
  )
  const tbs = sequence(
    integer(1),
    algorithm,
    nameOf(shape.issuer.name),
    utcTime(shape.thisUpdateMs),
    utcTime(shape.nextUpdateMs),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    der(0xa0, sequence(extension('2.5.29.20', integer(1)), ...(shape.extensions ?? []))),
  )
  return sequence(tbs, algorithm, bits(await signDer(shape.signedBy ?? shape.issuer.key, tbs)))
}

export function pem(...certificates: readonly Uint8Array[]): Uint8Array {
  const text = certificates.map((certificate) => {
    const lines = btoa(String.fromCharCode(...certificate)).match(/.{1,64}/g)!
    return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
  })
  return utf8(text.join(''))
}
