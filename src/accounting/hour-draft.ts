import { add, hourMs, maximum, minuteOf, multiply, signOf, toText, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { bucketOf } from './bucket.ts'
import type { Bucket } from './bucket.ts'
import { carryOf } from './carry.ts'
import type { GapSpan } from './carry.ts'
import { nameOfKey } from './contract.ts'
import type { Contracts } from './contracts.ts'
import type { Entry } from './entry.ts'
import type { Hour, HourMarks, Origin } from './hour.ts'
import type { Ledger } from './ledger.ts'
import type { Instant } from './price-book.ts'
import type { Pricing } from './pricing.ts'
import type { Residual } from './residual.ts'
import { growthOf, link, nothing, percentOf, unity } from './sub-period.ts'
import type { Factor, SubPeriod } from './sub-period.ts'
import { valueOf } from './valuation.ts'
import type { Valuation } from './valuation.ts'

/** What an hour stands on beside the ledger: kept with it, so that it can be made again after a late entry. */
export interface HourContext {
  readonly origin: Origin
  /** Highest equity of the trailing window, up to the hour's start. */
  readonly peakUsd: Decimal
  /** Start of the gap that ends where the hour begins. */
  readonly gapFromMs: number | null
  /** Balance reads up to here are known to lie after every entry that could concern them. */
  readonly trustedMs: number
}

/** A sub-period on less than `leastUsd`, or than this share of the peak, links losses only. */
export interface FloorRule {
  readonly leastUsd: Decimal
  readonly share: Decimal
}

export type Draft =
  | {
      readonly kind: 'hour'
      readonly hour: Hour
      readonly bucket: Bucket
      readonly startUsd: Decimal
      readonly residuals: readonly Residual[]
    }
  /** Candles are wanted first; the pricing holds which. */
  | { readonly kind: 'waiting' }
  /** It can't be stated; `atOnce`: waiting for an explanation has been tried already. */
  | { readonly kind: 'hold'; readonly reason: string; readonly atOnce: boolean }

const waiting: Draft = { kind: 'waiting' }
const boundary = (atMs: number): Instant => ({ kind: 'boundary', atMs })

interface Flows {
  count: number
  netUsd: Decimal
}

/** Makes the hour that starts at `startMs` from the ledger, exactly, or says what keeps it from being made. */
export function draftHour(
  startMs: number,
  context: HourContext,
  floor: FloorRule,
  ledger: Ledger,
  pricing: Pricing,
): Draft {
  const endMs = startMs + hourMs
  const entries = ledger.entries(startMs, endMs)
  const residuals = ledger.residuals(startMs, endMs, context.trustedMs)
  const bucket = bucketOf(entries, pricing)
  const gap =
    context.gapFromMs === null ? null : crossGap(context.gapFromMs, startMs, context, ledger, pricing)
  const start = valueBoundary(ledger, startMs, gap?.unpriced ?? new Set(), pricing)
  if (start === null) return { kind: 'hold', reason: 'balances-unknown', atOnce: false }
  const flows: Flows = { count: start?.first.length ?? 0, netUsd: start?.firstUsd ?? zero }
  const cuts = start === undefined ? undefined : cutHour(startMs, start, entries, ledger, pricing, flows)
  const end = valueBoundary(ledger, endMs, cuts?.unpriced ?? new Set(), pricing)
  const gains = residualsUsd(residuals, endMs, pricing)
  if (end === null) return { kind: 'hold', reason: 'balances-unknown', atOnce: false }
  if (!bucket || !start || !cuts || !end || !gains || gap === undefined) return waiting
  const peakUsd = maximum(context.peakUsd, add(start.equityUsd, start.firstUsd))
  const floorUsd = maximum(floor.leastUsd, multiply(floor.share, peakUsd))
  const carried = gap === null ? null : carryOf({ ...gap, endUsd: start.equityUsd }, floorUsd)
  const liability = start.liability ?? cuts.liability ?? end.liability
  if (liability !== null) return { kind: 'hold', reason: 'liability-unpriced', atOnce: false }
  if (carried !== null && carried.kind === 'hold') {
    return { kind: 'hold', reason: 'unexplained-change', atOnce: true }
  }

  const gainedUsd = gainsOf(residuals, gains, ledger.contracts)
  const periods = subPeriods(cuts.cuts, end.equityUsd, endMs, residuals, gainedUsd)
  let factor: Factor = carried === null ? unity : carried.kind === 'factor' ? carried.factor : nothing
  let belowFloor = carried?.kind === 'factor' && carried.belowFloor
  let capital = false
  for (const period of periods) {
    const growth = growthOf(period, floorUsd)
    if (growth.kind === 'hold') return { kind: 'hold', reason: 'unexplained-change', atOnce: false }
    if (growth.kind !== 'no-capital') capital ||= period.toMs > period.fromMs
    if (growth.kind === 'wiped-out') factor = link(factor, nothing)
    if (growth.kind !== 'factor') continue
    factor = link(factor, growth.factor)
    belowFloor ||= growth.belowFloor
  }

  const unreconciled = residuals.map((residual, index) => ({
    asset: nameOfKey(residual.asset),
    amount: toText(residual.amount),
    usd: toText(gains[index]!),
  }))
  const unpriced = [...new Set([...end.unpriced, ...bucket.unpricedVolume])].toSorted()
  const marks: HourMarks = {
    ...(!capital && carried === null && { noCapital: true as const }),
    ...(belowFloor && { belowFloor: true as const }),
    ...(carried !== null && { approximate: true as const }),
    ...(bucket.unpricedFees && { unpricedFees: true as const }),
    ...(unreconciled.length > 0 && { unreconciled }),
    ...(unpriced.length > 0 && { unpriced }),
    ...(end.stale.length > 0 && { stale: end.stale }),
  }
  const hour: Hour = {
    startMs,
    origin: context.origin,
    returnPct: percentOf(factor),
    returnReason: null,
    ...bucket.whole,
    equityUsd: end.equityUsd,
    flows,
    marks,
  }
  return { kind: 'hour', hour, bucket, startUsd: add(start.equityUsd, start.firstUsd), residuals }
}

/** Null: no anchor is known; undefined: candles are wanted. */
function valueBoundary(
  ledger: Ledger,
  atMs: number,
  unpriced: ReadonlySet<string>,
  pricing: Pricing,
): Valuation | null | undefined {
  const balances = ledger.balancesBefore(atMs)
  return balances === null ? null : valueOf(balances, boundary(atMs), unpriced, pricing)
}

interface Cut {
  readonly atMs: number
  /** Equity just before and just after, at the same prices. */
  readonly beforeUsd: Decimal
  readonly afterUsd: Decimal
}

interface Cuts {
  readonly cuts: readonly Cut[]
  readonly unpriced: ReadonlySet<string>
  readonly liability: string | null
}

/** Cuts the hour at every external flow and where an asset without a price gets its first from an execution. */
function cutHour(
  startMs: number,
  start: Valuation,
  entries: readonly Entry[],
  ledger: Ledger,
  pricing: Pricing,
  flows: Flows,
): Cuts | undefined {
  const cuts: Cut[] = [
    { atMs: startMs, beforeUsd: start.equityUsd, afterUsd: add(start.equityUsd, start.firstUsd) },
  ]
  let unpriced = start.unpriced
  let liability: string | null = null
  let complete = true
  for (const [atMs, group] of Map.groupBy(entries, (entry) => entry.atMs)) {
    const external = group.filter((entry) => entry.kind === 'flow')
    const opens = group.some(
      (entry) => entry.kind !== 'flow' && entry.changes.some(({ asset }) => unpriced.has(asset)),
    )
    if (external.length === 0 && !opens) continue
    const instant: Instant = { kind: 'cut', atMs: minuteOf(atMs) }
    const value = valueOf(ledger.balancesBefore(atMs) ?? new Map(), instant, unpriced, pricing)
    const flowed = flowUsd(external, instant, pricing)
    if (value === undefined || flowed === undefined) {
      complete = false
      continue
    }
    liability ??= value.liability
    flows.count += external.length + value.first.length
    const netUsd = add(flowed.usd, value.firstUsd)
    flows.netUsd = add(flows.netUsd, netUsd)
    cuts.push({ atMs, beforeUsd: value.equityUsd, afterUsd: add(value.equityUsd, netUsd) })
    unpriced = new Set([...value.unpriced, ...flowed.unpriced])
  }
  return complete ? { cuts, unpriced, liability } : undefined
}

/** Flows of one instant at that instant's prices; one without any price counts 0. */
function flowUsd(
  entries: readonly Entry[],
  instant: Instant,
  pricing: Pricing,
): { usd: Decimal; unpriced: readonly string[] } | undefined {
  let usd = zero
  let complete = true
  const unpriced: string[] = []
  for (const { asset, amount } of entries.flatMap((entry) => entry.changes)) {
    const worth = pricing.worth(instant, asset, amount, false)
    if (worth === undefined) complete = false
    else if (worth === null) unpriced.push(asset)
    else usd = add(usd, worth.usd)
  }
  return complete ? { usd, unpriced } : undefined
}

/** Each residual at the prices of the boundary that follows; never priced counts 0. */
function residualsUsd(residuals: readonly Residual[], atMs: number, pricing: Pricing): Decimal[] | undefined {
  const worths = residuals.map(({ asset, amount }) => pricing.worth(boundary(atMs), asset, amount, false))
  if (worths.includes(undefined)) return undefined
  return worths.map((worth) => worth?.usd ?? zero)
}

/**
 * The unexplained gains among residuals. One asset's loss never makes up for another's gain, but a position and the
 * cash it was opened with are one: what they are worth together is the change in its settlement coin.
 */
function gainsOf(
  residuals: readonly Residual[],
  worthsUsd: readonly Decimal[],
  contracts: Contracts,
): { jumpMs: number; usd: Decimal }[] {
  const sums = new Map<string, { jumpMs: number; usd: Decimal }>()
  for (const [index, { asset, jumpMs }] of residuals.entries()) {
    const name = `${jumpMs} ${contracts.find(asset)?.settle ?? asset}`
    const usd = add(sums.get(name)?.usd ?? zero, worthsUsd[index]!)
    sums.set(name, { jumpMs, usd })
  }
  return [...sums.values()].filter(({ usd }) => signOf(usd) > 0)
}

function subPeriods(
  cuts: readonly Cut[],
  endUsd: Decimal,
  endMs: number,
  residuals: readonly Residual[],
  gains: readonly { readonly jumpMs: number; readonly usd: Decimal }[],
): SubPeriod[] {
  return cuts.map((cut, index) => {
    const next = cuts[index + 1]
    const toMs = next?.atMs ?? endMs
    const isInside = ({ jumpMs }: { readonly jumpMs: number }): boolean => jumpMs >= cut.atMs && jumpMs < toMs
    const gainedUsd = gains.filter(isInside).reduce((sum, { usd }) => add(sum, usd), zero)
    return {
      fromMs: cut.atMs,
      toMs,
      startUsd: cut.afterUsd,
      endUsd: next?.beforeUsd ?? endUsd,
      gainedUsd,
      hasResidual: residuals.some(isInside),
    }
  })
}

type GapBefore = Omit<GapSpan, 'endUsd'> & { readonly unpriced: ReadonlySet<string> }

/** The gap before an hour, up to its start: null where nothing is known before it, undefined while candles are wanted. */
function crossGap(
  fromMs: number,
  toMs: number,
  context: HourContext,
  ledger: Ledger,
  pricing: Pricing,
): GapBefore | null | undefined {
  const before = valueBoundary(ledger, fromMs, new Set(), pricing)
  // Nothing was stated at its start, or it would have been valued there.
  if (before === null || (before !== undefined && before.liability !== null)) return null
  const entries = ledger.entries(fromMs, toMs)
  const residuals = ledger.residuals(fromMs, toMs, context.trustedMs)
  const gains = residualsUsd(residuals, toMs, pricing)
  // Executions in the gap are in no bucket, but positions need their rates.
  const bucket = bucketOf(entries, pricing)
  const unpriced = new Set(before?.unpriced)
  let complete = true
  const flows: { atMs: number; usd: Decimal }[] = []
  for (const entry of entries) {
    if (entry.kind !== 'flow') continue
    const flowed = flowUsd([entry], { kind: 'cut', atMs: minuteOf(entry.atMs) }, pricing)
    if (flowed === undefined) complete = false
    else flows.push({ atMs: entry.atMs, usd: flowed.usd })
    for (const asset of flowed?.unpriced ?? []) unpriced.add(asset)
  }
  if (before === undefined || !gains || !bucket || !complete) return undefined
  const gainedUsd = gainsOf(residuals, gains, ledger.contracts).reduce((sum, { usd }) => add(sum, usd), zero)
  const startUsd = add(before.equityUsd, before.firstUsd)
  return { fromMs, toMs, startUsd, flows, gainedUsd, hasResidual: residuals.length > 0, unpriced }
}
