import { toHex } from '../bytes.ts'
import { ByteReader, isZero, reversed } from './byte-reader.ts'
import type { AmdProduct } from './roots.ts'
import { refuse } from './verified.ts'

/**
 * The attestation report of SEV-SNP (AMD publication 56860, table "ATTESTATION_REPORT"), versions 2 to 5: 1184 bytes,
 * of which the first 0x2A0 are signed.
 */

/** Security patch levels of the chip's firmware. `fmc` is there on Turin only. */
export type SnpTcb = Readonly<Partial<Record<SnpTcbPart, number>>>
export type SnpTcbPart = 'fmc' | 'bootloader' | 'tee' | 'snp' | 'microcode'

export interface SnpPolicy {
  readonly abiMinor: number
  readonly abiMajor: number
  readonly smt: boolean
  readonly migrateMa: boolean
  readonly debug: boolean
  readonly singleSocket: boolean
}

export interface SnpReport {
  readonly version: number
  readonly guestSvn: number
  readonly policy: SnpPolicy
  readonly policyHex: string
  readonly familyId: Uint8Array
  readonly imageId: Uint8Array
  readonly vmpl: number
  readonly platformInfo: Uint8Array
  readonly maskChipKey: boolean
  readonly signingKey: 'VCEK' | 'VLEK'
  readonly reportData: Uint8Array
  readonly measurement: Uint8Array
  readonly hostData: Uint8Array
  readonly idKeyDigest: Uint8Array
  readonly authorKeyDigest: Uint8Array
  readonly reportId: Uint8Array
  readonly chipId: Uint8Array
  /** Eight bytes each, as they stand; {@link readSnpTcb} reads them by product. */
  readonly currentTcb: Uint8Array
  readonly reportedTcb: Uint8Array
  readonly committedTcb: Uint8Array
  readonly launchTcb: Uint8Array
  /** From version 3 on the report says which chip it is of. */
  readonly product: AmdProduct | null
  readonly signed: Uint8Array
  /** R and S in one row, big-endian, 48 bytes each. */
  readonly signature: Uint8Array
}

export const snpReportBytes = 1184
const signedBytes = 0x2a0
const code = 'SNP_REPORT_INVALID'

/** @throws {VerificationError} `SNP_REPORT_INVALID` */
export function readSnpReport(bytes: Uint8Array): SnpReport {
  if (bytes.length !== snpReportBytes)
    throw refuse(code, `a report of ${bytes.length} bytes, not ${snpReportBytes}`)
  const reader = new ByteReader(bytes, code)
  const version = reader.u32()
  if (version < 2 || version > 5) throw refuse(code, `the report is of version ${version}, not 2 to 5`)
  const guestSvn = reader.u32()
  const policyBytes = reader.bytes(8)
  const familyId = reader.bytes(16)
  const imageId = reader.bytes(16)
  const vmpl = reader.u32()
  if (vmpl > 3) throw refuse(code, 'the report names a privilege level that does not exist')
  if (reader.u32() !== 1) throw refuse(code, 'the report is not signed by ECDSA P-384 with SHA-384')
  const currentTcb = reader.bytes(8)
  const platformInfo = reader.bytes(8)
  const keyInfo = reader.u32()
  reader.zeros(4)
  const reportData = reader.bytes(64)
  const measurement = reader.bytes(48)
  const hostData = reader.bytes(32)
  const idKeyDigest = reader.bytes(48)
  const authorKeyDigest = reader.bytes(48)
  const reportId = reader.bytes(32)
  reader.bytes(32) // REPORT_ID_MA: says nothing without a migration agent, which is refused
  const reportedTcb = reader.bytes(8)
  const family = reader.u8()
  const model = reader.u8()
  reader.u8() // stepping
  reader.bytes(21)
  const chipId = reader.bytes(64)
  const committedTcb = reader.bytes(8)
  reader.bytes(8) // firmware builds: a name, not a level
  const launchTcb = reader.bytes(8)
  reader.bytes(signedBytes - reader.at)
  const r = reader.bytes(48)
  reader.zeros(24)
  const s = reader.bytes(48)
  reader.zeros(24)
  reader.zeros(snpReportBytes - reader.at)
  const signature = new Uint8Array(96)
  signature.set(reversed(r))
  signature.set(reversed(s), 48)
  return {
    version,
    guestSvn,
    policy: readPolicy(policyBytes),
    policyHex: toHex(reversed(policyBytes)),
    familyId,
    imageId,
    vmpl,
    platformInfo,
    maskChipKey: (keyInfo & 2) !== 0,
    signingKey: signingKeyOf(keyInfo),
    reportData,
    measurement,
    hostData,
    idKeyDigest,
    authorKeyDigest,
    reportId,
    chipId,
    currentTcb,
    reportedTcb,
    committedTcb,
    launchTcb,
    product: version >= 3 ? productOf(family, model) : null,
    signed: bytes.subarray(0, signedBytes),
    signature,
  }
}

function readPolicy(bytes: Uint8Array): SnpPolicy {
  const flags = bytes[2]!
  if ((flags & 2) === 0) throw refuse(code, 'bit 17 of the guest policy, which is always one, is zero')
  return {
    abiMinor: bytes[0]!,
    abiMajor: bytes[1]!,
    smt: (flags & 1) !== 0,
    migrateMa: (flags & 4) !== 0,
    debug: (flags & 8) !== 0,
    singleSocket: (flags & 16) !== 0,
  }
}

function signingKeyOf(keyInfo: number): 'VCEK' | 'VLEK' {
  const kind = (keyInfo >> 2) & 7
  if (kind === 0) return 'VCEK'
  if (kind === 1) return 'VLEK'
  throw refuse(code, 'the report is signed by no key of AMD')
}

/** CPUID family and model (AMD publication 57230). */
function productOf(family: number, model: number): AmdProduct {
  if (family === 0x19) {
    if (model <= 0x0f) return 'Milan'
    if ((model >= 0x10 && model <= 0x1f) || (model >= 0xa0 && model <= 0xaf)) return 'Genoa'
  }
  if (family === 0x1a && model <= 0x1f) return 'Turin'
  throw refuse(code, 'the report is of a processor that is not known here')
}

/** @throws {VerificationError} `SNP_REPORT_INVALID` */
export function readSnpTcb(bytes: Uint8Array, product: AmdProduct): SnpTcb {
  const reserved = product === 'Turin' ? bytes.subarray(4, 7) : bytes.subarray(2, 6)
  if (!isZero(reserved)) throw refuse(code, 'a TCB version has reserved parts that are not zero')
  return product === 'Turin'
    ? { fmc: bytes[0]!, bootloader: bytes[1]!, tee: bytes[2]!, snp: bytes[3]!, microcode: bytes[7]! }
    : { bootloader: bytes[0]!, tee: bytes[1]!, snp: bytes[6]!, microcode: bytes[7]! }
}
