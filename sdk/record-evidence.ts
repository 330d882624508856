import { appraise } from './appraise.ts'
import { digestOf, sha256, toBase64url, utf8 } from './bytes.ts'
import { canonicalBytes } from './canonical.ts'
import type { CheckpointVerification } from './checkpoint.ts'
import { PerfAggError } from './errors.ts'
import type { Roots } from './evidence/roots.ts'
import { parseNote, verifyNote, type NoteKey } from './note.ts'
import type { Policy } from './policy.ts'
import { claimsBytesOf, parseClaims, type Claims } from './quote.ts'
import type { RecordEvidence } from './record.ts'
import type { Step } from './step.ts'
import { affirm, statusOfSteps, warn } from './step.ts'

/** A quote of the record as it was judged at the time that witnesses give it. */
export interface JudgedEvidence {
  readonly claims: Claims
  /** Sound, and trusted by the policy. */
  readonly affirming: boolean
}

export interface EvidenceOptions {
  readonly policy: Policy | null
  readonly insecureSimulated?: boolean
  readonly roots?: Roots
  /** Verified checkpoints that the record's log has gone through. */
  readonly times: readonly CheckpointVerification[]
  readonly logKeys: readonly NoteKey[]
  readonly witnessKeys: readonly NoteKey[]
}

/**
 * Appraises every quote at the time that a witness gives it: after the checkpoint whose digest is its nonce, before the
 * first witnessed checkpoint that covers its leaf. The prover's own time counts only where there is no other, and that
 * is said.
 */
export async function judgeEvidence(
  evidence: readonly RecordEvidence[],
  options: EvidenceOptions,
): Promise<{ readonly steps: readonly Step[]; readonly byDigest: ReadonlyMap<string, JudgedEvidence> }> {
  const byDigest = new Map<string, JudgedEvidence>()
  const found = new Map<string, Step>()
  let sound = 0
  for (const each of evidence) {
    const steps = await judgeOne(each, options)
    const claims = claimsOf(each)
    if (claims !== null) {
      const affirming =
        statusOfSteps(steps.filter(({ code }) => code !== 'TIME_SELF_ASSERTED')) === 'affirming'
      byDigest.set(await digestOf(canonicalBytes(each.quote)), { claims, affirming })
    }
    // a record holds hundreds of quotes: each thing that is wrong is said once
    for (const step of steps) if (step.status !== 'affirming') found.set(`${step.name} ${step.code}`, step)
    if (statusOfSteps(steps) !== 'contraindicated') sound += 1
  }
  const summary = affirm('evidence', `${sound} of ${evidence.length} quotes are sound evidence of what ran`)
  return { steps: [...(sound > 0 ? [summary] : []), ...found.values()], byDigest }
}

async function judgeOne(each: RecordEvidence, options: EvidenceOptions): Promise<readonly Step[]> {
  const claims = claimsOf(each)
  const after = await witnessedNote(each.nonce_note, options)
  const before = firstTime(each.leaf, options.times)
  const atS = before ?? claims?.iat ?? 0
  const nonce = each.nonce_note === '' ? null : toBase64url(await sha256(utf8(each.nonce_note)))
  const { steps } = await appraise(each.quote, {
    nonce,
    nowMs: atS * 1_000,
    policy: options.policy,
    insecureSimulated: options.insecureSimulated === true,
    ...(options.roots === undefined ? {} : { roots: options.roots }),
  })
  return [
    // how old it may be is a question of live quotes; of these the witnesses' times tell
    ...steps.filter(({ code }) => code !== 'QUOTE_STALE'),
    before === null || after === null
      ? warn('evidence-time', 'TIME_SELF_ASSERTED', 'no witness that is trusted says when evidence was made')
      : affirm('evidence-time', 'witnesses say when it was made'),
  ]
}

function claimsOf({ quote }: RecordEvidence): Claims | null {
  try {
    return parseClaims(claimsBytesOf(quote))
  } catch {
    return null
  }
}

/** When a trusted witness signed it; null where none did. */
async function witnessedNote(note: string, { witnessKeys }: EvidenceOptions): Promise<number | null> {
  if (note === '' || witnessKeys.length === 0) return null
  try {
    const { verified } = await verifyNote(parseNote(note), witnessKeys)
    return Math.min(...verified.map(({ timestampS }) => timestampS ?? Number.POSITIVE_INFINITY))
  } catch (error) {
    if (!(error instanceof PerfAggError)) throw error
    return null
  }
}

function firstTime(leaf: number, times: readonly CheckpointVerification[]): number | null {
  const covering = times
    .filter(({ checkpoint }) => checkpoint.size > leaf)
    .flatMap(({ witnesses }) =>
      witnesses.flatMap(({ timestampS }) => (timestampS === null ? [] : [timestampS])),
    )
  return covering.length === 0 ? null : Math.min(...covering)
}
