import { equalBytes, fromHex, utf8 } from '../bytes.ts'
import { readCbor, readTaggedCbor, type Cbor, type CborMap } from './cbor.ts'
import { refuse } from './verified.ts'

/**
 * The attestation document of the Nitro security module: a COSE_Sign1 (RFC 9052) whose payload is a CBOR map
 * (aws-nitro-enclaves-nsm-api, "attestation process").
 */
export interface NitroDocument {
  readonly moduleId: string
  /** The hypervisor's clock. */
  readonly timestampMs: number
  /** Whose registers: an enclave's, or those of an instance's NitroTPM. */
  readonly registers: 'pcrs' | 'nitrotpm_pcrs'
  readonly pcrs: ReadonlyMap<number, Uint8Array>
  /** DER; the leaf, whose key signed the document. */
  readonly certificate: Uint8Array
  /** DER, from the root downwards. */
  readonly cabundle: readonly Uint8Array[]
  readonly publicKey: Uint8Array | null
  readonly userData: Uint8Array | null
  readonly nonce: Uint8Array | null
  /** The bytes that the signature covers. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

const code = 'NITRO_DOCUMENT_INVALID'
const documentBytesMax = 65_536
/** The map {1: -35}: ES384, and nothing else. */
const protectedEs384 = fromHex('a1013822')

const members = [
  'module_id',
  'digest',
  'timestamp',
  'certificate',
  'cabundle',
  'public_key',
  'user_data',
  'nonce',
]

/** @throws {VerificationError} `NITRO_DOCUMENT_INVALID`, `CBOR_INVALID` */
export function readNitroDocument(bytes: Uint8Array): NitroDocument {
  if (bytes.length > documentBytesMax) throw invalid('it is too large')
  const envelope = readTaggedCbor(bytes, 18)
  if (!Array.isArray(envelope) || envelope.length !== 4) throw invalid('it is no COSE_Sign1')
  const [header, unprotected, payload, signature] = envelope as readonly Cbor[]
  if (!(header instanceof Uint8Array) || !equalBytes(header, protectedEs384)) {
    throw invalid('it is not signed by ECDSA P-384 with SHA-384')
  }
  if (!(unprotected instanceof Map) || unprotected.size !== 0) throw invalid('it has an unprotected header')
  if (!(payload instanceof Uint8Array)) throw invalid('it has no payload')
  if (!(signature instanceof Uint8Array) || signature.length !== 96)
    throw invalid('its signature is no pair of numbers')

  const map = readCbor(payload)
  if (!isMap(map)) throw invalid('its payload is no map')
  const registers = map.has('nitrotpm_pcrs') ? 'nitrotpm_pcrs' : 'pcrs'
  for (const key of map.keys()) {
    if (key !== registers && !members.includes(String(key)))
      throw invalid('its payload has an unknown member')
  }
  if (map.get('digest') !== 'SHA384') throw invalid('its registers are not of SHA-384')
  const moduleId = map.get('module_id')
  if (typeof moduleId !== 'string' || moduleId.length === 0) throw invalid('it names no module')
  const timestampMs = map.get('timestamp')
  if (typeof timestampMs !== 'number' || timestampMs <= 0) throw invalid('it has no time')
  return {
    moduleId,
    timestampMs,
    registers,
    pcrs: pcrsOf(map.get(registers)),
    certificate: bytesOf(map.get('certificate'), 1, 1_024),
    cabundle: cabundleOf(map.get('cabundle')),
    publicKey: optionalBytes(map.get('public_key'), 1_024),
    userData: optionalBytes(map.get('user_data'), 512),
    nonce: optionalBytes(map.get('nonce'), 512),
    signed: sigStructure(payload),
    signature,
  }
}

function pcrsOf(value: Cbor | undefined): ReadonlyMap<number, Uint8Array> {
  if (!isMap(value) || value.size === 0 || value.size > 32) throw invalid('it has no registers')
  const pcrs = new Map<number, Uint8Array>()
  for (const [index, register] of value) {
    if (typeof index !== 'number' || index < 0 || index > 31)
      throw invalid('it has a register that does not exist')
    // SHA-384 makes 48 bytes; the specification knows the lengths of its relatives too.
    const bytes = bytesOf(register, 32, 64)
    if (![32, 48, 64].includes(bytes.length)) throw invalid('a register is not of a length that one has')
    pcrs.set(index, bytes)
  }
  return pcrs
}

function cabundleOf(value: Cbor | undefined): readonly Uint8Array[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > 6)
    throw invalid('it has no certificate chain')
  return (value as readonly Cbor[]).map((certificate) => bytesOf(certificate, 1, 1_024))
}

function bytesOf(value: Cbor | undefined, min: number, max: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length < min || value.length > max) {
    throw invalid('a member of its payload is not of the length it must have')
  }
  return value
}

function optionalBytes(value: Cbor | undefined, max: number): Uint8Array | null {
  return value === undefined || value === null ? null : bytesOf(value, 0, max)
}

function isMap(value: Cbor | undefined): value is CborMap {
  return value instanceof Map
}

/** `["Signature1", protected, external_aad, payload]` of RFC 9052, 4.4, over the payload's original bytes. */
function sigStructure(payload: Uint8Array): Uint8Array {
  const start = [0x84, 0x6a, ...utf8('Signature1'), 0x44, ...protectedEs384, 0x40]
  const { length } = payload
  const head =
    length < 24 ? [0x40 + length] : length < 256 ? [0x58, length] : [0x59, length >> 8, length & 0xff]
  return Uint8Array.from([...start, ...head, ...payload])
}

function invalid(why: string): Error {
  return refuse(code, `the document is not accepted: ${why}`)
}
