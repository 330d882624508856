import { equalBytes } from '../bytes.ts'
import { isZero } from './byte-reader.ts'
import type { EnclaveReport, TdReport } from './dcap-quote.ts'
import type { PckPlatform } from './pck.ts'
import {
  tcbStatuses,
  type ModuleIdentity,
  type QeIdentity,
  type SvnLevel,
  type TcbInfo,
  type TcbStatus,
  type TcbVerdict,
} from './tcb-info.ts'
import { refuse } from './verified.ts'

/**
 * How good a platform's firmware is, by Intel's own walk (Intel TDX DCAP quoting library API, "TCB level
 * determination"): the first level, from the best downwards, that platform, module and quoting enclave reach.
 */
export function platformVerdict(
  info: TcbInfo,
  platform: PckPlatform,
  body: EnclaveReport | TdReport,
  qe: TcbVerdict,
): TcbVerdict {
  if (info.fmspc !== platform.fmspc || info.pceId !== platform.pceId) {
    throw refuse('TCB_INFO_MISMATCH', 'the TCB info is of another platform than the quote')
  }
  if ((info.id === 'TDX') !== (body.kind !== 'sgx')) {
    throw refuse('TCB_INFO_MISMATCH', 'the TCB info is of another technology than the quote')
  }
  const teeSvn = body.kind === 'sgx' ? null : body.teeTcbSvn
  const level = info.levels.find(
    ({ sgx, pceSvn, tdx }) =>
      platform.pceSvn >= pceSvn &&
      sgx.every((svn, index) => platform.components[index]! >= svn) &&
      (teeSvn === null || reaches(teeSvn, tdx)),
  )
  if (level === undefined) {
    throw refuse('TCB_LEVEL_UNKNOWN', 'the platform’s firmware is below every level that Intel knows')
  }
  const parts = body.kind === 'sgx' ? [qe] : [moduleVerdict(info, body), qe]
  return parts.reduce<TcbVerdict>(converge, level)
}

/** A module with a version is judged by its own identity, so its two levels don't count here. */
function reaches(teeSvn: Uint8Array, components: readonly number[]): boolean {
  const start = teeSvn[1]! > 0 ? 2 : 0
  return components.every((svn, index) => index < start || teeSvn[index]! >= svn)
}

/** The TDX module that runs the TD: signed by Intel, and its level. */
function moduleVerdict(info: TcbInfo, body: TdReport): TcbVerdict {
  const version = body.teeTcbSvn[1]!
  const name = `TDX_${version.toString(16).padStart(2, '0').toUpperCase()}`
  const module = version === 0 ? info.module : info.modules.get(name)
  if (module === undefined || module === null) {
    throw refuse('TDX_MODULE_UNKNOWN', 'the TD runs on a module that Intel’s TCB info does not know')
  }
  checkModule(module, body)
  if (version === 0) return { status: 'UpToDate', advisoryIds: [] }
  return svnVerdict(module.levels, body.teeTcbSvn[0]!, 'the TDX module')
}

function checkModule(module: ModuleIdentity, body: TdReport): void {
  const same =
    equalBytes(body.mrSignerSeam, module.mrSigner) &&
    equalBytes(masked(body.seamAttributes, module.attributesMask), module.attributes)
  if (!same) throw refuse('TDX_MODULE_UNKNOWN', 'the TD runs on a module that is not the one Intel signed')
  if (!isZero(body.seamAttributes)) {
    throw refuse('TDX_MODULE_UNKNOWN', 'the TDX module has attributes that no production module has')
  }
}

/** The quoting enclave is Intel's, not in debug mode, and of a known level. */
export function qeVerdict(identity: QeIdentity, report: EnclaveReport, isTdx: boolean): TcbVerdict {
  if (identity.id !== (isTdx ? 'TD_QE' : 'QE')) {
    throw refuse('QE_IDENTITY_MISMATCH', 'the QE identity is of another technology than the quote')
  }
  const same =
    equalBytes(masked(report.miscSelect, identity.miscSelectMask), identity.miscSelect) &&
    equalBytes(masked(report.attributes, identity.attributesMask), identity.attributes) &&
    equalBytes(report.mrSigner, identity.mrSigner) &&
    report.isvProdId === identity.isvProdId
  if (!same || isDebug(report)) {
    throw refuse(
      'QE_IDENTITY_MISMATCH',
      'the quote is made by an enclave that is not Intel’s quoting enclave',
    )
  }
  return svnVerdict(identity.levels, report.isvSvn, 'the quoting enclave')
}

/** Bit 1 of the attributes: its host can read what the enclave does. */
export function isDebug(report: EnclaveReport): boolean {
  return (report.attributes[0]! & 2) !== 0
}

function svnVerdict(levels: readonly SvnLevel[], isvSvn: number, what: string): TcbVerdict {
  const level = levels.find((candidate) => isvSvn >= candidate.isvSvn)
  if (level === undefined) throw refuse('TCB_LEVEL_UNKNOWN', `${what} is below every level that Intel knows`)
  return level
}

/** Platform and part together: the part can only make it worse. */
function converge(platform: TcbVerdict, part: TcbVerdict): TcbVerdict {
  const advisoryIds = [...new Set([...platform.advisoryIds, ...part.advisoryIds])]
  return { status: convergedStatus(platform.status, part.status), advisoryIds }
}

function convergedStatus(platform: TcbStatus, part: TcbStatus): TcbStatus {
  if (platform === 'Revoked' || part === 'Revoked') return 'Revoked'
  if (part === 'UpToDate') return platform
  if (part !== 'OutOfDate') {
    // Intel gives parts no other status; should it begin to, the worse of the two stands.
    return severity(part) > severity(platform) ? part : platform
  }
  return platform === 'UpToDate' || platform === 'SWHardeningNeeded' || platform === 'OutOfDate'
    ? 'OutOfDate'
    : 'OutOfDateConfigurationNeeded'
}

/** The list is in Intel's order, from the best downwards. */
function severity(status: TcbStatus): number {
  return tcbStatuses.indexOf(status)
}

function masked(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => byte & mask[index]!)
}
