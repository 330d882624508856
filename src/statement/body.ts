import {
  equityBandOf,
  hourMs,
  statementSchema,
  sum,
  toInstant,
  toNumber,
  toText,
  wireText,
  type Coverage,
  type ExactBucket,
  type ExactTotals,
  type Metadata,
  type MetadataBase,
  type StatementBody,
  type Totals,
} from '@perf-agg/sdk'
import type { Gap, Hour } from '../accounting/hour/hour.ts'
import type { Claim, Head, Subject } from './claim.ts'
import { hourInstant } from './instant.ts'

/** What every statement of this start says of the enclave. */
export interface Start {
  /** `connector_version`: the software's. */
  readonly version: string
  /** The enclave's own key, whoever signs for the wire. */
  readonly keyId: string
  readonly configDigest: string
  /** The log's evidence leaf; null where none is logged. */
  readonly evidenceDigest: string | null
  readonly log: { readonly origin: string } | null
}

/** The whole body of a statement but for its signatures. Pure: the same input gives the same bytes. */
export function bodyOf(
  start: Start,
  subject: Subject,
  head: Head,
  claim: Claim,
  issuedAtMs: number,
): StatementBody {
  const hours = hoursOf(claim)
  const [startMs, endMs] = spanOf(claim)
  const exact = hours.map(exactBucket)
  const totals = summed(hours)
  const base: MetadataBase = {
    schema: statementSchema,
    account: subject.account,
    client_accounts: subject.clientAccounts,
    sequence: head.sequence + 1,
    previous: head.digest,
    first_observed_at: subject.firstObservedAtMs === null ? null : hourInstant(subject.firstObservedAtMs),
    source: subject.source,
    return_method: subject.returnMethod,
    pricing: { ...subject.pricing, unpriced: unpricedOf(hours) },
    coverage: coverageOf(hours, claim.type === 'gap' ? claim.gaps : []),
    exact: { hourly_buckets: exact, totals: exactTotals(totals) },
    scope: subject.scope,
    flows: {
      count: hours.reduce((count, hour) => count + hour.flows.count, 0),
      net_usd: toNumber(sum(hours.map((hour) => hour.flows.netUsd))),
    },
    equity_band: equityBandOf(hours.at(-1)?.equityUsd ?? null),
    config_digest: start.configDigest,
    key_id: start.keyId,
    evidence_digest: start.evidenceDigest,
    log: start.log,
    issued_at: toInstant(issuedAtMs),
  }
  return {
    client_id: subject.clientId,
    exchange: subject.source.exchange,
    connector_version: start.version,
    period_start: hourInstant(startMs),
    period_end: hourInstant(endMs),
    hourly_buckets: exact.map((bucket, index) => {
      const hour = hours[index]!
      return { t: bucket.t, return_pct: hour.returnPct, ...wireTotals(hour) }
    }),
    totals: wireTotals(totals),
    metadata: metadataOf(base, claim),
  }
}

/** In order of time. */
export function hoursOf(claim: Claim): readonly Hour[] {
  if (claim.type === 'period') return claim.hours
  if (claim.type !== 'correction') return []
  return claim.correction.hours.toSorted((a, b) => a.startMs - b.startMs)
}

/** Half-open; an event has both ends at its instant. */
export function spanOf(claim: Claim): readonly [startMs: number, endMs: number] {
  if ('atMs' in claim) return [claim.atMs, claim.atMs]
  if (claim.type === 'gap') return endsOf(claim.gaps)
  return endsOf(hoursOf(claim).map((hour) => ({ fromMs: hour.startMs, toMs: hour.startMs + hourMs })))
}

function endsOf(
  spans: readonly { readonly fromMs: number; readonly toMs: number }[],
): readonly [number, number] {
  const [first, last] = [spans[0], spans.at(-1)]
  if (first === undefined || last === undefined) throw new RangeError('a statement of nothing')
  return [first.fromMs, last.toMs]
}

