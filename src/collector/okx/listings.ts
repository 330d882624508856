import { hourMs } from '@perf-agg/sdk'
import type { Market, Wallet } from '../../accounting/observation.ts'
import type { Calls } from '../call.ts'
import { endpoints } from './endpoint.ts'
import {
  delistedPair,
  deliveredContract,
  type ListedType,
  type Listing,
  listingsOf,
  marketOf,
} from './instrument.ts'

interface Loaded {
  readonly listings: readonly Listing[]
  readonly atMs: number
}

/** All instruments of one host set, loaded once and shared by all its accounts. */
export class Listings {
  readonly #loaded = new Map<ListedType, Loaded>()
  #byName: ReadonlyMap<string, Listing> = new Map()

  markets(wallets: readonly Wallet[]): readonly Market[] {
    return [...this.#byName]
      .filter(([name, { symbol }]) => name === symbol)
      .map(([, listing]) => marketOf(listing))
      .filter(({ type }) => wallets.includes(type))
  }

  /** By the exchange's id, that of one which is listed no more too. */
  byId(id: string): Listing | undefined {
    const listing = this.#byName.get(id) ?? delistedPair(id)
    if (listing !== undefined) return listing
    return deliveredContract(
      id,
      [...this.#loaded.values()].flatMap(({ listings }) => listings),
    )
  }

  bySymbol(symbol: string): Listing | undefined {
    return this.#byName.get(symbol)
  }

  async load(
    caller: Calls,
    exchangeNowMs: number,
    types: readonly ListedType[],
    ageMsMax = 6 * hourMs,
  ): Promise<void> {
    for (const type of types) {
      const atMs = this.#loaded.get(type)?.atMs ?? Number.NEGATIVE_INFINITY
      if (exchangeNowMs - atMs < ageMsMax && exchangeNowMs >= atMs) continue
      const { value } = await caller.call(endpoints.instruments, { instType: type })
      this.#loaded.set(type, { listings: listingsOf(value, type), atMs: exchangeNowMs })
      const all = [...this.#loaded.values()].flatMap(({ listings }) => listings)
      this.#byName = new Map(
        all.flatMap((listing) => [
          [listing.id, listing],
          [listing.symbol, listing],
        ]),
      )
    }
  }
}
