import { concat, equalBytes, fromHex } from '../bytes.ts'
import { DerReader, Tag, readDer, unsignedOf } from './der.ts'
import { refuse } from './verified.ts'

/**
 * The three kinds of signature that the makers of the hardware use, over WebCrypto. The algorithm is always the one
 * that the platform prescribes, never the one that hostile bytes ask for.
 */
export type SignatureAlgorithm = 'ecdsa-p256-sha256' | 'ecdsa-p384-sha384' | 'rsa-pss-sha384'

export interface PublicKey {
  readonly kind: 'p256' | 'p384' | 'rsa'
  /** SubjectPublicKeyInfo as it stands. */
  readonly spki: Uint8Array
  /** Uncompressed point of an elliptic curve key; empty for RSA. */
  readonly point: Uint8Array
}

// Whole AlgorithmIdentifier elements, compared byte for byte: no second spelling of one algorithm is read.
const ecdsaSha256 = fromHex('300a06082a8648ce3d040302')
const ecdsaSha384 = fromHex('300a06082a8648ce3d040303')
/** RSASSA-PSS, SHA-384, MGF1 with SHA-384, salt of 48 bytes; AMD's also spells out the trailer field's default. */
const pssHash = 'a00f300d06096086480165030402020500'
const pssMask = 'a11c301a06092a864886f70d010108300d06096086480165030402020500'
const pssSalt = 'a203020130'
const rsaPssSha384 = [
  fromHex(`304606092a864886f70d01010a3039${pssHash}${pssMask}${pssSalt}a303020101`),
  fromHex(`304106092a864886f70d01010a3034${pssHash}${pssMask}${pssSalt}`),
]
const p256Key = fromHex('301306072a8648ce3d020106082a8648ce3d030107')
const p384Key = fromHex('301006072a8648ce3d020106052b81040022')
const rsaKey = fromHex('300d06092a864886f70d0101010500')

/** The algorithm an AlgorithmIdentifier names. @throws {VerificationError} `ALGORITHM_REFUSED` */
export function signatureAlgorithmOf(identifier: Uint8Array): SignatureAlgorithm {
  if (equalBytes(identifier, ecdsaSha256)) return 'ecdsa-p256-sha256'
  if (equalBytes(identifier, ecdsaSha384)) return 'ecdsa-p384-sha384'
  if (rsaPssSha384.some((known) => equalBytes(identifier, known))) return 'rsa-pss-sha384'
  throw refuse('ALGORITHM_REFUSED', 'a signature is of an algorithm that no platform here uses')
}

/** @throws {VerificationError} `DER_INVALID`, `ALGORITHM_REFUSED` */
export function readPublicKey(spki: Uint8Array): PublicKey {
  const outer = readDer(spki, Tag.sequence)
  const algorithm = outer.read(Tag.sequence).raw
  const bytes = outer.bitStringBytes()
  outer.end()
  if (equalBytes(algorithm, p256Key) && bytes.length === 65 && bytes[0] === 4) {
    return { kind: 'p256', spki, point: bytes }
  }
  if (equalBytes(algorithm, p384Key) && bytes.length === 97 && bytes[0] === 4) {
    return { kind: 'p384', spki, point: bytes }
  }
  if (equalBytes(algorithm, rsaKey)) {
    const key = readDer(bytes, Tag.sequence)
    const modulus = key.unsigned()
    key.unsigned()
    key.end()
    if (modulus.length >= 256 && modulus.length <= 512) return { kind: 'rsa', spki, point: new Uint8Array() }
  }
  throw refuse('ALGORITHM_REFUSED', 'a public key is of a kind that no platform here uses')
}

/** A key given as its two coordinates. */
export function publicKeyOfPoint(kind: 'p256' | 'p384', coordinates: Uint8Array): PublicKey {
  return { kind, spki: new Uint8Array(), point: concat(Uint8Array.of(4), coordinates) }
}

/**
 * Whether `signature` (R and S in one row for ECDSA) is the key's over `message`. False also for a key that is no
 * point of its curve, and for an algorithm that does not go with the key.
 */
export async function verifyRaw(
  key: PublicKey,
  algorithm: SignatureAlgorithm,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  const { subtle } = crypto
  try {
    if (algorithm === 'rsa-pss-sha384') {
      if (key.kind !== 'rsa') return false
      const rsa = { name: 'RSA-PSS', hash: 'SHA-384' }
      const imported = await subtle.importKey('spki', owned(key.spki), rsa, false, ['verify'])
      return await subtle.verify(
        { name: 'RSA-PSS', saltLength: 48 },
        imported,
        owned(signature),
        owned(message),
      )
    }
    const isP256 = algorithm === 'ecdsa-p256-sha256'
    if (key.kind !== (isP256 ? 'p256' : 'p384')) return false
    const curve = { name: 'ECDSA', namedCurve: isP256 ? 'P-256' : 'P-384' }
    const imported = await subtle.importKey('raw', owned(key.point), curve, false, ['verify'])
    const hash = { name: 'ECDSA', hash: isP256 ? 'SHA-256' : 'SHA-384' }
    return await subtle.verify(hash, imported, owned(signature), owned(message))
  } catch {
    return false
  }
}

/** As {@link verifyRaw} for a signature as certificates carry it (ECDSA: a sequence of R and S). */
export async function verifyDer(
  key: PublicKey,
  algorithm: SignatureAlgorithm,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  if (algorithm === 'rsa-pss-sha384') return verifyRaw(key, algorithm, signature, message)
  const raw = rawSignatureOf(signature, algorithm === 'ecdsa-p256-sha256' ? 32 : 48)
  return verifyRaw(key, algorithm, raw, message)
}

function rawSignatureOf(der: Uint8Array, numberBytes: number): Uint8Array {
  const reader = readDer(der, Tag.sequence)
  const raw = new Uint8Array(numberBytes * 2)
  placeNumber(reader, raw, 0, numberBytes)
  placeNumber(reader, raw, numberBytes, numberBytes)
  reader.end()
  return raw
}

function placeNumber(reader: DerReader, raw: Uint8Array, start: number, numberBytes: number): void {
  const number = unsignedOf(reader.read(Tag.integer).value)
  if (number.length > numberBytes) throw refuse('DER_INVALID', 'a signature has a number that is too long')
  raw.set(number, start + numberBytes - number.length)
}

/** WebCrypto's types want a view of a plain buffer; all bytes here are. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>
}
