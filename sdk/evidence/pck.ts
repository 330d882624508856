import { toHex } from '../bytes.ts'
import { DerReader, Tag, readDer, smallOf, unsignedOf } from './der.ts'
import { refuse } from './verified.ts'
import type { Certificate } from './x509.ts'

/** What a PCK certificate says of its platform (Intel SGX PCK certificate specification, "SGX extensions"). */
export interface PckPlatform {
  /** The sixteen levels of the CPU and its firmware, and that of the PCE. */
  readonly components: readonly number[]
  readonly pceSvn: number
  /** Lower-case hex. */
  readonly pceId: string
  readonly fmspc: string
}

const extensionOid = '1.2.840.113741.1.13.1'

/** @throws {VerificationError} `CERTIFICATE_INVALID`, `DER_INVALID` */
export function readPckPlatform(certificate: Certificate): PckPlatform {
  const extension = certificate.extensions.get(extensionOid)
  if (extension === undefined) throw invalid('it has no SGX extension')
  const parts = readParts(readDer(extension.value, Tag.sequence))
  const levels = readParts(readerOf(parts, 2).inside(Tag.sequence))
  const components = Array.from({ length: 16 }, (_, index) => levelOf(levels, index + 1, 255))
  return {
    components,
    pceSvn: levelOf(levels, 17, 65_535),
    pceId: octetsOf(parts, 3, 2),
    fmspc: octetsOf(parts, 4, 6),
  }
}

/** A list of pairs (identifier, value), by the identifier's last arc. */
function readParts(list: DerReader): ReadonlyMap<number, Uint8Array> {
  const parts = new Map<number, Uint8Array>()
  while (!list.atEnd) {
    const pair = list.inside(Tag.sequence)
    const id = pair.oid()
    const { raw } = pair.element()
    pair.end()
    const arc = Number(id.slice(id.lastIndexOf('.') + 1))
    if (!id.startsWith(`${extensionOid}.`) || parts.has(arc))
      throw invalid('its SGX extension is not as Intel makes it')
    parts.set(arc, raw)
  }
  return parts
}

function readerOf(parts: ReadonlyMap<number, Uint8Array>, arc: number): DerReader {
  const raw = parts.get(arc)
  if (raw === undefined) throw invalid(`its SGX extension lacks part ${arc}`)
  return new DerReader(raw)
}

function levelOf(parts: ReadonlyMap<number, Uint8Array>, arc: number, max: number): number {
  const level = smallOf(unsignedOf(readerOf(parts, arc).read(Tag.integer).value))
  if (level > max) throw invalid('its SGX extension has a level out of bounds')
  return level
}

function octetsOf(parts: ReadonlyMap<number, Uint8Array>, arc: number, length: number): string {
  const octets = readerOf(parts, arc).read(Tag.octetString).value
  if (octets.length !== length) throw invalid(`part ${arc} of its SGX extension has the wrong length`)
  return toHex(octets)
}

function invalid(why: string): Error {
  return refuse('CERTIFICATE_INVALID', `the PCK certificate is not accepted: ${why}`)
}
