import { add, hourMs, maximum, multiply, signOf, toText, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { bucketOf } from './bucket.ts'
import type { Bucket } from './bucket.ts'
import { carryOf } from './carry.ts'
import { nameOfKey } from '../ledger/contract.ts'
import { crossGap } from './gap-span.ts'
import { cutHour, valueBoundary } from './hour-cuts.ts'
import type { Cut, FlowSum } from './hour-cuts.ts'
import type { Hour, HourMarks, Origin } from './hour.ts'
import { hourIncomes } from './hour.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Pricing } from '../pricing/pricing.ts'
import { gainsOf, residualsUsd } from '../ledger/residual-gains.ts'
import type { Gain } from '../ledger/residual-gains.ts'
import type { Residual } from '../ledger/residual.ts'
import { linkPeriods, percentOf } from './sub-period.ts'
import type { SubPeriod } from './sub-period.ts'

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
      /** Where it is cut, and its unexplained gains: what a composite needs. */
      readonly cuts: readonly Cut[]
      readonly gains: readonly Gain[]
    }
  /** Candles are wanted first; the pricing holds which. */
  | { readonly kind: 'waiting' }
  /** It can't be stated; `atOnce`: waiting for an explanation has been tried already. */
  | { readonly kind: 'hold'; readonly reason: string; readonly atOnce: boolean }

const waiting: Draft = { kind: 'waiting' }

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
    context.gapFromMs === null
      ? null
      : crossGap(context.gapFromMs, startMs, context.trustedMs, ledger, pricing)
  const start = valueBoundary(ledger, startMs, gap?.unpriced ?? new Set(), pricing)
  if (start === null) return { kind: 'hold', reason: 'balances-unknown', atOnce: false }
  const flows: FlowSum = { count: start?.first.length ?? 0, netUsd: start?.firstUsd ?? zero }
  const cuts = start === undefined ? undefined : cutHour(startMs, start, entries, ledger, pricing, flows)
  const end = valueBoundary(ledger, endMs, cuts?.unpriced ?? new Set(), pricing)
  const gains = residualsUsd(residuals, endMs, pricing)
  if (end === null) return { kind: 'hold', reason: 'balances-unknown', atOnce: false }
  if (!bucket || !start || !cuts || !end || !gains || gap === undefined) return waiting
  const peakUsd = maximum(context.peakUsd, add(start.equityUsd, start.firstUsd))
  const floorUsd = maximum(floor.leastUsd, multiply(floor.share, peakUsd))
  const carried = gap === null ? null : carryOf({ ...gap, endUsd: start.equityUsd }, floorUsd)
  const liability = gap?.liability ?? start.liability ?? cuts.liability ?? end.liability
  if (liability !== null) return { kind: 'hold', reason: 'liability-unpriced', atOnce: false }
  if (carried !== null && carried.kind === 'hold') {
    return { kind: 'hold', reason: 'unexplained-change', atOnce: true }
  }

  const gainedUsd = gainsOf(residuals, gains, ledger.contracts)
  const periods = subPeriods(cuts.cuts, end.equityUsd, endMs, residuals, gainedUsd)
  const linked = linkPeriods(carried, periods, floorUsd)
  if (linked === null) return { kind: 'hold', reason: 'unexplained-change', atOnce: false }
  const { factor, belowFloor, capital } = linked

  const unreconciled = residuals.map((residual, index) => ({
    asset: nameOfKey(residual.asset),
    amount: toText(residual.amount),
    usd: toText(gains[index]!),
  }))
  const income = hourIncomes.flatMap((kind) => {
    const usd = bucket.incomeUsd.get(kind)
    return usd === undefined || signOf(usd) === 0 ? [] : [{ kind, usd: toText(usd) }]
  })
  const unpriced = [...new Set([...end.unpriced, ...bucket.unpricedVolume])].toSorted()
  const marks: HourMarks = {
    ...(!capital && carried === null && { noCapital: true as const }),
    ...(belowFloor && { belowFloor: true as const }),
    ...(carried !== null && { approximate: true as const }),
    ...(bucket.unpricedFees && { unpricedFees: true as const }),
    ...(unreconciled.length > 0 && { unreconciled }),
    ...(income.length > 0 && { income }),
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
  const startUsd = add(start.equityUsd, start.firstUsd)
  return { kind: 'hour', hour, bucket, startUsd, residuals, cuts: cuts.cuts, gains: gainedUsd }
}

export function subPeriods(
  cuts: readonly Omit<Cut, 'unpriced'>[],
  endUsd: Decimal,
  endMs: number,
  residuals: readonly Pick<Residual, 'jumpMs'>[],
  gains: readonly Gain[],
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
