import { fromBase64url } from './bytes.ts'
import type { Totals } from './bucket.ts'
import { exactTotals, wireTotals } from './bucket.ts'
import type { LinkMetadata } from './edition.ts'
import { publicKeyOf, thumbprint } from './key.ts'
import type { JudgedEvidence } from './record-evidence.ts'
import type { RecordHour, RecordLink } from './record-link.ts'
import type { Step } from './step.ts'
import { affirm, contraindicate, warn } from './step.ts'
import { hourMs, parseInstant, toInstant } from './time.ts'
import { judgeLink, type StatementKey } from './verification.ts'

/** What the statements of a record come to, corrections taken in, recomputed from their buckets. */
export interface RecordFigures {
  /** The end of what the last statement is about. */
  readonly until: string
  readonly statements: number
  /** Hours that were stated live or recovered. */
  readonly hours: number
  /** Of before the account was registered: shown apart, in no figure. */
  readonly backfilled: number
  /** Null in percentages only. */
  readonly totals: Totals | null
  /** Hourly returns linked, in percent; null where no hour has one. */
  readonly returnPct: number | null
  /** The same of the hours as they were first stated: another number where corrections moved it. */
  readonly returnFirstPct: number | null
  readonly corrections: number
  /** The hours of `hours`, ascending. */
  readonly starts: readonly number[]
  /** Every hour, backfilled ones too, ascending. */
  readonly series: readonly RecordHour[]
  /** Spans that the record itself says were not observed. */
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number; readonly reason: string }[]
}

/** The chain of one account from its first statement on: every statement, every link, every key. */
export async function judgeChain(
  account: string,
  links: readonly RecordLink[],
  evidence: ReadonlyMap<string, JudgedEvidence>,
  witnessed: boolean,
): Promise<{ readonly steps: readonly Step[]; readonly figures: RecordFigures | null }> {
  const [first] = links
  if (first === undefined) {
    return { steps: [contraindicate('chain', 'CHAIN_START_MISSING', 'it holds no statement')], figures: null }
  }
  const steps: Step[] = []
  const names = new Set<string>()
  const hours = new Map<number, RecordHour>()
  const firstReturns = new Map<number, number | null>()
  let previous: RecordLink | null = null
  for (const link of links) {
    const wrong = [
      ...(await link.judge(keysFor(link.metadata, evidence))),
      ...judgeLink(previous, link.metadata),
      ...(await judgeKey(previous, link, evidence, witnessed)),
      ...judgePlace(account, previous, link, names),
      ...takeHours(link, hours),
    ].filter(({ status }) => status !== 'affirming')
    // the first of a kind tells enough: a broken chain breaks at every link after
    for (const step of wrong) {
      if (steps.some(({ name, code }) => name === step.name && code === step.code)) continue
      steps.push({ ...step, detail: `statement ${link.metadata.sequence}: ${step.detail}` })
    }
    for (const hour of link.hours) {
      if (!firstReturns.has(hour.startMs)) firstReturns.set(hour.startMs, hour.returnPct)
    }
    names.add(link.name)
    previous = link
  }
  if (!steps.some(({ status }) => status === 'contraindicated')) {
    steps.unshift(
      affirm('statements', `${links.length} statements, each signed by the enclave, its sums recomputed`),
      affirm('chain', `statements 1 to ${links.length} follow each other, none is missing`),
    )
  }
  const figures = figuresOf(links, hours, firstReturns)
  const linked = figures.returnPct === null ? 'no return' : `${figures.returnPct.toFixed(2)} % linked`
  const trades = figures.totals === null ? '' : ` ${figures.totals.trades} trades,`
  steps.push(affirm('figures', `${figures.hours} hours,${trades} ${linked}`))
  return { steps, figures }
}

/** Of the evidence that it names, and no other. */
function keysFor(
  metadata: LinkMetadata,
  evidence: ReadonlyMap<string, JudgedEvidence>,
): readonly StatementKey[] {
  const claims = evidence.get(metadata.evidence_digest ?? '')?.claims
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
  previous: RecordLink | null,
  { metadata }: RecordLink,
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
  previous: RecordLink | null,
  { metadata }: RecordLink,
  names: ReadonlySet<string>,
): readonly Step[] {
  const steps: Step[] = []
  if (metadata.account !== account) {
    steps.push(contraindicate('chain', 'CHAIN_ACCOUNT_CHANGED', 'it is of another account than the record'))
  }
  if (previous === null && metadata.type !== 'registered') {
    steps.push(contraindicate('chain', 'CHAIN_START_MISSING', 'a chain begins with its registration'))
  }
  if (metadata.type === 'correction' && !metadata.correction.corrects.every((each) => names.has(each))) {
    steps.push(contraindicate('corrections', 'CORRECTION_UNKNOWN', 'it corrects what was never stated'))
  }
  return steps
}

/** An hour is stated once; what is stated anew was stated before. */
function takeHours({ metadata, hours }: RecordLink, known: Map<number, RecordHour>): readonly Step[] {
  for (const hour of hours) {
    if (known.has(hour.startMs) !== (metadata.type === 'correction')) {
      const t = toInstant(hour.startMs)
      return [
        metadata.type === 'correction'
          ? contraindicate('hours', 'CORRECTION_UNKNOWN', `${t} was not stated before`)
          : contraindicate('hours', 'HOUR_TWICE', `${t} was stated before`),
      ]
    }
    known.set(hour.startMs, hour)
  }
  return []
}

function figuresOf(
  links: readonly RecordLink[],
  hours: ReadonlyMap<number, RecordHour>,
  firstReturns: ReadonlyMap<number, number | null>,
): RecordFigures {
  const series = [...hours.values()].toSorted((a, b) => a.startMs - b.startMs)
  const headline = series.filter(({ origin }) => origin !== 'backfilled')
  const amounts = headline.flatMap((hour) => hour.amounts ?? [])
  const ends = links.map(({ periodEnd }) => parseInstant(periodEnd))
  return {
    until: toInstant(ends.reduce((latest, end) => Math.max(latest, end), 0)),
    statements: links.length,
    hours: headline.length,
    backfilled: series.length - headline.length,
    totals: amounts.length < headline.length ? null : wireTotals(exactTotals(amounts)),
    returnPct: linkedPct(headline.map(({ returnPct }) => returnPct)),
    returnFirstPct: linkedPct(headline.map(({ startMs }) => firstReturns.get(startMs) ?? null)),
    corrections: links.filter(({ metadata }) => metadata.type === 'correction').length,
    starts: headline.map(({ startMs }) => startMs),
    series,
    gaps: links.flatMap(({ gaps }) =>
      gaps.map(({ from, to, reason }) => ({ fromMs: parseInstant(from), toMs: parseInstant(to), reason })),
    ),
  }
}

function linkedPct(hours: readonly (number | null)[]): number | null {
  const returns = hours.filter((pct) => pct !== null)
  const growth = returns.reduce((value, pct) => value * (1 + pct / 100), 1)
  return returns.length === 0 ? null : (growth - 1) * 100
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
