import { signOf, zero } from '@perf-agg/sdk'
import { limits } from '../../limits.ts'
import { isOutOfBudget } from '../failure.ts'
import type { Search } from './cursor.ts'
import { type Explanation, type Residual, residualText } from '../explain.ts'
import type { Listing } from './row.ts'

/**
 * binance tells fills by symbol only, so what moved balances has to be looked for: a round trip between two polls
 * moves the quote coin alone, and any of its hundreds of markets may have been the one.
 */
export interface SearchOptions {
  readonly listings: readonly Listing[]
  readonly ranks: ReadonlyMap<string, number>
  /** Symbols that this account has traded before. */
  readonly isKnown: (id: string) => boolean
  /** Read in this poll already. */
  readonly wasRead: (id: string) => boolean
  /** Reads a symbol's fills and explains anew. */
  readonly tryListing: (listing: Listing) => Promise<Explanation>
  /** Where the last poll stopped; one that was through begins anew. */
  readonly before: Search | null
  readonly nowMs: number
}

/** The search as it stands after this poll; null where all is explained. */
export async function search(options: SearchOptions, start: Residual): Promise<Search | null> {
  let residual = start
  const { before } = options
  const tried = new Set(before?.residual === residualText(start) && !before.exhausted ? before.tried : [])
  const state = (exhausted: boolean): Search => {
    const text = residualText(residual)
    // Where new fills were found and the old rest is left, it is as old, and as well looked for, as it was.
    const same = before?.residual === text ? before : null
    return {
      residual: text,
      tried: [...tried],
      sinceMs: same?.sinceMs ?? options.nowMs,
      exhausted: exhausted || (same?.exhausted ?? false),
    }
  }
  for (let count = 0; count < limits.collector.searchSymbolsMax; count += 1) {
    const listing = nextListing(options, residual, tried)
    if (listing === undefined) return state(true)
    tried.add(listing.id)
    const sizeBefore = residual.size
    let explanation: Explanation
    try {
      explanation = await options.tryListing(listing)
    } catch (error) {
      // The minute's weight is spent: the next poll goes on from here.
      if (!isOutOfBudget(error)) throw error
      tried.delete(listing.id)
      break
    }
    if (explanation.kind === 'exact') return null
    residual = explanation.residual
    // A coin that was bought and sold on elsewhere points to more markets.
    if (residual.size > sizeBefore) count = Math.max(0, count - 1)
  }
  return state(nextListing(options, residual, tried) === undefined)
}

/** Fees are taken in it wherever an account holds some. */
const feeCoin = 'BNB'

/**
 * Both coins moved, then one of them, then any where a fee is all that is missing; among equals what the account
 * knows, then the busiest market.
 */
function nextListing(
  options: SearchOptions,
  residual: Residual,
  tried: ReadonlySet<string>,
): Listing | undefined {
  // a round trip at one price leaves nothing but its fee, and that says nothing of the market
  const feeOnly = signOf(residual.get(feeCoin) ?? zero) < 0
  let best: Listing | undefined
  let bestScore = Number.POSITIVE_INFINITY
  for (const listing of options.listings) {
    if (tried.has(listing.id) || options.wasRead(listing.id)) continue
    const touches = Number(residual.has(listing.base)) + Number(residual.has(listing.quote))
    if (touches === 0 && !feeOnly) continue
    const rank = options.ranks.get(listing.id) ?? limits.collector.symbolsMax
    const unknown = options.isKnown(listing.id) ? 0 : 1
    const score = ((2 - touches) * 2 + unknown) * 1e6 + rank
    if (score < bestScore) {
      best = listing
      bestScore = score
    }
  }
  return best
}
