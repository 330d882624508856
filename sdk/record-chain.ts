import { fromBase64url } from './bytes.ts'
import type { Bucket, ExactBucket, Totals } from './bucket.ts'
import { exactTotals, wireTotals } from './bucket.ts'
import { publicKeyOf, thumbprint } from './key.ts'
import type { JudgedEvidence } from './record-evidence.ts'
import type { Statement } from './statement.ts'
import { statementDigest } from './statement.ts'
import type { Step } from './step.ts'
import { affirm, contraindicate, warn } from './step.ts'
import { hourMs, parseInstant, toInstant } from './time.ts'
import { verifyLink, verifyStatement, type StatementKey } from './verification.ts'

/** What the statements of a record come to, corrections taken in, recomputed from their buckets. */
export interface RecordFigures {
  /** The end of what the last statement is about. */
  readonly until: string
  readonly statements: number
  /** Hours that were stated live or recovered. */
  readonly hours: number
  /** Of before the account was registered: shown apart, in no figure. */
  readonly backfilled: number
  readonly totals: Totals
  /** Hourly returns linked, in percent; null where no hour has one. */
  readonly returnPct: number | null
  /** The hours of `hours`, ascending. */
  readonly starts: readonly number[]
  /** Spans that the record itself says were not observed. */
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number }[]
}

interface Hour {
  readonly bucket: Bucket
  readonly exact: ExactBucket
}

/** The chain of one account from its first statement on: every statement, every link, every key. */
export async function judgeChain(
  account: string,
  statements: readonly Statement[],
  evidence: ReadonlyMap<string, JudgedEvidence>,
  witnessed: boolean,
): Promise<{ readonly steps: readonly Step[]; readonly figures: RecordFigures | null }> {
  const [first] = statements
  if (first === undefined) {
    return { steps: [contraindicate('chain', 'CHAIN_START_MISSING', 'it holds no statement')], figures: null }
  }
  const steps: Step[] = []
  const digests = new Set<string>()
  const hours = new Map<number, Hour>()
  let previous: Statement | null = null
  for (const statement of statements) {
    const wrong = [
      ...(await verifyStatement(statement, keysFor(statement, evidence))),
      ...(await verifyLink(previous, statement)),
      ...(await judgeKey(previous, statement, evidence, witnessed)),
      ...judgePlace(account, previous, statement, digests),
      ...takeHours(statement, hours),
    ].filter(({ status }) => status !== 'affirming')
    // the first of a kind tells enough: a broken chain breaks at every link after
    for (const step of wrong) {
      if (steps.some(({ name, code }) => name === step.name && code === step.code)) continue
      steps.push({ ...step, detail: `statement ${statement.metadata.sequence}: ${step.detail}` })
    }
    digests.add(await statementDigest(statement))
    previous = statement
  }
  if (!steps.some(({ status }) => status === 'contraindicated')) {
    steps.unshift(
      affirm(
        'statements',
        `${statements.length} statements, each signed by the enclave, its sums recomputed`,
      ),
      affirm('chain', `statements 1 to ${statements.length} follow each other, none is missing`),
    )
  }
  const figures = figuresOf(statements, hours)
  const linked = figures.returnPct === null ? 'no return' : `${figures.returnPct.toFixed(2)} % linked`
  steps.push(affirm('figures', `${figures.hours} hours, ${figures.totals.trades} trades, ${linked}`))
  return { steps, figures }
}

/** Of the evidence that it names, and no other. */
function keysFor(
  statement: Statement,
  evidence: ReadonlyMap<string, JudgedEvidence>,
): readonly StatementKey[] {
  const claims = evidence.get(statement.metadata.evidence_digest ?? '')?.claims
  if (claims === undefined) return []
  return [
    { publicKey: publicKeyOf(claims.sig_key), holder: 'enclave' },
    ...(claims.mounted_key === null
      ? []
      : [{ publicKey: publicKeyOf(claims.mounted_key), holder: 'operator' as const }]),
  ]
}

