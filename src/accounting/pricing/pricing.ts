import {
  absolute,
  add,
  decimalFromInteger,
  divide,
  hourMs,
  minuteMs,
  minuteOf,
  multiply,
  signOf,
  subtract,
  zero,
} from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { contractKey, worthOf } from '../ledger/contract.ts'
import type { Contract } from '../ledger/contract.ts'
import type { ConversionEntry, FillEntry } from '../entry/entry.ts'
import type { PriceWant } from '../hour/hour.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { MarketPrice } from './market-price.ts'
import { priceOfAsset } from './price-book.ts'
import type { Instant, PriceBook, Quote } from './price-book.ts'

/** What an amount is worth, and how old the price is that says so. */
export interface Worth {
  readonly usd: Decimal
  readonly atMs: number
  readonly stale: boolean
  readonly first: boolean
}

/** A price on its way to a quote. */
interface Usd {
  readonly usd: Decimal
  readonly atMs: number
  readonly stale: boolean
}

const one = decimalFromInteger(1)
/** A fill price is looked for this far back; older ones live on in the boundary prices. */
const fillSearchMs = 48 * hourMs
const impliedScale = 18

/**
 * The prices that one hour needs. What the book does not keep yet is made here, and kept only by `commit`, when the
 * hour is stated. Candles that are missing are asked for through `wants`; a price that waits for them is undefined.
 */
export class Pricing {
  readonly wants: PriceWant[] = []
  readonly #book: PriceBook
  readonly #ledger: Ledger
  readonly #search: boolean
  readonly #quotes = new Map<string, { instant: Instant; asset: string; quote: Quote }>()
  readonly #rates = new Map<string, { minute: number; asset: string; rate: Decimal | null }>()
  readonly #markets = new Map<
    string,
    { symbol: string; atMs: number; price: MarketPrice | null | undefined }
  >()

  /** `search`: also look for last prices further back; not before the hours between are stated. */
  constructor(book: PriceBook, ledger: Ledger, search: boolean) {
    this.#book = book
    this.#ledger = ledger
    this.#search = search
  }

  get book(): PriceBook {
    return this.#book
  }

  /** `unpriced`: the asset was held without a price until now. */
  quote(instant: Instant, asset: string, unpriced: boolean): Quote | undefined {
    const kept = this.#book.kept(instant, asset)
    if (kept !== null) return kept
    const name = `${instant.kind} ${instant.atMs} ${asset}`
    const known = this.#quotes.get(name)
    if (known !== undefined) return known.quote
    const price = this.#usd(instant, asset)
    if (price === undefined) return undefined
    const quote: Quote =
      price === null
        ? { usd: null, atMs: instant.atMs, stale: false, first: false }
        : { ...price, first: unpriced }
    this.#quotes.set(name, { instant, asset, quote })
    return quote
  }

  /**
   * What an amount of an asset or of contracts is worth: contracts by their mark in the settlement coin. Null where a
   * price is not to be had.
   */
  worth(instant: Instant, name: string, amount: Decimal, unpriced: boolean): Worth | null | undefined {
    const contract = this.#ledger.contracts.find(name)
    const price = this.quote(instant, contract?.settle ?? name, unpriced)
    const mark = contract === null ? null : this.#mark(instant, contract)
    if (price === undefined || mark === undefined) return undefined
    if (price.usd === null) return null
    if (contract === null) return { ...price, usd: multiply(amount, price.usd) }
    if (mark?.usd === undefined || mark.usd === null) return null
    return {
      usd: multiply(worthOf(contract, amount, mark.usd), price.usd),
      atMs: mark.atMs,
      stale: mark.stale,
      first: false,
    }
  }

