import { hourMs } from '@perf-agg/sdk'
import type { Market, Wallet } from '../../accounting/observation.ts'
import type { Calls } from '../call.ts'
import { endpoints } from './endpoint.ts'
import { expiredOption, optionsOf } from './option.ts'
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

const listAgeMsMax = 6 * hourMs

/** All instruments of one host set, loaded once and shared by all its accounts. */
export class Listings {
  /** By kind; of options by family. */
  readonly #loaded = new Map<string, Loaded>()
  #byName: ReadonlyMap<string, Listing> = new Map()

  markets(wallets: readonly Wallet[]): readonly Market[] {
    return [...this.#byName]
      .filter(([name, { symbol, isOption }]) => name === symbol && isOption !== true)
      .map(([, listing]) => marketOf(listing))
      .filter(({ type }) => wallets.includes(type))
  }

  /** By the exchange's id, that of one which is listed no more too. */
  byId(id: string): Listing | undefined {
    const listing = this.#byName.get(id) ?? delistedPair(id)
    if (listing !== undefined) return listing
    const all = this.#all()
    return deliveredContract(id, all) ?? expiredOption(id, all)
  }

  bySymbol(symbol: string): Listing | undefined {
    return this.#byName.get(symbol)
  }

  async load(
    caller: Calls,
    exchangeNowMs: number,
    types: readonly ListedType[],
    ageMsMax = listAgeMsMax,
  ): Promise<void> {
    for (const type of types) {
      await this.#load(type, exchangeNowMs, ageMsMax, async () => {
        const { value } = await caller.call(endpoints.instruments, { instType: type })
        return listingsOf(value, type)
      })
    }
  }

  /** There are thousands of options: those of a family are read when one of them is met. */
  async loadOptions(caller: Calls, exchangeNowMs: number, families: Iterable<string>): Promise<void> {
    for (const instFamily of new Set(families)) {
      await this.#load(`OPTION ${instFamily}`, exchangeNowMs, listAgeMsMax, async () => {
        const { value } = await caller.call(endpoints.instruments, { instType: 'OPTION', instFamily })
        return optionsOf(value)
      })
    }
  }

  async #load(
    name: string,
    exchangeNowMs: number,
    ageMsMax: number,
    fetch: () => Promise<readonly Listing[]>,
  ): Promise<void> {
    const atMs = this.#loaded.get(name)?.atMs ?? Number.NEGATIVE_INFINITY
    if (exchangeNowMs - atMs < ageMsMax && exchangeNowMs >= atMs) return
    this.#loaded.set(name, { listings: await fetch(), atMs: exchangeNowMs })
    this.#byName = new Map(
      this.#all().flatMap((listing) => [
        [listing.id, listing],
        [listing.symbol, listing],
      ]),
    )
  }

  #all(): readonly Listing[] {
    return [...this.#loaded.values()].flatMap(({ listings }) => listings)
  }
}
