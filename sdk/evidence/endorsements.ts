import { fromBase64url } from '../bytes.ts'
import { readArray, readObject, readRecord, readString } from '../shape.ts'
import type { DstackEvidence } from './dstack.ts'
import type { ReceivedSevSnp } from './sev-snp.ts'
import type { TdxCollateral } from './tdx-collateral.ts'
import type { Received } from './tdx.ts'

/**
 * How evidence of each TEE travels in a quote: the evidence's own bytes in `evidence.value`, all else by name in
 * `endorsements`, each member base64url of the bytes that the maker's service or the platform handed out.
 */
export const evidenceTypes = {
  'sev-snp': 'application/vnd.perf-agg.sev-snp-report',
  tdx: 'application/vnd.perf-agg.tdx-quote',
  'dstack-tdx': 'application/vnd.perf-agg.tdx-quote',
  nitro: 'application/cose; cose-type="cose-sign1"',
} as const

const charactersMax = 262_144

/**
 * `{"leaf":"…","chain":["…"],"crl":"…"}`: VCEK or VLEK (without it nothing is affirmed), the authorities above it (optional) and AMD's revocation list
 * (optional), all DER.
 * @throws {InputError} `INPUT_INVALID`, `NOT_BASE64URL`
 */
export function sevSnpEvidenceOf(report: Uint8Array, endorsements: unknown): ReceivedSevSnp {
  const { leaf, chain, crl } = readObject(endorsements, 'endorsements', {
    optional: ['leaf', 'chain', 'crl'],
  })
  return {
    report,
    leaf: leaf === undefined ? null : bytesOf(leaf, 'leaf'),
    ...(chain === undefined ? {} : { chain: readArray(chain, 'chain', 2, bytesOf) }),
    ...(crl === undefined ? {} : { crl: bytesOf(crl, 'crl') }),
  }
}

const collateralMembers = [
  'tcb_info',
  'tcb_info_issuer_chain',
  'qe_identity',
  'qe_identity_issuer_chain',
  'root_ca_crl',
  'pck_crl',
] as const

/**
 * `{"tcb_info":"…","tcb_info_issuer_chain":"…","qe_identity":"…","qe_identity_issuer_chain":"…","root_ca_crl":"…",
 * "pck_crl":"…","pck_crl_issuer_chain":"…"}`: response bodies as Intel's service sends them, issuer chains as PEM,
 * revocation lists as DER; the last is optional. None of them at all
 * is a quote without collateral.
 * @throws {InputError} `INPUT_INVALID`, `NOT_BASE64URL`
 */
export function tdxEvidenceOf(quote: Uint8Array, endorsements: unknown): Received {
  return { quote, collateral: collateralOf(readRecord(endorsements, 'endorsements')) }
}

/**
 * As {@link tdxEvidenceOf}, with `event_log` and `vm_config`: the JSON texts that dstack's guest agent hands out.
 * @throws {InputError} `INPUT_INVALID`, `NOT_BASE64URL`
 */
export function dstackEvidenceOf(quote: Uint8Array, endorsements: unknown): Received<DstackEvidence> {
  const members = readObject(endorsements, 'endorsements', {
    required: ['event_log', 'vm_config'],
    optional: [...collateralMembers, 'pck_crl_issuer_chain'],
  })
  const { event_log: eventLog, vm_config: vmConfig, ...rest } = members
  return {
    quote,
    collateral: collateralOf(rest),
    eventLog: bytesOf(eventLog, 'event_log'),
    vmConfig: bytesOf(vmConfig, 'vm_config'),
  }
}

function collateralOf(given: Readonly<Record<string, unknown>>): TdxCollateral | null {
  if (Object.keys(given).length === 0) return null
  const members = readObject(given, 'endorsements', {
    required: collateralMembers,
    optional: ['pck_crl_issuer_chain'],
  })
  const { pck_crl_issuer_chain: pckCrlIssuerChain } = members
  return {
    tcbInfo: bytesOf(members.tcb_info, 'tcb_info'),
    tcbInfoIssuerChain: bytesOf(members.tcb_info_issuer_chain, 'tcb_info_issuer_chain'),
    qeIdentity: bytesOf(members.qe_identity, 'qe_identity'),
    qeIdentityIssuerChain: bytesOf(members.qe_identity_issuer_chain, 'qe_identity_issuer_chain'),
    rootCaCrl: bytesOf(members.root_ca_crl, 'root_ca_crl'),
    pckCrl: bytesOf(members.pck_crl, 'pck_crl'),
    ...(pckCrlIssuerChain === undefined
      ? {}
      : { pckCrlIssuerChain: bytesOf(pckCrlIssuerChain, 'pck_crl_issuer_chain') }),
  }
}

function bytesOf(value: unknown, path: string): Uint8Array {
  return fromBase64url(readString(value, path, { max: charactersMax }))
}
