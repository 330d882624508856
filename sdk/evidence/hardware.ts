import { equalBytes, fromBase64url } from '../bytes.ts'
import { PerfAggError } from '../errors.ts'
import type { Acceptance, Policy } from '../policy.ts'
import { affirm, contraindicate, type Step } from '../step.ts'
import { judgeAcceptance } from './acceptance.ts'
import { verifyDstack } from './dstack.ts'
import { dstackEvidenceOf, evidenceTypes, sevSnpEvidenceOf, tdxEvidenceOf } from './endorsements.ts'
import { verifyNitro } from './nitro.ts'
import type { Roots } from './roots.ts'
import { verifySevSnp } from './sev-snp.ts'
import { verifyTdx } from './tdx.ts'
import { judgeUnpinnedWorkload, type HardwareVerified } from './workload.ts'

export type HardwareTee = HardwareVerified['tee']

/** The parts of a quote that are the platform's and its maker's. */
export interface HardwareEvidence {
  readonly tee: HardwareTee
  readonly evidence: { readonly type: string; readonly value: string }
  readonly endorsements: Readonly<Record<string, unknown>>
}

export interface HardwareOptions {
  readonly atMs: number
  readonly policy: Policy | null
  /** For tests under roots of their own. */
  readonly roots?: Roots
}

export interface HardwareAppraisal {
  readonly steps: readonly Step[]
  /** Null where the evidence could not even be taken apart. */
  readonly verified: HardwareVerified | null
}

/**
 * Evidence of a hardware TEE, from its bytes to the policy: sound, holding `reportData`, and accepted by an entry of
 * the policy. Of several entries for the TEE the one that comes nearest is told. Never throws.
 *
 * @param reportData null for loose evidence that is looked at without knowing what it was made for: it vouches for
 *   nobody's claims, so that it may do without a policy, and without AMD's revocation list unless the policy asks
 */
export async function judgeHardware(
  quote: HardwareEvidence,
  reportData: Uint8Array | null,
  options: HardwareOptions,
): Promise<HardwareAppraisal> {
  const { policy } = options
  if (quote.evidence.type !== evidenceTypes[quote.tee]) {
    return refused('EVIDENCE_INVALID', 'the evidence is of another kind than the TEE that the quote names')
  }
  const entries = policy?.accept.filter(({ tee }) => tee === quote.tee) ?? []
  let best: HardwareAppraisal | null = null
  for (const entry of entries.length === 0 ? [null] : entries) {
    const judged = await judgeEntry(quote, reportData, options, entry)
    if (best === null || troubles(judged.steps) < troubles(best.steps)) best = judged
    if (troubles(best.steps) === 0) break
  }
  return best ?? refused('EVIDENCE_INVALID', 'the evidence could not be judged')
}

function troubles(steps: readonly Step[]): number {
  return steps.filter(({ status }) => status !== 'affirming').length
}

function refused(code: string, detail: string): HardwareAppraisal {
  return { steps: [contraindicate('evidence', code, detail)], verified: null }
}

async function judgeEntry(
  quote: HardwareEvidence,
  reportData: Uint8Array | null,
  options: HardwareOptions,
  entry: Acceptance | null,
): Promise<HardwareAppraisal> {
  let verified: HardwareVerified
  try {
    verified = await verifyEvidence(quote, options, entry, reportData === null)
  } catch (error) {
    if (error instanceof PerfAggError)
      return refused('EVIDENCE_INVALID', `the evidence can’t be read: ${error.message}`)
    return refused('EVIDENCE_INVALID', 'the evidence can’t be read')
  }
  return {
    verified,
    steps: [
      ...verified.steps,
      ...(reportData === null ? [] : [judgeReportData(verified, reportData)]),
      ...(entry !== null
        ? judgeAcceptance(verified, entry)
        : reportData === null && options.policy === null
          ? []
          : unaccepted(verified, options.policy)),
    ],
  }
}

function judgeReportData(verified: HardwareVerified, reportData: Uint8Array): Step {
  return equalBytes(verified.reportData, reportData)
    ? affirm('report data', 'the evidence was made for exactly these claims')
    : contraindicate('report data', 'REPORT_DATA_MISMATCH', 'the evidence was made for other claims')
}

async function verifyEvidence(
  { tee, evidence, endorsements }: HardwareEvidence,
  { atMs, roots, policy }: HardwareOptions,
  entry: Acceptance | null,
  loose: boolean,
): Promise<HardwareVerified> {
  const bytes = fromBase64url(evidence.value)
  const at = { atMs, ...(roots === undefined ? {} : { roots }) }
  switch (tee) {
    case 'sev-snp':
      return verifySevSnp(sevSnpEvidenceOf(bytes, endorsements), {
        ...at,
        requireCrl: policy?.require_crl ?? !loose,
      })
    case 'tdx':
      return verifyTdx(tdxEvidenceOf(bytes, endorsements), {
        ...at,
        ...(entry?.tee === 'tdx' && entry.tcb_status !== undefined ? { tcbStatus: entry.tcb_status } : {}),
        ...(entry?.tee === 'tdx' && entry.allowed_advisories !== undefined
          ? { allowedAdvisories: entry.allowed_advisories }
          : {}),
        ...(entry?.tee === 'tdx' && entry.min_tcb_evaluation !== undefined
          ? { minTcbEvaluation: entry.min_tcb_evaluation }
          : {}),
      })
    case 'dstack-tdx':
      return verifyDstack(dstackEvidenceOf(bytes, endorsements), at)
    case 'nitro':
      return verifyNitro(bytes, at)
  }
}

function unaccepted(verified: HardwareVerified, policy: Policy | null): readonly Step[] {
  return [
    policy === null
      ? contraindicate('policy', 'NO_POLICY', 'no policy says what is trusted, and then nothing is')
      : contraindicate('policy', 'POLICY_TEE_NOT_ACCEPTED', `the policy does not accept ${verified.tee}`),
    judgeUnpinnedWorkload(verified),
  ]
}
