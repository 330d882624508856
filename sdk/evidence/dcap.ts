import { concat, equalBytes, sha256 } from '../bytes.ts'
import { isZero } from './byte-reader.ts'
import { readDcapQuote, type DcapQuote } from './dcap-quote.ts'
import { readPckPlatform, type PckPlatform } from './pck.ts'
import { publicKeyOfPoint, verifyRaw } from './public-key.ts'
import { pinnedRoots, type Roots } from './roots.ts'
import { qeVerdict, platformVerdict } from './tcb.ts'
import type { TcbStatus, TcbVerdict } from './tcb-info.ts'
import {
  verifyPckChain,
  verifyPckPath,
  verifyQeIdentity,
  verifyRootCrl,
  verifyTcbInfo,
  type TdxCollateral,
} from './tdx-collateral.ts'
import { StepList, refuse } from './verified.ts'
import { readCertificate, type Certificate } from './x509.ts'

export interface DcapOptions {
  readonly atMs: number
  readonly roots?: Roots
  /** TCB statuses that are good enough; `UpToDate` alone unless said. `Revoked` never is. */
  readonly tcbStatus?: readonly string[]
  /** Intel's advisories that may apply to the platform; none unless said. */
  readonly allowedAdvisories?: readonly string[]
  /** Refuse collateral of an older evaluation than this. */
  readonly minTcbEvaluation?: number
}

/** What a DCAP quote of either technology comes to. */
export interface DcapResult {
  readonly quote: DcapQuote | null
  readonly platform: PckPlatform | null
  readonly tcbStatus: TcbStatus | null
  readonly advisoryIds: readonly string[]
  /** The lower of TCB info's and QE identity's. */
  readonly tcbEvaluation: number | null
}

const refused: DcapResult = {
  quote: null,
  platform: null,
  tcbStatus: null,
  advisoryIds: [],
  tcbEvaluation: null,
}

/**
 * What SGX and TDX quotes have in common: quote, quoting enclave and platform under Intel's root, and how good
 * the platform's firmware is. Adds its steps to `list`; never throws.
 */
export async function verifyDcap(
  quoteBytes: Uint8Array,
  collateral: TdxCollateral | null,
  options: DcapOptions,
  list: StepList,
): Promise<DcapResult> {
  const { atMs, roots = pinnedRoots } = options
  const quote = await list.check('quote', 'the evidence is a DCAP quote', () => readDcapQuote(quoteBytes))
  if (quote === undefined) return refused
  if (!isZero(quote.trailing)) list.refuse('quote', 'QUOTE_INVALID', 'there are bytes behind the quote')
  await list.check('quote signature', 'the quote is signed by the attestation key in it', () =>
    verifyQuote(quote),
  )
  await list.check('attestation key', 'the attestation key is the one that the quoting enclave made', () =>
    checkAttestationKey(quote),
  )
  if (collateral === null) return { ...refused, quote, platform: await verifyBare(quote, options, list) }

  const root = await list.check(
    'root revocation list',
    'Intel’s list of revoked authorities is signed and in force',
    async () => {
      const certificate = readCertificate(roots.intel)
      return { certificate, crl: await verifyRootCrl(collateral, certificate, atMs) }
    },
  )
  if (root === undefined) return { ...refused, quote }
  const path = await list.check(
    'certificate chain',
    'the platform’s key is certified by Intel’s root and not revoked',
    () => verifyPckChain(quote.pckChain, collateral, root.certificate, root.crl, atMs),
  )
  const info = await list.check('TCB info', 'Intel’s TCB info is signed and in force', () =>
    verifyTcbInfo(collateral, root.certificate, root.crl, atMs),
  )
  const identity = await list.check(
    'QE identity',
    'Intel’s identity of the quoting enclave is signed and in force',
    () => verifyQeIdentity(collateral, root.certificate, root.crl, atMs),
  )
  if (path === undefined) return { ...refused, quote }
  const pck = path[0]!
  await list.check('quoting enclave', 'the platform’s key signed the quoting enclave’s report', () =>
    verifyQeReport(quote, pck),
  )
  const platform = await list.check('platform', 'the certificate says which platform it is', () =>
    readPckPlatform(pck),
  )
  if (info === undefined || identity === undefined || platform === undefined) {
    return { ...refused, quote, platform: platform ?? null }
  }

  const qe = await list.check('quoting enclave identity', 'the quoting enclave is Intel’s', () =>
    qeVerdict(identity, quote.qeReport, quote.body.kind !== 'sgx'),
  )
  const verdict =
    qe &&
    (await list.check(
      'TCB level',
      ({ status }) => `the platform’s firmware is at a level that Intel calls ${status}`,
      () => platformVerdict(info, platform, quote.body, qe),
    ))
  const tcbEvaluation = Math.min(info.tcbEvaluationDataNumber, identity.tcbEvaluationDataNumber)
  if (verdict !== undefined) judgeTcb(list, verdict, tcbEvaluation, options)
  return {
    quote,
    platform,
    tcbStatus: verdict?.status ?? null,
    advisoryIds: verdict?.advisoryIds ?? [],
    tcbEvaluation,
  }
}

