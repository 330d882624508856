import { equalBytes, fromHex } from '../bytes.ts'
import { ByteReader } from './byte-reader.ts'
import { refuse } from './verified.ts'

/**
 * Quotes of Intel's DCAP: version 3 (SGX), 4 (SGX, TD 1.0) and 5 (also TD 1.5), signed by ECDSA P-256 and certified
 * by the PCK chain that they carry.
 */

export interface EnclaveReport {
  readonly kind: 'sgx'
  readonly cpuSvn: Uint8Array
  readonly miscSelect: Uint8Array
  readonly attributes: Uint8Array
  readonly mrEnclave: Uint8Array
  readonly mrSigner: Uint8Array
  readonly isvProdId: number
  readonly isvSvn: number
  readonly reportData: Uint8Array
}

export interface TdReport {
  readonly kind: 'td10' | 'td15'
  readonly teeTcbSvn: Uint8Array
  readonly mrSeam: Uint8Array
  readonly mrSignerSeam: Uint8Array
  readonly seamAttributes: Uint8Array
  readonly tdAttributes: Uint8Array
  readonly xfam: Uint8Array
  readonly mrTd: Uint8Array
  readonly mrConfigId: Uint8Array
  readonly mrOwner: Uint8Array
  readonly mrOwnerConfig: Uint8Array
  readonly rtmr: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  readonly reportData: Uint8Array
  /** TD 1.5 only: levels of the module now running, and the TDs bound to this one. */
  readonly teeTcbSvn2: Uint8Array | null
  readonly mrServiceTd: Uint8Array | null
}

export interface DcapQuote {
  readonly version: 3 | 4 | 5
  readonly body: EnclaveReport | TdReport
  /** Header and body: what the attestation key signed. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
  /** The two coordinates. */
  readonly attestationKey: Uint8Array
  /** The quoting enclave's own report, as the PCK key signed it. */
  readonly qeReportBytes: Uint8Array
  readonly qeReport: EnclaveReport
  readonly qeReportSignature: Uint8Array
  readonly qeAuthData: Uint8Array
  /** PEM, leaf first. */
  readonly pckChain: Uint8Array
  /** What stands behind the quote: drivers hand out a buffer of fixed size, filled up with zeros. */
  readonly trailing: Uint8Array
}

const code = 'QUOTE_INVALID'
const quoteBytesMax = 65_536
const headerBytes = 48
const intelVendor = fromHex('939a7233f79c4ca9940a0db3957f0607')
const enclaveReportBytes = 384
const td10Bytes = 584
const td15Bytes = 648

/** @throws {VerificationError} `QUOTE_INVALID` */
export function readDcapQuote(bytes: Uint8Array): DcapQuote {
  if (bytes.length > quoteBytesMax) throw invalid('it is too large')
  const reader = new ByteReader(bytes, code)
  const version = reader.u16()
  if (version !== 3 && version !== 4 && version !== 5)
    throw invalid('it is of a version other than 3, 4 and 5')
  if (reader.u16() !== 2) throw invalid('it is not signed by ECDSA P-256')
  const teeType = reader.u32()
  if (teeType !== 0 && teeType !== 0x81) throw invalid('it is neither of TDX nor of SGX')
  reader.bytes(4) // versions of QE and PCE: judged by the QE's report and the PCK certificate instead
  if (!equalBytes(reader.bytes(16), intelVendor)) throw invalid('it is not made by Intel’s quoting enclave')
  reader.bytes(headerBytes - reader.at)
  const body = readBody(reader, version, teeType)
  const signed = bytes.subarray(0, reader.at)
  const signatureData = new ByteReader(reader.bytes(reader.u32()), code)
  const trailing = reader.rest()
  const signature = signatureData.bytes(64)
  const attestationKey = signatureData.bytes(64)
  return {
    version,
    body,
    signed,
    signature,
    attestationKey,
    trailing,
    ...readCertification(version === 3 ? signatureData : certificationOf(signatureData)),
  }
}

function readBody(reader: ByteReader, version: 3 | 4 | 5, teeType: number): EnclaveReport | TdReport {
  if (version === 5) {
    const kind = reader.u16()
    const length = reader.u32()
    if (kind === 1 && teeType === 0 && length === enclaveReportBytes) return readEnclaveReport(reader)
    if (kind === 2 && teeType === 0x81 && length === td10Bytes) return readTdReport(reader, 'td10')
    if (kind === 3 && teeType === 0x81 && length === td15Bytes) return readTdReport(reader, 'td15')
    throw invalid('its body is of a kind not known here')
  }
  if (teeType === 0) return readEnclaveReport(reader)
  if (version === 3) throw invalid('version 3 is of SGX only')
  return readTdReport(reader, 'td10')
}

/** From version 4 on the QE's report and its chain stand one level deeper, as certification data of type 6. */
function certificationOf(signatureData: ByteReader): ByteReader {
  if (signatureData.u16() !== 6) throw invalid('its certification is not of type 6')
  const inner = signatureData.bytes(signatureData.u32())
  if (signatureData.rest().length > 0) throw invalid('it has bytes after its certification')
  return new ByteReader(inner, code)
}

function readCertification(
  reader: ByteReader,
): Pick<DcapQuote, 'qeReportBytes' | 'qeReport' | 'qeReportSignature' | 'qeAuthData' | 'pckChain'> {
  const qeReportBytes = reader.bytes(enclaveReportBytes)
  const qeReportSignature = reader.bytes(64)
  const qeAuthData = reader.bytes(reader.u16())
  if (reader.u16() !== 5) throw invalid('it does not carry its PCK certificate chain (type 5)')
  const pckChain = reader.bytes(reader.u32())
  if (reader.rest().length > 0) throw invalid('it has bytes after its certificate chain')
  const qeReport = readEnclaveReport(new ByteReader(qeReportBytes, code))
  return { qeReportBytes, qeReport, qeReportSignature, qeAuthData, pckChain }
}

function readEnclaveReport(reader: ByteReader): EnclaveReport {
  const cpuSvn = reader.bytes(16)
  const miscSelect = reader.bytes(4)
  reader.bytes(28)
  const attributes = reader.bytes(16)
  const mrEnclave = reader.bytes(32)
  reader.bytes(32)
  const mrSigner = reader.bytes(32)
  reader.bytes(96)
  const isvProdId = reader.u16()
  const isvSvn = reader.u16()
  reader.bytes(60)
  const reportData = reader.bytes(64)
  return { kind: 'sgx', cpuSvn, miscSelect, attributes, mrEnclave, mrSigner, isvProdId, isvSvn, reportData }
}

function readTdReport(reader: ByteReader, kind: 'td10' | 'td15'): TdReport {
  return {
    kind,
    teeTcbSvn: reader.bytes(16),
    mrSeam: reader.bytes(48),
    mrSignerSeam: reader.bytes(48),
    seamAttributes: reader.bytes(8),
    tdAttributes: reader.bytes(8),
    xfam: reader.bytes(8),
    mrTd: reader.bytes(48),
    mrConfigId: reader.bytes(48),
    mrOwner: reader.bytes(48),
    mrOwnerConfig: reader.bytes(48),
    rtmr: [reader.bytes(48), reader.bytes(48), reader.bytes(48), reader.bytes(48)],
    reportData: reader.bytes(64),
    teeTcbSvn2: kind === 'td15' ? reader.bytes(16) : null,
    mrServiceTd: kind === 'td15' ? reader.bytes(48) : null,
  }
}

function invalid(why: string): Error {
  return refuse(code, `the quote is not accepted: ${why}`)
}
