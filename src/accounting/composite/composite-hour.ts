import { add, hourMs, maximum, minuteOf, multiply, signOf, subtract, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { addExecuted, nothingExecuted } from '../hour/bucket.ts'
import { carryOf } from '../hour/carry.ts'
import type { FloorRule } from '../hour/hour-draft.ts'
import type { Hour, HourMarks, Origin } from '../hour/hour.ts'
import type { Member, Part } from './member.ts'
import type { Instant } from '../pricing/price-book.ts'
import { linkPeriods, percentOf } from '../hour/sub-period.ts'
import { subPeriods } from '../hour/hour-draft.ts'
import { inTransit, keyOf } from '../entry/transfers.ts'
import type { Transfer } from '../entry/transfers.ts'

/** A member that takes part in an hour. */
export interface Taking {
  readonly id: string
  readonly member: Member
  readonly part: Part
  /** Its first hour here: what it brings is a flow. */
  readonly joins: boolean
}

export interface CompositeContext {
  readonly peakUsd: Decimal
  readonly gapFromMs: number | null
  /** Members that were there when the gap began. */
  readonly since: ReadonlySet<string>
}

export type CompositeDraft =
  | { readonly kind: 'hour'; readonly hour: Hour; readonly startUsd: Decimal }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'hold' }

/** Several accounts as one: Σ equity, cut wherever value came to or left any of them; what moves between them is none. */
export class CompositeHour {
  readonly #startMs: number
  readonly #taking: readonly Taking[]
  readonly #transfers: readonly Transfer[]
  readonly #matched: ReadonlySet<string>
  #waiting = false

  constructor(startMs: number, taking: readonly Taking[], transfers: readonly Transfer[]) {
    this.#startMs = startMs
    this.#taking = taking
    const ids = new Set(taking.map(({ id }) => id))
    this.#transfers = transfers.filter(({ from, to }) => ids.has(from.member) && ids.has(to.member))
    this.#matched = new Set(this.#transfers.flatMap(({ from, to }) => [keyOf(from), keyOf(to)]))
  }

