import { fromBase64url } from '../bytes.ts'
import { readArray, readObject, readString } from '../shape.ts'
import type { DstackEvidence } from './dstack.ts'
import type { SevSnpEvidence } from './sev-snp.ts'
import type { TdxCollateral } from './tdx-collateral.ts'
import type { TdxEvidence } from './tdx.ts'

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
 * `{"leaf":"…","chain":["…"],"crl":"…"}`: VCEK or VLEK, the authorities above it (optional) and AMD's revocation list
 * (optional), all DER.
 * @throws {InputError} `INPUT_INVALID`, `NOT_BASE64URL`
 */
export function sevSnpEvidenceOf(report: Uint8Array, endorsements: unknown): SevSnpEvidence {
  const { leaf, chain, crl } = readObject(endorsements, 'endorsements', {
    required: ['leaf'],
    optional: ['chain', 'crl'],
  })
  return {
    report,
    leaf: bytesOf(leaf, 'leaf'),
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
 * revocation lists as DER; the last is optional.
 * @throws {InputError} `INPUT_INVALID`, `NOT_BASE64URL`
 */
export function tdxEvidenceOf(quote: Uint8Array, endorsements: unknown): TdxEvidence {
  const members = readObject(endorsements, 'endorsements', {
    required: collateralMembers,
    optional: ['pck_crl_issuer_chain'],
  })
  return { quote, collateral: collateralOf(members) }
}

/**
 * As {@link tdxEvidenceOf}, with `event_log` and `vm_config`: the JSON texts that dstack's guest agent hands out.
 * @throws {InputError} `INPUT_INVALID`, `NOT_BASE64URL`
 */
export function dstackEvidenceOf(quote: Uint8Array, endorsements: unknown): DstackEvidence {
  const members = readObject(endorsements, 'endorsements', {
    required: [...collateralMembers, 'event_log', 'vm_config'],
    optional: ['pck_crl_issuer_chain'],
  })
  return {
    quote,
    collateral: collateralOf(members),
    eventLog: bytesOf(members.event_log, 'event_log'),
    vmConfig: bytesOf(members.vm_config, 'vm_config'),
  }
}

type CollateralMembers = Readonly<Record<(typeof collateralMembers)[number], unknown>> & {
  readonly pck_crl_issuer_chain?: unknown
}

function collateralOf(members: CollateralMembers): TdxCollateral {
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
