import { hourMs } from '@perf-agg/sdk'
import type { Market } from '../../accounting/observation.ts'
import type { Calls } from '../call.ts'
import { endpoints } from './endpoint.ts'
import { type Listing, listingsOf } from './row.ts'

/** All markets of kraken spot, loaded once and shared by all accounts. */
export class Listings {
  #listings: readonly Listing[] = []
  /** By every name that an answer may use. */
  #byName: ReadonlyMap<string, Listing> = new Map()
  #loadedAtMs = Number.NEGATIVE_INFINITY

  get markets(): readonly Market[] {
    return this.#listings.map(({ symbol, base, quote, active }) => ({
      symbol,
      base,
      quote,
      type: 'spot',
      active,
    }))
  }

  /** By the pair's key, its other name, or the unified symbol. */
  byName(name: string): Listing | undefined {
    return this.#byName.get(name)
  }

  async load(caller: Calls, exchangeNowMs: number, ageMsMax = 6 * hourMs): Promise<void> {
    if (exchangeNowMs - this.#loadedAtMs < ageMsMax && exchangeNowMs >= this.#loadedAtMs) return
    const { value } = await caller.call(endpoints.assetPairs)
    this.#listings = listingsOf(value)
    const names = this.#listings.flatMap((listing) =>
      [listing.altname, listing.id, listing.symbol].map((name) => [name, listing] as const),
    )
    this.#byName = new Map(names)
    this.#loadedAtMs = exchangeNowMs
  }
}