  draft(context: CompositeContext, floor: FloorRule): CompositeDraft {
    const endMs = this.#startMs + hourMs
    const parts = this.#taking.map(({ part }) => part)
    // the first of each is the boundary; a flow may fall on the same instant
    const instants = new Set(parts.flatMap(({ cuts }) => cuts.slice(1).map(({ atMs }) => atMs)))
    const flowing = [...instants].toSorted((a, b) => a - b).map((atMs) => this.#cut(atMs, false))
    const cuts = [this.#cut(this.#startMs, true), ...flowing]
    const boundary: Instant = { kind: 'boundary', atMs: endMs }
    const held = parts.reduce((sum, { hour }) => add(sum, hour.equityUsd ?? zero), zero)
    const endUsd = add(held, this.#transitUsd(endMs, 'before', boundary))
    const startUsd = cuts[0]!.afterUsd
    const peakUsd = maximum(context.peakUsd, startUsd)
    const floorUsd = maximum(floor.leastUsd, multiply(floor.share, peakUsd))
    const carried = context.gapFromMs === null ? null : this.#carry(context.gapFromMs, context, floorUsd)
    const flows = {
      count: cuts.reduce((sum, { count }) => sum + count, 0),
      netUsd: cuts.reduce((sum, { flowUsd }) => add(sum, flowUsd), zero),
    }
    if (this.#waiting) return { kind: 'waiting' }
    if (carried?.kind === 'hold') return { kind: 'hold' }
    const residuals = parts.flatMap((part) => part.residuals)
    const gains = parts.flatMap((part) => part.gains)
    const linked = linkPeriods(carried, subPeriods(cuts, endUsd, endMs, residuals, gains), floorUsd)
    if (linked === null) return { kind: 'hold' }
    const executed = parts.reduce((sum, { hour }) => addExecuted(sum, hour), nothingExecuted)
    const { trades, volumeBase, volumeQuoteUsd, feesUsd } = executed
    return {
      kind: 'hour',
      startUsd,
      hour: {
        startMs: this.#startMs,
        origin: originOf(parts),
        returnPct: percentOf(linked.factor),
        returnReason: null,
        trades,
        volumeBase,
        volumeQuoteUsd,
        feesUsd,
        equityUsd: endUsd,
        flows,
        marks: {
          ...(!linked.capital && carried === null && { noCapital: true as const }),
          ...(linked.belowFloor && { belowFloor: true as const }),
          ...(carried !== null && { approximate: true as const }),
          ...marksOf(parts),
        },
      },
    }
  }

  /** Equity on both sides of an instant; what was no flow at it (a network's fee) is in the side before. */
  #cut(
    atMs: number,
    isStart: boolean,
  ): {
    atMs: number
    beforeUsd: Decimal
    afterUsd: Decimal
    count: number
    flowUsd: Decimal
  } {
    const instant: Instant = isStart ? { kind: 'boundary', atMs } : { kind: 'cut', atMs: minuteOf(atMs) }
    let afterUsd = this.#transitUsd(atMs, isStart ? 'before' : 'after', instant)
    let flowUsd = zero
    let count = 0
    for (const { id, member, part, joins } of this.#taking) {
      const [first, ...rest] = part.cuts
      const own = isStart ? first : rest.find((cut) => cut.atMs === atMs)
      if (own === undefined) {
        const { unpriced } = rest.findLast((cut) => cut.atMs < atMs) ?? first!
        afterUsd = add(afterUsd, this.#known(member.valueBefore(atMs, unpriced)))
        continue
      }
      afterUsd = add(afterUsd, own.afterUsd)
      flowUsd = add(flowUsd, joins && isStart ? own.afterUsd : subtract(own.afterUsd, own.beforeUsd))
      if (isStart) {
        count += signOf(subtract(own.afterUsd, joins ? zero : own.beforeUsd)) === 0 ? 0 : 1
        continue
      }
      const flows = member.flows().filter((entry) => entry.atMs === atMs)
      const inside = flows.filter((entry) => this.#matched.has(keyOf({ member: id, entry })))
      count += Math.max(1, flows.length) - inside.length
      for (const { asset, amount } of inside.flatMap((entry) => entry.changes)) {
        flowUsd = subtract(flowUsd, this.#known(member.worth(instant, asset, amount)))
      }
    }
    return { atMs, beforeUsd: subtract(afterUsd, flowUsd), afterUsd, count, flowUsd }
  }

  #known(usd: Decimal | null | undefined): Decimal {
    if (usd === undefined) this.#waiting = true
    return usd ?? zero
  }

  /** What is on its way, by the prices of where it left. */
  #transitUsd(atMs: number, side: 'before' | 'after', instant: Instant): Decimal {
    let usd = zero
    for (const transfer of this.#transfers) {
      const amount = inTransit(transfer, atMs, side)
      if (amount === null) continue
      const { member } = this.#taking.find(({ id }) => id === transfer.from.member)!
      usd = add(usd, this.#known(member.worth(instant, transfer.asset, amount)))
    }
    return usd
  }

  #carry(
    fromMs: number,
    context: CompositeContext,
    floorUsd: Decimal,
  ): Exclude<ReturnType<typeof carryOf>, null> | null {
    const toMs = this.#startMs
    let startUsd = this.#transitUsd(fromMs, 'before', { kind: 'boundary', atMs: fromMs })
    let endUsd = this.#transitUsd(toMs, 'before', { kind: 'boundary', atMs: toMs })
    let gainedUsd = zero
    let hasResidual = false
    const flows: { atMs: number; usd: Decimal }[] = []
    for (const { id, member, part } of this.#taking) {
      if (!context.since.has(id)) continue
      const span = member.span(fromMs, toMs)
      if (span === undefined) this.#waiting = true
      if (span === undefined || span === null) continue
      startUsd = add(startUsd, span.startUsd)
      endUsd = add(endUsd, part.cuts[0]!.beforeUsd)
      gainedUsd = add(gainedUsd, span.gainedUsd)
      hasResidual ||= span.hasResidual
      const internal = new Set(
        member
          .flows()
          .filter((entry) => this.#matched.has(keyOf({ member: id, entry })))
          .map(({ key }) => key),
      )
      flows.push(...span.flows.filter(({ key }) => !internal.has(key)))
    }
    return carryOf({ fromMs, toMs, startUsd, endUsd, flows, gainedUsd, hasResidual }, floorUsd)
  }
}

/** As late as the latest of them. */
function originOf(parts: readonly Part[]): Origin {
  const origins = new Set(parts.map(({ hour }) => hour.origin))
  return origins.has('backfilled') ? 'backfilled' : origins.has('recovered') ? 'recovered' : 'observed'
}

function marksOf(parts: readonly Part[]): HourMarks {
  const marks = parts.map(({ hour }) => hour.marks)
  const unreconciled = marks.flatMap((one) => one.unreconciled ?? [])
  const unpriced = [...new Set(marks.flatMap((one) => one.unpriced ?? []))].toSorted()
  const oldest = new Map<string, number>()
  for (const { asset, ageS } of marks.flatMap((one) => one.stale ?? [])) {
    oldest.set(asset, Math.max(ageS, oldest.get(asset) ?? 0))
  }
  const stale = [...oldest].map(([asset, ageS]) => ({ asset, ageS }))
  return {
    ...(marks.some((one) => one.unpricedFees) && { unpricedFees: true as const }),
    ...(unreconciled.length > 0 && { unreconciled }),
    ...(unpriced.length > 0 && { unpriced }),
    ...(stale.length > 0 && { stale }),
  }
}
