import { add, minuteOf, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { isContractKey } from '../ledger/contract.ts'
import type { Entry } from '../entry/entry.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Instant } from '../pricing/price-book.ts'
import type { Pricing } from '../pricing/pricing.ts'
import { valueOf } from '../pricing/valuation.ts'
import type { Valuation } from '../pricing/valuation.ts'

/** Where an hour is cut, and what equity was on both sides. */

/** External flows so far. */
export interface FlowSum {
  count: number
  netUsd: Decimal
}

/** Null: no anchor is known; undefined: candles are wanted. */
export function valueBoundary(
  ledger: Ledger,
  atMs: number,
  unpriced: ReadonlySet<string>,
  pricing: Pricing,
): Valuation | null | undefined {
  const balances = ledger.balancesBefore(atMs)
  return balances === null ? null : valueOf(balances, { kind: 'boundary', atMs }, unpriced, pricing)
}

/** An instant at which value came in or went out. */
export interface Cut {
  readonly atMs: number
  /** Equity just before and just after, at the same prices. */
  readonly beforeUsd: Decimal
  readonly afterUsd: Decimal
  /** Held without a price from here on. */
  readonly unpriced: ReadonlySet<string>
}

export interface Cuts {
  readonly cuts: readonly Cut[]
  readonly unpriced: ReadonlySet<string>
  readonly liability: string | null
}

/** Cuts the hour at every external flow and where an asset without a price gets its first from an execution. */
export function cutHour(
  startMs: number,
  start: Valuation,
  entries: readonly Entry[],
  ledger: Ledger,
  pricing: Pricing,
  flows: FlowSum,
): Cuts | undefined {
  const cuts: Cut[] = [
    {
      atMs: startMs,
      beforeUsd: start.equityUsd,
      afterUsd: add(start.equityUsd, start.firstUsd),
      unpriced: start.unpriced,
    },
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
    liability ??= value.liability ?? flowed.liability
    flows.count += external.length + value.first.length
    const netUsd = add(flowed.usd, value.firstUsd)
    flows.netUsd = add(flows.netUsd, netUsd)
    unpriced = new Set([...value.unpriced, ...flowed.unpriced])
    cuts.push({ atMs, beforeUsd: value.equityUsd, afterUsd: add(value.equityUsd, netUsd), unpriced })
  }
  return complete ? { cuts, unpriced, liability } : undefined
}

/** Flows of one instant at that instant's prices; a coin without any counts 0, a position without its mark does not. */
export function flowUsd(
  entries: readonly Entry[],
  instant: Instant,
  pricing: Pricing,
): { usd: Decimal; unpriced: readonly string[]; liability: string | null } | undefined {
  let usd = zero
  let liability: string | null = null
  let complete = true
  const unpriced: string[] = []
  for (const { asset, amount } of entries.flatMap((entry) => entry.changes)) {
    const worth = pricing.worth(instant, asset, amount, false)
    if (worth === undefined) complete = false
    else if (worth !== null) usd = add(usd, worth.usd)
    else if (isContractKey(asset)) liability = asset
    else unpriced.push(asset)
  }
  return complete ? { usd, unpriced, liability } : undefined
}
