import { equalBytes, toHex } from '../bytes.ts'
import { DerReader, Tag, booleanOf, oidText, readDer, smallOf, unsignedOf } from './der.ts'
import { readPublicKey, signatureAlgorithmOf, type PublicKey, type SignatureAlgorithm } from './public-key.ts'
import { refuse } from './verified.ts'

/**
 * X.509 v3 certificates (RFC 5280) as far as the platforms' chains need them, read once and strictly: what is not
 * understood and marked critical is refused.
 */

export interface Extension {
  readonly critical: boolean
  readonly value: Uint8Array
}

export interface KeyUsage {
  readonly digitalSignature: boolean
  readonly certificateSign: boolean
  readonly crlSign: boolean
}

export interface Certificate {
  readonly der: Uint8Array
  /** The bytes that the signature covers. */
  readonly tbs: Uint8Array
  /** Lower-case hex without leading zero bytes. */
  readonly serial: string
  /** Names as they stand: compared byte for byte. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly publicKey: PublicKey
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly signature: Uint8Array
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | null } | null
  readonly keyUsage: KeyUsage | null
  readonly subjectKeyId: Uint8Array | null
  readonly authorityKeyId: Uint8Array | null
  readonly extensions: ReadonlyMap<string, Extension>
}

const certificateBytesMax = 16_384
const extensionsMax = 32

const oid = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
} as const

/** Critical extensions that are looked at; any other critical one is refused. */
const understood: ReadonlySet<string> = new Set([oid.keyUsage, oid.basicConstraints])

/** @throws {VerificationError} `CERTIFICATE_INVALID`, `DER_INVALID`, `ALGORITHM_REFUSED` */
export function readCertificate(der: Uint8Array): Certificate {
  if (der.length > certificateBytesMax) throw invalid('it is too large')
  const outer = readDer(der, Tag.sequence)
  const tbs = outer.read(Tag.sequence)
  const algorithm = outer.read(Tag.sequence).raw
  const signature = outer.bitStringBytes()
  outer.end()

  const reader = new DerReader(tbs.value)
  const version = reader.inside(0xa0)
  if (version.smallInteger() !== 2) throw invalid('it is not of version 3')
  version.end()
  const serial = serialOf(reader.read(Tag.integer).value)
  // The inner algorithm is signed, the outer one is not: they must be the same.
  if (!equalBytes(reader.read(Tag.sequence).raw, algorithm))
    throw invalid('it names two signature algorithms')
  const issuer = reader.read(Tag.sequence).raw
  const validity = reader.inside(Tag.sequence)
  const notBeforeMs = validity.timeMs()
  const notAfterMs = validity.timeMs()
  validity.end()
  const subject = reader.read(Tag.sequence).raw
  const publicKey = readPublicKey(reader.read(Tag.sequence).raw)
  const extensions = readExtensions(reader.inside(0xa3))
  reader.end()

  for (const [id, { critical }] of extensions) {
    if (critical && !understood.has(id))
      throw invalid(`it has the critical extension ${id}, which is not understood`)
  }
  return {
    der,
    tbs: tbs.raw,
    serial,
    issuer,
    subject,
    notBeforeMs,
    notAfterMs,
    publicKey,
    signatureAlgorithm: signatureAlgorithmOf(algorithm),
    signature,
    basicConstraints: mapped(extensions, oid.basicConstraints, basicConstraintsOf),
    keyUsage: mapped(extensions, oid.keyUsage, keyUsageOf),
    subjectKeyId: mapped(extensions, oid.subjectKeyId, octetStringOf),
    authorityKeyId: mapped(extensions, oid.authorityKeyId, authorityKeyIdOf),
    extensions,
  }
}

/** `Extensions`, as certificates, revocation lists and their entries have them; none twice. */
export function readExtensions(holder: DerReader): Map<string, Extension> {
  const list = holder.inside(Tag.sequence)
  holder.end()
  const extensions = new Map<string, Extension>()
  while (!list.atEnd) {
    const extension = list.inside(Tag.sequence)
    const id = oidText(extension.read(Tag.oid).value)
    const flag = extension.optional(Tag.boolean)
    const critical = flag !== null && booleanOf(flag.value)
    const { value } = extension.read(Tag.octetString)
    extension.end()
    if (extensions.has(id)) throw invalid(`it has the extension ${id} twice`)
    extensions.set(id, { critical, value })
    if (extensions.size > extensionsMax) throw invalid('it has too many extensions')
  }
  return extensions
}

/** A serial number as its text; at most the 20 bytes that RFC 5280 allows, and a sign byte. */
export function serialOf(value: Uint8Array): string {
  const bytes = unsignedOf(value)
  if (bytes.length > 20) throw invalid('its serial number is too long')
  return toHex(bytes)
}

/** The subject's common name, by which makers tell the roles of their certificates apart. */
export function commonNameOf(certificate: Certificate): string {
  const names = readDer(certificate.subject, Tag.sequence)
  let name = ''
  while (!names.atEnd) {
    const part = names.inside(Tag.set).inside(Tag.sequence)
    if (part.oid() !== '2.5.4.3') continue
    if (name !== '') throw invalid('it has two common names')
    name = String.fromCharCode(...part.element().value.subarray(0, 64))
  }
  return name
}

function mapped<Value>(
  extensions: ReadonlyMap<string, Extension>,
  id: string,
  read: (value: Uint8Array) => Value,
): Value | null {
  const extension = extensions.get(id)
  return extension === undefined ? null : read(extension.value)
}

function basicConstraintsOf(value: Uint8Array): { ca: boolean; pathLength: number | null } {
  const reader = readDer(value, Tag.sequence)
  const flag = reader.optional(Tag.boolean)
  const ca = flag !== null && booleanOf(flag.value)
  const length = reader.optional(Tag.integer)
  reader.end()
  if (length !== null && !ca) throw invalid('it limits a path that it must not start')
  return { ca, pathLength: length === null ? null : smallOf(unsignedOf(length.value)) }
}

function keyUsageOf(value: Uint8Array): KeyUsage {
  const reader = new DerReader(value)
  const bits = reader.bitString().value
  reader.end()
  const first = bits[0] ?? 0
  return {
    digitalSignature: (first & 0x80) !== 0,
    certificateSign: (first & 0x04) !== 0,
    crlSign: (first & 0x02) !== 0,
  }
}

function octetStringOf(value: Uint8Array): Uint8Array {
  const reader = new DerReader(value)
  const octets = reader.read(Tag.octetString).value
  reader.end()
  return octets
}

/** The key identifier inside; issuer and serial number, where they stand there too, say nothing more. */
export function authorityKeyIdOf(value: Uint8Array): Uint8Array {
  return readDer(value, Tag.sequence).optional(0x80)?.value ?? new Uint8Array()
}

function invalid(why: string): Error {
  return refuse('CERTIFICATE_INVALID', `a certificate is not accepted: ${why}`)
}
