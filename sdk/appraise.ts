import { digestOf, fromBase64url } from './bytes.ts'
import { canonicalBytes } from './canonical.ts'
import { judgeHardware, type HardwareAppraisal } from './evidence/hardware.ts'
import type { Roots } from './evidence/roots.ts'
import { verifySimulated, simulatedEvidenceType } from './evidence/simulated.ts'
import type { HardwareVerified } from './evidence/workload.ts'
import { publicKeyOf } from './key.ts'
import type { Policy } from './policy.ts'
import { judgeConfig, policyMaxAgeDefaultS, policySkewDefaultS } from './policy.ts'
import type { Claims, Quote } from './quote.ts'
import { claimsBytesOf, parseClaims, possessionBytes, reportDataOf } from './quote.ts'
import { verifySignature } from './signature.ts'
import type { Step, StepStatus } from './step.ts'
import { affirm, contraindicate, statusOfSteps, warn } from './step.ts'

export interface AppraisalOptions {
  /** The one that was asked with; null for a look only: never affirming. */
  readonly nonce: string | null
  readonly nowMs: number
  /** What is trusted; null trusts no TEE. */
  readonly policy: Policy | null
  /** Take a simulated TEE, which protects nothing, for trying things out. */
  readonly insecureSimulated?: boolean
  /** Other roots than those of the makers of the hardware: for tests of platforms that are faked, never from outside. */
  readonly roots?: Roots
}

export interface Appraisal {
  readonly status: StepStatus
  readonly steps: readonly Step[]
  /** Null where they could not be read. To be used only as far as `status` allows. */
  readonly claims: Claims | null
  /** What the hardware showed; null where it could not be read, and for a simulated TEE. */
  readonly verified: HardwareVerified | null
}

/**
 * Looks at a quote step by step: is the evidence sound, is it bound to exactly these claims and to who holds the
 * keys in them, is it fresh and made for this question, and does the policy trust what it proves? Never throws for
 * anything in the quote.
 */
export async function appraise(quote: Quote, options: AppraisalOptions): Promise<Appraisal> {
  const bytes = claimsBytesOf(quote)
  const reportData = await reportDataOf(bytes)
  const { steps: evidenceSteps, verified } = await judgeEvidence(quote, reportData, options)
  const claims = claimsOf(bytes)
  if (claims === null) {
    const unread = contraindicate('claims', 'CLAIMS_INVALID', 'the claims can not be read')
    return appraisal([...evidenceSteps, unread], null, verified)
  }
  return appraisal(
    [
      ...evidenceSteps,
      affirm('claims', `the claims are those of ${claims.software.name} ${claims.software.version}`),
      await judgePossession(quote, claims, reportData),
      judgeNonce(claims, options.nonce),
      judgeFreshness(claims, options),
      await judgeConfigDigest(claims),
      ...(options.policy === null ? [] : judgeConfig(options.policy.config, claims)),
    ],
    claims,
    verified,
  )
}

function appraisal(
  steps: readonly Step[],
  claims: Claims | null,
  verified: HardwareVerified | null,
): Appraisal {
  return { status: statusOfSteps(steps), steps, claims, verified }
}

function claimsOf(bytes: Uint8Array): Claims | null {
  try {
    return parseClaims(bytes)
  } catch {
    return null
  }
}

async function judgeEvidence(
  quote: Quote,
  reportData: Uint8Array,
  { policy, nowMs, insecureSimulated, roots }: AppraisalOptions,
): Promise<HardwareAppraisal> {
  const { tee, evidence, endorsements } = quote
  if (tee !== 'simulated') {
    const options = { atMs: nowMs, policy, ...(roots === undefined ? {} : { roots }) }
    return judgeHardware({ tee, evidence, endorsements }, reportData, options)
  }
  return { steps: await judgeSimulated(quote, reportData, insecureSimulated === true), verified: null }
}

async function judgeSimulated(
  { evidence }: Quote,
  reportData: Uint8Array,
  insecureSimulated: boolean,
): Promise<readonly Step[]> {
  const tee = insecureSimulated
    ? warn('tee', 'TEE_SIMULATED', 'the TEE is simulated: its operator can read and forge everything')
    : contraindicate('tee', 'TEE_SIMULATED', 'the TEE is simulated and protects nothing')
  if (evidence.type !== simulatedEvidenceType) {
    return [
      tee,
      contraindicate('evidence', 'EVIDENCE_INVALID', 'the evidence is of another kind than it says'),
    ]
  }
  return [tee, ...(await verifySimulated(fromBase64url(evidence.value), reportData))]
}

async function judgePossession(quote: Quote, claims: Claims, reportData: Uint8Array): Promise<Step> {
  const holds = await verifySignature(
    publicKeyOf(claims.sig_key),
    possessionBytes(reportData),
    fromBase64url(quote.signature),
  )
  return holds
    ? affirm('possession', 'who answered holds the signing key of the claims')
    : contraindicate(
        'possession',
        'POSSESSION_UNPROVEN',
        'who answered did not show the signing key of the claims',
      )
}

function judgeNonce(claims: Claims, nonce: string | null): Step {
  if (nonce === null)
    return warn('nonce', 'NONCE_MISSING', 'asked without a nonce: the quote may be an old one')
  return claims.eat_nonce === nonce
    ? affirm('nonce', 'the quote was made for this question')
    : contraindicate('nonce', 'NONCE_MISMATCH', 'the quote was made for another question')
}

function judgeFreshness(claims: Claims, { nowMs, policy }: AppraisalOptions): Step {
  const maxAgeS = policy?.max_age_s ?? policyMaxAgeDefaultS
  const skewS = policy?.clock_skew_s ?? policySkewDefaultS
  const ageS = Math.floor(nowMs / 1_000) - claims.iat
  if (ageS > maxAgeS + skewS) {
    return contraindicate(
      'freshness',
      'QUOTE_STALE',
      `the quote is ${ageS} s old, at most ${maxAgeS} s are taken`,
    )
  }
  if (ageS < -skewS) {
    return contraindicate(
      'freshness',
      'QUOTE_FROM_FUTURE',
      `the quote is from ${-ageS} s in the future: check the clocks`,
    )
  }
  return affirm('freshness', `the quote is ${Math.max(ageS, 0)} s old`)
}

async function judgeConfigDigest(claims: Claims): Promise<Step> {
  return (await digestOf(canonicalBytes(claims.config))) === claims.config_digest
    ? affirm('config', 'the configuration shown is the one that statements name')
    : contraindicate(
        'config',
        'CONFIG_DIGEST_MISMATCH',
        'the configuration shown is not the one its digest names',
      )
}
