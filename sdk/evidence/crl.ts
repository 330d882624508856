import { equalBytes } from '../bytes.ts'
import { DerReader, Tag, readDer } from './der.ts'
import { signatureAlgorithmOf, verifyDer, type SignatureAlgorithm } from './public-key.ts'
import { refuse } from './verified.ts'
import { authorityKeyIdOf, readExtensions, serialOf, type Certificate, type Extension } from './x509.ts'

/** A certificate revocation list (RFC 5280, version 2, complete, of one issuer). */
export interface Crl {
  readonly tbs: Uint8Array
  readonly issuer: Uint8Array
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
  /** Serial numbers, as {@link Certificate.serial}. */
  readonly revoked: ReadonlySet<string>
  readonly authorityKeyId: Uint8Array | null
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly signature: Uint8Array
}

const crlBytesMax = 4_194_304

/** @throws {VerificationError} `CRL_INVALID`, `DER_INVALID`, `ALGORITHM_REFUSED` */
export function readCrl(der: Uint8Array): Crl {
  if (der.length === 0) throw invalid('it is empty')
  if (der.length > crlBytesMax) throw invalid('it is too large')
  const outer = readDer(der, Tag.sequence)
  const tbs = outer.read(Tag.sequence)
  const algorithm = outer.read(Tag.sequence).raw
  const signature = outer.bitStringBytes()
  outer.end()

  const reader = new DerReader(tbs.value)
  if (reader.smallInteger() !== 1) throw invalid('it is not of version 2')
  if (!equalBytes(reader.read(Tag.sequence).raw, algorithm))
    throw invalid('it names two signature algorithms')
  const issuer = reader.read(Tag.sequence).raw
  const thisUpdateMs = reader.timeMs()
  const nextUpdateMs = reader.timeMs()
  const revoked = new Set<string>()
  if (reader.peek() === Tag.sequence) {
    const list = reader.inside(Tag.sequence)
    while (!list.atEnd) revoked.add(entrySerial(list.inside(Tag.sequence)))
  }
  const extensions =
    reader.peek() === 0xa0 ? readExtensions(reader.inside(0xa0)) : new Map<string, Extension>()
  reader.end()
  refuseCritical(extensions)
  const authorityKey = extensions.get('2.5.29.35')
  return {
    tbs: tbs.raw,
    issuer,
    thisUpdateMs,
    nextUpdateMs,
    revoked,
    authorityKeyId: authorityKey === undefined ? null : authorityKeyIdOf(authorityKey.value),
    signatureAlgorithm: signatureAlgorithmOf(algorithm),
    signature,
  }
}

function entrySerial(entry: DerReader): string {
  const serial = serialOf(entry.read(Tag.integer).value)
  entry.timeMs()
  if (!entry.atEnd) refuseCritical(readExtensions(entry))
  return serial
}

/** Partial and indirect lists say so by critical extensions: read as complete ones they would hide revocations. */
function refuseCritical(extensions: ReadonlyMap<string, Extension>): void {
  for (const [id, { critical }] of extensions) {
    if (critical) throw invalid(`it has the critical extension ${id}, which is not understood`)
  }
}

/**
 * The list is `issuer`'s, signed by it and in force at `atMs`.
 * @throws {VerificationError} `CRL_INVALID`, `CRL_EXPIRED`, `CRL_NOT_YET_VALID`
 */
export async function verifyCrl(crl: Crl, issuer: Certificate, atMs: number): Promise<void> {
  if (!equalBytes(crl.issuer, issuer.subject)) throw invalid('it is of another issuer')
  if (issuer.keyUsage?.crlSign !== true) throw invalid('its issuer must not sign revocation lists')
  const { authorityKeyId } = crl
  if (
    authorityKeyId !== null &&
    issuer.subjectKeyId !== null &&
    !equalBytes(authorityKeyId, issuer.subjectKeyId)
  ) {
    throw invalid('it names another key of its issuer')
  }
  if (!(await verifyDer(issuer.publicKey, crl.signatureAlgorithm, crl.signature, crl.tbs))) {
    throw invalid('its signature does not hold')
  }
  if (atMs < crl.thisUpdateMs) {
    throw refuse('CRL_NOT_YET_VALID', 'a revocation list is newer than the time of verification')
  }
  if (!(atMs <= crl.nextUpdateMs)) {
    throw refuse(
      'CRL_EXPIRED',
      `a revocation list was in force until ${new Date(crl.nextUpdateMs).toISOString()}`,
    )
  }
}

/** @throws {VerificationError} `CERTIFICATE_REVOKED` */
export function refuseRevoked(certificate: Certificate, crl: Crl): void {
  if (!equalBytes(certificate.issuer, crl.issuer)) throw invalid('it is not of the issuer of the certificate')
  if (crl.revoked.has(certificate.serial)) {
    throw refuse('CERTIFICATE_REVOKED', 'the maker has revoked a certificate of the chain')
  }
}

function invalid(why: string): Error {
  return refuse('CRL_INVALID', `a revocation list is not accepted: ${why}`)
}
