import { hourMs } from '@perf-agg/sdk'
import type { Market } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Calls } from '../call.ts'
import { invalidAnswer } from '../failure.ts'
import { endpoints } from './endpoint.ts'
import { type Category, type Listing, listingsOf, marketOf } from './instrument.ts'

interface Loaded {
  readonly listings: readonly Listing[]
  readonly byName: ReadonlyMap<string, Listing>
  readonly atMs: number
}

/** All instruments of one host set, a category at a time, loaded once and shared by all its accounts. */
export class Listings {
  readonly #loaded = new Map<Category, Loaded>()

  markets(categories: readonly Category[]): readonly Market[] {
    return categories.flatMap((category) => this.#loaded.get(category)?.listings.map(marketOf) ?? [])
  }

  /** By the exchange's id or the unified symbol. */
  byName(category: Category, name: string): Listing | undefined {
    return this.#loaded.get(category)?.byName.get(name)
  }

  /** By the unified symbol, which says of which category it is. */
  bySymbol(symbol: string): Listing | undefined {
    for (const { byName } of this.#loaded.values()) {
      const listing = byName.get(symbol)
      if (listing?.symbol === symbol) return listing
    }
    return undefined
  }

  /** The coins in which listed contracts pay. */
  settles(category: Category): readonly string[] {
    const listings = this.#loaded.get(category)?.listings ?? []
    return [...new Set(listings.flatMap(({ terms }) => (terms === undefined ? [] : [terms.settle])))]
  }

  async load(
    caller: Calls,
    exchangeNowMs: number,
    categories: readonly Category[],
    ageMsMax = 6 * hourMs,
  ): Promise<void> {
    for (const category of categories) {
      const atMs = this.#loaded.get(category)?.atMs ?? Number.NEGATIVE_INFINITY
      if (exchangeNowMs - atMs < ageMsMax && exchangeNowMs >= atMs) continue
      const listings = await allOf(caller, category)
      const byName = new Map(
        listings.flatMap((listing) => [
          [listing.symbol, listing],
          [listing.id, listing],
        ]),
      )
      this.#loaded.set(category, { listings, byName, atMs: exchangeNowMs })
    }
  }
}

async function allOf(caller: Calls, category: Category): Promise<readonly Listing[]> {
  const listings: Listing[] = []
  let cursor: string | null = null
  for (let page = 0; page < limits.collector.pagesMax; page += 1) {
    // spot comes whole, whatever the limit
    const first: Readonly<Record<string, string | number>> =
      category === 'spot' ? { category } : { category, limit: 1_000 }
    const asked: Readonly<Record<string, string | number>> = cursor === null ? first : { ...first, cursor }
    const answer = listingsOf((await caller.call(endpoints.instruments, asked)).value, category)
    listings.push(...answer.listings)
    if (answer.cursor === null || answer.cursor === cursor || answer.listings.length === 0) return listings
    cursor = answer.cursor
  }
  throw invalidAnswer('instruments.nextPageCursor')
}