  /** The mark of a contract, kept beside the prices of assets. */
  #mark(instant: Instant, contract: Contract): Quote | undefined {
    const key = contractKey(contract.kind, contract.symbol)
    const kept = this.#book.kept(instant, key)
    if (kept !== null) return kept
    const name = `${instant.kind} ${instant.atMs} ${key}`
    const known = this.#quotes.get(name)
    if (known !== undefined) return known.quote
    const mark = this.#book.markPrice(contract.symbol, instant, (want) => this.wants.push(want))
    if (mark === undefined) return undefined
    // an inverse contract at nothing would be worth everything
    const isPriced = mark !== null && (contract.kind === 'linear' || signOf(mark.price) > 0)
    const quote: Quote = !isPriced
      ? { usd: null, atMs: instant.atMs, stale: false, first: false }
      : { usd: mark.price, atMs: mark.atMs, stale: mark.source === 'last', first: false }
    this.#quotes.set(name, { instant, asset: key, quote })
    return quote
  }

  #usd(instant: Instant, asset: string): Usd | null | undefined {
    if (this.#book.isPar(asset)) return { usd: one, atMs: instant.atMs, stale: false }
    const route = this.#book.route(asset)
    if (route === null) return this.#carried(instant, asset)
    const market = this.#market(route.symbol, instant)
    const bridge = this.#usd(instant, route.bridge)
    if (market === undefined || bridge === undefined) return undefined
    if (market === null || bridge === null) return this.#carried(instant, asset)
    return {
      usd: priceOfAsset(market.price, route, bridge.usd),
      atMs: Math.min(market.atMs, bridge.atMs),
      stale: market.source === 'last' || bridge.stale,
    }
  }

  #market(symbol: string, instant: Instant): MarketPrice | null | undefined {
    const name = `${instant.kind} ${instant.atMs} ${symbol}`
    const known = this.#markets.get(name)
    if (known !== undefined && known.price !== undefined) return known.price
    const price = this.#book.marketPrice(
      symbol,
      instant,
      this.#ledger,
      (want) => this.wants.push(want),
      this.#search,
    )
    this.#markets.set(name, { symbol, atMs: instant.atMs, price })
    return price
  }

  /** No market ever priced it: the price of the own fill that brought it, or the one carried until now. */
  #carried(instant: Instant, asset: string): Usd | null | undefined {
    const before = this.#book.lastKept(instant.atMs, asset)
    const toMs = instant.kind === 'cut' ? instant.atMs + minuteMs : instant.atMs
    const entries = this.#ledger.entries(Math.max(toMs - fillSearchMs, before?.atMs ?? 0), toMs)
    for (const entry of entries.toReversed()) {
      if (entry.kind === 'fill' && entry.contract === null && entry.base === asset)
        return this.#fillUsd(entry)
      if (entry.kind !== 'conversion' || !entry.changes.some((change) => change.asset === asset)) continue
      const implied = this.#impliedUsd(entry, asset)
      if (implied !== null) return implied
    }
    return before === null || before.usd === null ? null : { usd: before.usd, atMs: before.atMs, stale: true }
  }

  #fillUsd(fill: FillEntry): Usd | null | undefined {
    const rate = this.rate(fill.quote, minuteOf(fill.atMs))
    if (rate === undefined || rate === null) return rate
    return { usd: multiply(fill.price, rate), atMs: fill.atMs, stale: true }
  }

  /** What the other side of a conversion was worth, per unit. */
  #impliedUsd(entry: ConversionEntry, asset: string): Usd | null | undefined {
    let amount = zero
    let others = zero
    for (const change of entry.changes) {
      if (change.asset === asset) {
        amount = add(amount, change.amount)
        continue
      }
      const rate = this.rate(change.asset, minuteOf(entry.atMs))
      if (rate === undefined || rate === null) return rate
      others = subtract(others, multiply(change.amount, rate))
    }
    if (signOf(amount) === 0 || signOf(others) !== signOf(amount)) return null
    return { usd: divide(absolute(others), absolute(amount), impliedScale), atMs: entry.atMs, stale: true }
  }

  /** USD for one unit at the open of a minute, or the last within the hour before; null when there is none. */
  rate(asset: string, minute: number): Decimal | null | undefined {
    if (this.#book.isPar(asset)) return one
    const kept = this.#book.keptRate(minute, asset)
    if (kept !== undefined) return kept
    const name = `${minute} ${asset}`
    const known = this.#rates.get(name)
    if (known !== undefined) return known.rate
    const rate = this.#makeRate(asset, minute)
    if (rate !== undefined) this.#rates.set(name, { minute, asset, rate })
    return rate
  }

  #makeRate(asset: string, minute: number): Decimal | null | undefined {
    const route = this.#book.route(asset)
    if (route === null) return null
    const open = this.#book.minuteOpen(route.symbol, minute, (want) => this.wants.push(want))
    const bridge = this.rate(route.bridge, minute)
    if (open === undefined || bridge === undefined) return undefined
    return open === null || bridge === null ? null : priceOfAsset(open, route, bridge)
  }

  /** Keeps every price that was made. */
  commit(): void {
    for (const { instant, asset, quote } of this.#quotes.values()) this.#book.keep(instant, asset, quote)
    for (const { minute, asset, rate } of this.#rates.values()) this.#book.keepRate(minute, asset, rate)
    for (const { symbol, atMs, price } of this.#markets.values())
      this.#book.seen(symbol, price ?? null, atMs, this.#ledger)
  }
}