/** A new key must come with a statement of its own; the old one's death is made up for by evidence and witnesses. */
async function judgeKey(
  previous: Statement | null,
  { metadata }: Statement,
  evidence: ReadonlyMap<string, JudgedEvidence>,
  witnessed: boolean,
): Promise<readonly Step[]> {
  const judged = evidence.get(metadata.evidence_digest ?? '')
  if (judged === undefined) {
    return [contraindicate('evidence', 'EVIDENCE_MISSING', 'the evidence it names is not in the record')]
  }
  const { claims } = judged
  if (claims.config_digest !== metadata.config_digest) {
    return [
      contraindicate('config', 'CONFIG_DIGEST_MISMATCH', 'its configuration is not that of its evidence'),
    ]
  }
  if (claims.log?.origin !== metadata.log?.origin) {
    return [contraindicate('log', 'LOG_MISMATCH', 'it is of another log than its evidence')]
  }
  if (metadata.type === 'key_start') {
    const { key, replaces, handover } = metadata.key_start
    const holds =
      (await thumbprint(fromBase64url(key.x))) === metadata.key_id &&
      replaces === (previous?.metadata.key_id ?? null) &&
      handover === null
    if (!holds) {
      return [contraindicate('keys', 'HANDOVER_INVALID', 'the key that it starts is not the one that signs')]
    }
    return judged.affirming && witnessed
      ? []
      : [
          warn(
            'keys',
            'CONTINUITY_BROKEN',
            'a new key, not handed over by the old one, and no trusted evidence with a witnessed log instead',
          ),
        ]
  }
  return previous === null || previous.metadata.key_id === metadata.key_id
    ? []
    : [contraindicate('keys', 'KEY_CHANGED', 'it is signed by a new key that no statement started')]
}

function judgePlace(
  account: string,
  previous: Statement | null,
  { metadata }: Statement,
  digests: ReadonlySet<string>,
): readonly Step[] {
  const steps: Step[] = []
  if (metadata.account !== account) {
    steps.push(contraindicate('chain', 'CHAIN_ACCOUNT_CHANGED', 'it is of another account than the record'))
  }
  if (previous === null && metadata.type !== 'registered') {
    steps.push(contraindicate('chain', 'CHAIN_START_MISSING', 'a chain begins with its registration'))
  }
  if (metadata.type === 'correction' && !metadata.correction.corrects.every((each) => digests.has(each))) {
    steps.push(contraindicate('corrections', 'CORRECTION_UNKNOWN', 'it corrects what was never stated'))
  }
  return steps
}

/** An hour is stated once; what is stated anew was stated before. */
function takeHours(statement: Statement, hours: Map<number, Hour>): readonly Step[] {
  const { metadata } = statement
  for (const [index, bucket] of statement.hourly_buckets.entries()) {
    const startMs = parseInstant(bucket.t)
    const exact = metadata.exact.hourly_buckets[index]
    if (exact === undefined) continue
    if (hours.has(startMs) !== (metadata.type === 'correction')) {
      return [
        metadata.type === 'correction'
          ? contraindicate('hours', 'CORRECTION_UNKNOWN', `${bucket.t} was not stated before`)
          : contraindicate('hours', 'HOUR_TWICE', `${bucket.t} was stated before`),
      ]
    }
    hours.set(startMs, { bucket, exact })
  }
  return []
}

function figuresOf(statements: readonly Statement[], hours: ReadonlyMap<number, Hour>): RecordFigures {
  const headline = [...hours]
    .filter(([, { exact }]) => exact.origin !== 'backfilled')
    .toSorted(([a], [b]) => a - b)
  const returns = headline.flatMap(([, { bucket }]) => bucket.return_pct ?? [])
  const growth = returns.reduce((value, pct) => value * (1 + pct / 100), 1)
  const ends = statements.map(({ period_end }) => parseInstant(period_end))
  return {
    until: toInstant(ends.reduce((latest, end) => Math.max(latest, end), 0)),
    statements: statements.length,
    hours: headline.length,
    backfilled: hours.size - headline.length,
    totals: wireTotals(exactTotals(headline.map(([, { exact }]) => exact))),
    returnPct: returns.length === 0 ? null : (growth - 1) * 100,
    starts: headline.map(([startMs]) => startMs),
    gaps: statements.flatMap(({ metadata }) =>
      metadata.coverage.gaps.map(({ from, to }) => ({ fromMs: parseInstant(from), toMs: parseInstant(to) })),
    ),
  }
}

/** Hours between the first and the last stated one that are in none: what a policy's coverage is counted on. */
export function missingHours({ starts }: RecordFigures): {
  readonly count: number
  readonly longest: number
} {
  let [count, longest] = [0, 0]
  for (const [index, startMs] of starts.entries()) {
    const before = starts[index - 1]
    if (before === undefined) continue
    const missing = (startMs - before) / hourMs - 1
    count += missing
    longest = Math.max(longest, missing)
  }
  return { count, longest }
}