function metadataOf(base: MetadataBase, claim: Claim): Metadata {
  switch (claim.type) {
    case 'correction': {
      const { cause, records } = claim.correction
      return {
        ...base,
        type: 'correction',
        correction: { corrects: claim.corrects, cause, records: records.map(wireText) },
      }
    }
    case 'closed':
      return { ...base, type: 'closed', closed: { reason: claim.reason } }
    case 'key_start':
      return { ...base, type: 'key_start', key_start: claim.keyStart }
    default:
      return { ...base, type: claim.type }
  }
}

/** What an hour and the sum of hours have in common. */
type Summed = Pick<Hour, 'trades' | 'volumeBase' | 'volumeQuoteUsd' | 'feesUsd'>

/** Summed as they are, before any of them is text. */
function summed(hours: readonly Hour[]): Summed {
  return {
    trades: hours.reduce((trades, hour) => trades + hour.trades, 0),
    volumeBase: sum(hours.map((hour) => hour.volumeBase)),
    volumeQuoteUsd: sum(hours.map((hour) => hour.volumeQuoteUsd)),
    feesUsd: sum(hours.map((hour) => hour.feesUsd)),
  }
}

function exactTotals({ trades, volumeBase, volumeQuoteUsd, feesUsd }: Summed): ExactTotals {
  return {
    trades,
    volume_base: toText(volumeBase),
    volume_quote: toText(volumeQuoteUsd),
    fees_usd: toText(feesUsd),
  }
}

/** The nearest doubles. */
function wireTotals({ trades, volumeBase, volumeQuoteUsd, feesUsd }: Summed): Totals {
  return {
    trades,
    volume_base: toNumber(volumeBase),
    volume_quote: toNumber(volumeQuoteUsd),
    fees_usd: toNumber(feesUsd),
  }
}

function exactBucket(hour: Hour): ExactBucket {
  const { marks } = hour
  return {
    t: hourInstant(hour.startMs),
    origin: hour.origin,
    return_reason: hour.returnReason,
    trades: hour.trades,
    volume_base: toText(hour.volumeBase),
    volume_quote: toText(hour.volumeQuoteUsd),
    fees_usd: toText(hour.feesUsd),
    ...(marks.noCapital && { no_capital: true }),
    ...(marks.belowFloor && { below_floor: true }),
    ...(marks.approximate && { approximate: true }),
    ...(marks.unpricedFees && { unpriced_fees: true }),
    ...(marks.unreconciled && {
      unreconciled: marks.unreconciled.map(({ asset, amount, usd }) => ({
        asset: wireText(asset),
        amount,
        usd,
      })),
    }),
    ...(marks.income && { income: marks.income.map(({ kind, usd }) => ({ kind, usd })) }),
    ...(marks.unpriced && { unpriced: marks.unpriced.map(wireText) }),
    ...(marks.stale && {
      stale: marks.stale.map(({ asset, ageS }) => ({ asset: wireText(asset), age_s: ageS })),
    }),
  }
}

function unpricedOf(hours: readonly Hour[]): string[] {
  const assets = hours.flatMap((hour) => hour.marks.unpriced ?? [])
  return [...new Set(assets.map(wireText))].toSorted()
}

function coverageOf(hours: readonly Hour[], gaps: readonly Gap[]): Coverage {
  const unreconciled = hours.filter((hour) => (hour.marks.unreconciled?.length ?? 0) > 0)
  const missing = gaps.reduce((count, gap) => count + Math.ceil((gap.toMs - gap.fromMs) / hourMs), 0)
  const from = (origin: Hour['origin']) => hours.filter((hour) => hour.origin === origin).length
  return {
    hours_expected: hours.length + missing,
    observed: from('observed'),
    recovered: from('recovered'),
    backfilled: from('backfilled'),
    gaps: gaps.map(({ fromMs, toMs, reason }) => ({ from: toInstant(fromMs), to: toInstant(toMs), reason })),
    // of a gap nothing is known, so nothing is explained
    reconciled: unreconciled.length === 0 && gaps.length === 0,
    unreconciled: unreconciled.map((hour) => hourInstant(hour.startMs)),
  }
}
