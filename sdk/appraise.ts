import { digestOf, fromBase64url } from './bytes.ts'
import { canonicalBytes } from './canonical.ts'
import { verifySimulated, simulatedEvidenceType } from './evidence/simulated.ts'
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
}

export interface Appraisal {
  readonly status: StepStatus
  readonly steps: readonly Step[]
  /** Null where they could not be read. To be used only as far as `status` allows. */
  readonly claims: Claims | null
}

/**
 * Looks at a quote step by step: is the evidence sound, is it bound to exactly these claims and to who holds the
 * keys in them, is it fresh and made for this question, and does the policy trust what it proves? Never throws for
 * anything in the quote.
 */
export async function appraise(quote: Quote, options: AppraisalOptions): Promise<Appraisal> {
  const bytes = claimsBytesOf(quote)
  const reportData = await reportDataOf(bytes)
  const evidenceSteps = await judgeEvidence(quote, reportData, options)
  const claims = claimsOf(bytes)
  if (claims === null) {
    const unread = contraindicate('claims', 'CLAIMS_INVALID', 'the claims can not be read')
    return appraisal([...evidenceSteps, unread], null)
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
  )
}

function appraisal(steps: readonly Step[], claims: Claims | null): Appraisal {
  return { status: statusOfSteps(steps), steps, claims }
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
  { policy, insecureSimulated }: AppraisalOptions,
): Promise<readonly Step[]> {
  if (quote.tee !== 'simulated') {
    return [
      contraindicate(
        'tee',
        'TEE_NOT_SUPPORTED_YET',
        `this version can not appraise evidence of ${quote.tee} yet`,
      ),
      policy?.accept.some((accepted) => accepted.tee === quote.tee) === true
        ? affirm('policy', `the policy names ${quote.tee}`)
        : noPolicy(policy, quote.tee),
    ]
  }
  const tee =
    insecureSimulated === true
      ? warn('tee', 'TEE_SIMULATED', 'the TEE is simulated: its operator can read and forge everything')
      : contraindicate('tee', 'TEE_SIMULATED', 'the TEE is simulated and protects nothing')
  if (quote.evidence.type !== simulatedEvidenceType) {
    return [
      tee,
      contraindicate('evidence', 'EVIDENCE_INVALID', 'the evidence is of another kind than it says'),
    ]
  }
  return [tee, ...(await verifySimulated(fromBase64url(quote.evidence.value), reportData))]
}

function noPolicy(policy: Policy | null, tee: string): Step {
  return policy === null
    ? contraindicate('policy', 'NO_POLICY', 'no policy says what is trusted, and then nothing is')
    : contraindicate('policy', 'POLICY_TEE_NOT_ACCEPTED', `the policy does not accept ${tee}`)
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