/** What can be said without Intel's collateral: whose quote it is, and nothing of how good that platform still is. */
async function verifyBare(
  quote: DcapQuote,
  { atMs, roots = pinnedRoots }: DcapOptions,
  list: StepList,
): Promise<PckPlatform | null> {
  const path = await list.check('certificate chain', 'the platform’s key is certified by Intel’s root', () =>
    verifyPckPath(quote.pckChain, readCertificate(roots.intel), atMs),
  )
  const pck = path?.[0]
  if (pck === undefined) return null
  await list.check('quoting enclave', 'the platform’s key signed the quoting enclave’s report', () =>
    verifyQeReport(quote, pck),
  )
  list.refuse(
    'collateral',
    'COLLATERAL_MISSING',
    'without Intel’s collateral nothing says whether the platform is revoked or its firmware out of date',
  )
  return (
    (await list.check('platform', 'the certificate says which platform it is', () => readPckPlatform(pck))) ??
    null
  )
}

async function verifyQeReport(quote: DcapQuote, pck: Certificate): Promise<void> {
  if (!(await verifyRaw(pck.publicKey, 'ecdsa-p256-sha256', quote.qeReportSignature, quote.qeReportBytes))) {
    throw refuse('SIGNATURE_INVALID', 'the signature on the quoting enclave’s report does not hold')
  }
}

async function verifyQuote(quote: DcapQuote): Promise<void> {
  const key = publicKeyOfPoint('p256', quote.attestationKey)
  if (!(await verifyRaw(key, 'ecdsa-p256-sha256', quote.signature, quote.signed))) {
    throw refuse('SIGNATURE_INVALID', 'the signature on the quote does not hold')
  }
}

async function checkAttestationKey(quote: DcapQuote): Promise<void> {
  const { reportData } = quote.qeReport
  const hash = await sha256(concat(quote.attestationKey, quote.qeAuthData))
  if (!equalBytes(reportData.subarray(0, 32), hash) || !isZero(reportData.subarray(32))) {
    throw refuse('ATTESTATION_KEY_UNBOUND', 'the quoting enclave did not make the key that signed the quote')
  }
}

/** Whether what Intel says of the platform is good enough for who asks. */
function judgeTcb(list: StepList, verdict: TcbVerdict, tcbEvaluation: number, options: DcapOptions): void {
  const { tcbStatus = ['UpToDate'], allowedAdvisories = [], minTcbEvaluation } = options
  if (verdict.status === 'Revoked' || !tcbStatus.includes(verdict.status)) {
    list.refuse(
      'TCB status',
      'TCB_STATUS_NOT_ACCEPTED',
      `Intel calls the platform’s firmware ${verdict.status}`,
    )
  } else list.affirm('TCB status', `the platform’s firmware is ${verdict.status}, which is accepted`)
  const open = verdict.advisoryIds.filter((id) => !allowedAdvisories.includes(id))
  if (open.length > 0) {
    list.refuse(
      'advisories',
      'ADVISORY_NOT_ALLOWED',
      `advisories apply that are not accepted: ${open.join(', ')}`,
    )
  }
  if (minTcbEvaluation !== undefined && tcbEvaluation < minTcbEvaluation) {
    list.refuse(
      'TCB evaluation',
      'TCB_TOO_OLD',
      `the TCB evaluation is ${tcbEvaluation}, not ${minTcbEvaluation} or later`,
    )
  }
}
