import { hourMs } from '@perf-agg/sdk'
import type { Market } from '../../accounting/observation.ts'
import type { Calls } from '../call.ts'
import { endpoints } from './endpoint.ts'
import { type Listing, listingsOf } from './row.ts'

/** All spot markets of one host set, loaded once and shared by all its accounts. */
export class Listings {
  #listings: readonly Listing[] = []
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

  /** By the exchange's id or the unified symbol. */
  byName(name: string): Listing | undefined {
    return this.#byName.get(name)
  }

  async load(caller: Calls, exchangeNowMs: number, ageMsMax = 6 * hourMs): Promise<void> {
    if (exchangeNowMs - this.#loadedAtMs < ageMsMax && exchangeNowMs >= this.#loadedAtMs) return
    const { value } = await caller.call(endpoints.instruments, { category: 'spot' })
    this.#listings = listingsOf(value)
    this.#byName = new Map(
      this.#listings.flatMap((listing) => [
        [listing.id, listing],
        [listing.symbol, listing],
      ]),
    )
    this.#loadedAtMs = exchangeNowMs
  }
}
