import { fromBase64 } from './bytes.ts'
import { inBatches } from './batch.ts'
import type { Totals } from './bucket.ts'
import { exactTotals, wireTotals } from './bucket.ts'
import type { ChainEnd } from './chain.ts'
import { chainEnd, judgeSuccession } from './chain.ts'
import type { LinkMetadata } from './edition.ts'
import { handoverBytes } from './handover.ts'
import { publicKeyOf, thumbprint } from './key.ts'
import type { JudgedEvidence } from './record-evidence.ts'
import { RecordHours } from './record-hours.ts'
import type { RecordHour, RecordLink } from './record-link.ts'
import { verifySignature } from './signature.ts'
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
  const retired = new Set<string>()
  const hours = new RecordHours()
  const firstReturns = new Map<number, number | null>()
  let previous: RecordLink | null = null
  let end: ChainEnd | null = null
  const judged = await inBatches(links, (link) => link.judge(keysFor(link.metadata, evidence)))
  for (const [index, link] of links.entries()) {
    const wrong = [
      ...judged[index]!,
      ...judgeLink(previous, link.metadata),
      ...judgeSuccession(end, link.metadata),
      ...judgeEvidenceOf(link, evidence),
      ...(await judgeKey(previous, link, { evidence, witnessed, retired })),
      ...judgePlace(account, link, names),
      ...hours.take(link),
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
    end = chainEnd(end, link.metadata)
    previous = link
  }
  if (!steps.some(({ status }) => status === 'contraindicated')) {
    steps.unshift(
      affirm('statements', `${links.length} statements, each signed by the enclave, its sums recomputed`),
      affirm('chain', `statements 1 to ${links.length} follow each other, none is missing`),
    )
  }
  const figures = figuresOf(links, hours.stated, firstReturns)
  return { steps: [...steps, ...describe(figures, end)], figures }
}

/** What the figures come to, and what whoever reads them must not overlook. */
function describe(figures: RecordFigures, end: ChainEnd | null): readonly Step[] {
  const linked = figures.returnPct === null ? 'no return' : `${figures.returnPct.toFixed(2)} % linked`
  const trades = figures.totals === null ? '' : ` ${figures.totals.trades} trades,`
  const apart = figures.backfilled === 0 ? '' : `; ${figures.backfilled} of before the registration, apart`
  const { count: missing } = missingHours(figures)
  const between = missing === 0 ? '' : `; ${missing} between them missing`
  const count = end?.clientAccounts ?? null
  return [
    affirm('figures', `${figures.hours} hours,${trades} ${linked}${between}${apart}`),
    affirm(
      'accounts',
      count === null
        ? 'registered without a client key: how many accounts its client has is not known'
        : count === 1
          ? 'the only account of its client key'
          : `one of ${count} accounts of its client key`,
    ),
  ]
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

function judgeEvidenceOf(
  { metadata }: RecordLink,
  evidence: ReadonlyMap<string, JudgedEvidence>,
): readonly Step[] {
  const claims = evidence.get(metadata.evidence_digest ?? '')?.claims
  if (claims === undefined) {
    return [contraindicate('evidence', 'EVIDENCE_MISSING', 'the evidence it names is not in the record')]
  }
  if (claims.config_digest !== metadata.config_digest) {
    return [
      contraindicate('config', 'CONFIG_DIGEST_MISMATCH', 'its configuration is not that of its evidence'),
    ]
  }
  return claims.log === null || claims.log.origin !== metadata.log?.origin
    ? [contraindicate('log', 'LOG_MISMATCH', 'it is of another log than its evidence')]
    : []
}

interface KeyOptions {
  readonly evidence: ReadonlyMap<string, JudgedEvidence>
  /** A witness that is trusted signed the record's checkpoint. */
  readonly witnessed: boolean
  /** Keys that another one has replaced. */
  readonly retired: Set<string>
}

/**
 * A new key must come with a statement of its own. Where the old one still lived it has signed from which leaf of the
 * log on it says nothing more; its death is made up for by evidence and witnesses.
 */
async function judgeKey(
  before: RecordLink | null,
  { metadata, position }: RecordLink,
  { evidence, witnessed, retired }: KeyOptions,
): Promise<readonly Step[]> {
  if (metadata.type !== 'key_start') return []
  const { key, replaces, handover, log_size: logSize, continuity } = metadata.key_start
  const last = before?.metadata
  const starts =
    (await thumbprint(publicKeyOf(key))) === metadata.key_id && replaces === (last?.key_id ?? null)
  if (!starts || replaces === null) {
    return [contraindicate('keys', 'HANDOVER_INVALID', 'the key that it starts is not the one that signs')]
  }
  retired.add(replaces)
  if (retired.has(metadata.key_id)) {
    return [contraindicate('keys', 'KEY_RETURNED', 'a key that was replaced signs again')]
  }
  if (continuity === 'handover' || handover !== null || logSize !== null) {
    const old = evidence.get(last?.evidence_digest ?? '')?.claims.sig_key
    const holds =
      continuity === 'handover' &&
      handover !== null &&
      logSize !== null &&
      metadata.log !== null &&
      old !== undefined &&
      (await thumbprint(publicKeyOf(old))) === replaces &&
      (before?.position ?? 0) < logSize &&
      logSize <= position &&
      (await verifySignature(
        publicKeyOf(old),
        handoverBytes({ origin: metadata.log.origin, replaces, keyId: metadata.key_id, logSize }),
        fromBase64(handover),
      ))
    return holds
      ? []
      : [contraindicate('keys', 'HANDOVER_INVALID', 'the old key has not handed over to the new one')]
  }
  return evidence.get(metadata.evidence_digest ?? '')?.affirming === true && witnessed
    ? []
    : [
        warn(
          'keys',
          'CONTINUITY_BROKEN',
          'a new key, not handed over by the old one, and no trusted evidence with a witnessed log instead',
        ),
      ]
}

function judgePlace(account: string, { metadata }: RecordLink, names: ReadonlySet<string>): readonly Step[] {
  const steps: Step[] = []
  if (metadata.account !== account) {
    steps.push(contraindicate('chain', 'CHAIN_ACCOUNT_CHANGED', 'it is of another account than the record'))
  }
  if (metadata.type === 'correction' && !metadata.correction.corrects.every((each) => names.has(each))) {
    steps.push(contraindicate('corrections', 'CORRECTION_UNKNOWN', 'it corrects what was never stated'))
  }
  return steps
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
    totals: series.some((hour) => hour.amounts === null) ? null : wireTotals(exactTotals(amounts)),
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
