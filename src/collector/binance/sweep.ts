import { hourMs } from '@perf-agg/sdk'
import { isOutOfBudget } from '../failure.ts'
import type { Sweep } from './cursor.ts'
import type { Fills } from './fills.ts'
import type { Listing } from './row.ts'

/** A walk over all symbols is begun again after that, while the daemon still asks for one. */
const againMs = 6 * hourMs

export function isSwept(sweep: Sweep | null, nowMs: number): boolean {
  return sweep !== null && sweep.done && nowMs - sweep.startedAtMs < againMs
}

export interface SweepOptions {
  readonly listings: readonly Listing[]
  readonly ranks: ReadonlyMap<string, number>
  readonly fills: Fills
  readonly fromMs: number
  readonly nowMs: number
  /** Of one poll. */
  readonly symbolsMax: number
}

/**
 * The slow walk over all symbols, some a poll, for late fills on markets that nothing points to any more: their
 * change of the balances was given up before they came.
 */
export async function sweepOn(before: Sweep | null, options: SweepOptions): Promise<Sweep> {
  const { fills, ranks, nowMs } = options
  const start = before === null || before.done ? null : before
  const tried = new Set(start?.tried)
  const left = options.listings
    // those that were read too: a late fill may lie below where that began
    .filter(({ id }) => !tried.has(id))
    .toSorted((a, b) => (ranks.get(a.id) ?? Infinity) - (ranks.get(b.id) ?? Infinity))
  let count = 0
  try {
    for (const listing of left.slice(0, options.symbolsMax)) {
      await fills.readUnknown(listing, options.fromMs, 'searching')
      tried.add(listing.id)
      count += 1
    }
  } catch (error) {
    // The minute's weight is spent: the next poll goes on from here.
    if (!isOutOfBudget(error)) throw error
  }
  const done = count === left.length
  return { startedAtMs: start?.startedAtMs ?? nowMs, tried: done ? [] : [...tried], done }
}
