import { hourMs } from '@perf-agg/sdk'
import type { Calls } from '../call.ts'
import { CollectorFailure } from '../failure.ts'
import { assetOf, decimalOf, rowOf, rowsOf } from '../field.ts'
import { limits } from '../../limits.ts'
import { endpoints } from './endpoint.ts'
import { type Listing, listingsOf, symbolOf } from './row.ts'

/** All markets of one host set, loaded once and shared by all its accounts. */
export class Listings {
  #listings: readonly Listing[] = []
  #byId: ReadonlyMap<string, Listing> = new Map()
  #bySymbol: ReadonlyMap<string, Listing> = new Map()
  #assets: ReadonlySet<string> = new Set()
  #loadedAtMs = Number.NEGATIVE_INFINITY
  #ranksAtMs = Number.NEGATIVE_INFINITY
  #ranks: ReadonlyMap<string, number> = new Map()

  get all(): readonly Listing[] {
    return this.#listings
  }

  get assets(): ReadonlySet<string> {
    return this.#assets
  }

  byId(id: string): Listing | undefined {
    return this.#byId.get(id)
  }

  bySymbol(symbol: string): Listing | undefined {
    return this.#bySymbol.get(symbol)
  }

  /** New markets are listed every day, but a fill on one shows in the balances first: hours are soon enough. */
  async load(caller: Calls, exchangeNowMs: number, ageMsMax = 6 * hourMs): Promise<void> {
    if (exchangeNowMs - this.#loadedAtMs < ageMsMax && exchangeNowMs >= this.#loadedAtMs) return
    const { value } = await caller.call(endpoints.exchangeInfo)
    this.#listings = listingsOf(value)
    this.#byId = new Map(this.#listings.map((listing) => [listing.id, listing]))
    this.#bySymbol = new Map(this.#listings.map((listing) => [symbolOf(listing), listing]))
    this.#assets = new Set(this.#listings.flatMap(({ base, quote }) => [base, quote]))
    this.#loadedAtMs = exchangeNowMs
  }

  /** Place of a symbol by the day's number of trades; 0 is the busiest. Without the call, by the listing. */
  async ranks(caller: Calls, exchangeNowMs: number): Promise<ReadonlyMap<string, number>> {
    const listed = (): ReadonlyMap<string, number> =>
      new Map(this.#listings.map(({ id }, index) => [id, index]))
    // where all can be tried in one go their order is of no use
    if (this.#listings.length <= limits.collector.searchSymbolsMax) return listed()
    if (exchangeNowMs - this.#ranksAtMs < 24 * hourMs) return this.#ranks
    try {
      const { value } = await caller.call(endpoints.ticker24hr, { type: 'MINI' }, 'searching')
      const rows = rowsOf(value, 'ticker', limits.collector.symbolsMax).map((each) => {
        const row = rowOf(each, 'ticker')
        const count = Number(decimalOf(row['count'] ?? 0, 'ticker.count', 'not-negative'))
        return { id: assetOf(row['symbol'], 'ticker.symbol'), count }
      })
      const sorted = rows.toSorted((a, b) => b.count - a.count)
      this.#ranks = new Map(sorted.map(({ id }, index) => [id, index]))
      this.#ranksAtMs = exchangeNowMs
      return this.#ranks
    } catch (error) {
      if (!(error instanceof CollectorFailure)) throw error
      return listed()
    }
  }
}
