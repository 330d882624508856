import { decimalFromInteger, divide, minuteMs, multiply } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { CandleStore } from './candle-store.ts'
import type { Reader, Writer } from '../codec.ts'
import type { PriceWant } from '../hour/hour.ts'
import { isOthers, lastPrice, recentPrice, vwapMs } from './market-price.ts'
import type { MarketPrice, OwnVolumes } from './market-price.ts'
import { MarketList, findRoute, isActive } from './route.ts'
import type { Route } from './route.ts'
import type { Market } from '../observation.ts'
import type { Rules } from '../rules.ts'

/** What one unit of an asset is worth at an instant. */
export interface Quote {
  /** Null: never had a price. */
  readonly usd: Decimal | null
  /** When the oldest part of the price was made. */
  readonly atMs: number
  /** Not a price of this hour, but the last one known. */
  readonly stale: boolean
  /** Held without any price until now: it counts 0 before this instant and comes in here as a flow. */
  readonly first: boolean
}

/** Boundary prices stand at the turn of an hour, cut prices at the minute of a flow. */
export type Instant = { readonly kind: 'boundary' | 'cut'; readonly atMs: number }

const one = decimalFromInteger(1)
/** How far back a price is looked for when none was ever known. */
const searchMs = 24 * 60 * minuteMs
const inverseScale = 18

/**
 * Prices by one table of rules. A price that was used is kept and never made again; candles live only until the
 * hours that need them are stated.
 */
export class PriceBook {
  readonly #rules: Rules
  #markets: MarketList | null = null
  /** The dollar coins' routes as of registration; null counts as one dollar. */
  #pegs: Map<string, Route | null> | null = null
  #routes = new Map<string, Route>()
  #quotes = { boundary: new Map<number, Map<string, Quote>>(), cut: new Map<number, Map<string, Quote>>() }
  #rates = new Map<number, Map<string, Decimal | null>>()
  #last = new Map<string, { readonly price: Decimal; readonly atMs: number }>()
  /** Up to when a symbol's tape was looked through without a hole since its last trade. */
  #searched = new Map<string, number>()
  candles = new CandleStore()
  /** Minutes of mark prices: without volume, and not to be mixed with prints. */
  marks = new CandleStore({ isMark: true })

  constructor(rules: Rules) {
    this.#rules = rules
  }

  setMarkets(markets: readonly Market[]): void {
    const list = new MarketList(markets)
    this.#markets = list
    this.#pegs ??= new Map(this.#rules.pegged.map((coin) => [coin, this.#pegRoute(coin, list)]))
  }

  #pegRoute(coin: string, list: MarketList): Route | null {
    const market = list.find(coin, 'USD')
    return market?.active === true ? { symbol: market.symbol, bridge: 'USD', inverse: false } : null
  }

  get ready(): boolean {
    return this.#pegs !== null
  }

  /** Counts as dollars: no price is needed. */
  isPar(asset: string): boolean {
    return asset === 'USD' || this.#pegs?.get(asset) === null
  }

  isCash(asset: string): boolean {
    return asset === 'USD' || this.#pegs?.has(asset) === true
  }

  route(asset: string): Route | null {
    const peg = this.#pegs?.get(asset)
    if (peg !== undefined && peg !== null) return peg
    const pinned = this.#routes.get(asset) ?? null
    if (this.#markets === null || (pinned !== null && isActive(asset, pinned, this.#markets))) return pinned
    const found = findRoute(asset, this.#markets, this.#rules)
    const route =
      pinned === null || (found !== null && isActive(asset, found, this.#markets)) ? found : pinned
    if (route !== null) this.#routes.set(asset, route)
    return route
  }

  kept({ kind, atMs }: Instant, asset: string): Quote | null {
    return this.#quotes[kind].get(atMs)?.get(asset) ?? null
  }

  /** The last boundary price kept before `atMs`. */
  lastKept(atMs: number, asset: string): Quote | null {
    let best: { atMs: number; quote: Quote } | null = null
    for (const [boundary, quotes] of this.#quotes.boundary) {
      const quote = quotes.get(asset)
      if (quote === undefined || quote.usd === null || boundary >= atMs) continue
      if (best === null || boundary > best.atMs) best = { atMs: boundary, quote }
    }
    return best?.quote ?? null
  }

  keep({ kind, atMs }: Instant, asset: string, quote: Quote): void {
    const quotes = this.#quotes[kind]
    if (!quotes.has(atMs)) quotes.set(atMs, new Map())
    quotes.get(atMs)!.set(asset, quote)
  }

  keptRate(minute: number, asset: string): Decimal | null | undefined {
    return this.#rates.get(minute)?.get(asset)
  }

  keepRate(minute: number, asset: string, rate: Decimal | null): void {
    if (!this.#rates.has(minute)) this.#rates.set(minute, new Map())
    this.#rates.get(minute)!.set(asset, rate)
  }

  /**
   * The price of a market at an instant; null where it never had one; undefined when candles are wanted first.
   * `search`: also look further back than an hour.
   */
  marketPrice(
    symbol: string,
    instant: Instant,
    own: OwnVolumes,
    want: (want: PriceWant) => void,
    search: boolean,
  ): MarketPrice | null | undefined {
    const { atMs } = instant
    const toMs = instant.kind === 'cut' ? atMs + minuteMs : atMs
    const missing = this.candles.missing(symbol, atMs - vwapMs, toMs)
    if (missing !== null) return void want({ symbol, ...missing })
    const recent = recentPrice(symbol, atMs, this.candles, own)
    if (recent !== null) {
      // A liquid market's flow is valued at the open of its own minute, unless that may be the account's own print.
      const minute =
        instant.kind === 'cut' && recent.source === 'close' ? this.candles.at(symbol, atMs) : null
      if (minute === null || !isOthers(symbol, minute, own)) return recent
      return { price: minute.open, atMs, source: 'close' }
    }
    const trade = this.#last.get(symbol)
    const known: MarketPrice | null =
      trade !== undefined && trade.atMs <= atMs ? { ...trade, source: 'last' } : null
    if ((this.#searched.get(symbol) ?? 0) >= atMs - vwapMs) return known
    if (!search) return null
    // The tape decides, not which hours were asked before: the same price for whoever looks it up.
    const past = this.candles.missing(symbol, atMs - searchMs, atMs - vwapMs)
    if (past !== null) return void want({ symbol, ...past })
    return lastPrice(symbol, atMs - searchMs, atMs - vwapMs, this.candles, own) ?? known
  }

  /**
   * The mark price of a contract at an instant: at a boundary the close of the minute before, at a flow the open of its
   * minute; where that minute is missing the last within the hour before, `last`; else null.
   */
  markPrice(
    symbol: string,
    { kind, atMs }: Instant,
    want: (want: PriceWant) => void,
  ): MarketPrice | null | undefined {
    const minute = kind === 'cut' ? atMs : atMs - minuteMs
    const missing = this.marks.missing(symbol, minute, minute + minuteMs)
    if (missing !== null) return void want({ symbol, ...missing, kind: 'mark' })
    const now = this.marks.at(symbol, minute)
    if (now !== null) return { price: kind === 'cut' ? now.open : now.close, atMs, source: 'close' }
    const past = this.marks.missing(symbol, atMs - vwapMs, minute)
    if (past !== null) return void want({ symbol, ...past, kind: 'mark' })
    const last = this.marks.between(symbol, atMs - vwapMs, minute).at(-1)
    return last === undefined ? null : { price: last.close, atMs: last.minuteMs + minuteMs, source: 'last' }
  }

  /** The open of a minute's candle, or the last close within the hour before; null when there is none. */
  minuteOpen(symbol: string, minute: number, want: (want: PriceWant) => void): Decimal | null | undefined {
    const missing = this.candles.missing(symbol, minute - vwapMs, minute + minuteMs)
    if (missing !== null) return void want({ symbol, ...missing })
    const traded = this.candles.at(symbol, minute)
    return traded?.open ?? this.candles.between(symbol, minute - vwapMs, minute).at(-1)?.close ?? null
  }

  /** Remembers the last trade of others up to `atMs`, as the tape has it, for the hours in which there is none. */
  seen(symbol: string, price: MarketPrice | null, atMs: number, own: OwnVolumes): void {
    const found =
      lastPrice(symbol, atMs - vwapMs, atMs, this.candles, own) ?? (price?.source === 'last' ? price : null)
    const searched = this.#searched.get(symbol) ?? 0
    // past a stretch of the tape that nobody looked at, an older trade may not be the last one
    if (found !== null || searched >= atMs - vwapMs) this.#searched.set(symbol, Math.max(atMs, searched))
    const known = this.#last.get(symbol)
    if (found === null || (known !== undefined && known.atMs >= found.atMs)) return
    this.#last.set(symbol, { price: found.price, atMs: found.atMs })
  }

  forgetCandles(): void {
    this.candles.clear()
    this.marks.clear()
  }

  fold(beforeMs: number): void {
    for (const kept of [this.#quotes.boundary, this.#quotes.cut, this.#rates]) {
      for (const atMs of kept.keys()) if (atMs < beforeMs) kept.delete(atMs)
    }
  }

  write(writer: Writer): void {
    const text = (value: string): void => writer.name(value)
    const count = (value: number): void => writer.instant(value)
    const route = (value: Route): void => {
      text(value.symbol)
      text(value.bridge)
      writer.flag(value.inverse)
    }
    const quote = (value: Quote): void => {
      writer.count((value.usd === null ? 0 : 4) + (value.stale ? 2 : 0) + (value.first ? 1 : 0))
      if (value.usd !== null) writer.decimal(value.usd)
      count(value.atMs)
    }
    writer.optional(this.#pegs, (pegs) => writer.map(pegs, text, (peg) => writer.optional(peg, route)))
    writer.map(this.#routes, text, route)
    for (const quotes of [this.#quotes.boundary, this.#quotes.cut]) {
      writer.map(quotes, count, (assets) => writer.map(assets, text, quote))
    }
    writer.map(this.#rates, count, (assets) =>
      writer.map(assets, text, (rate) => writer.optional(rate, (usd) => writer.decimal(usd))),
    )
    writer.map(this.#last, text, (last) => {
      writer.decimal(last.price)
      count(last.atMs)
    })
    writer.map(this.#searched, text, count)
    this.candles.write(writer)
    this.marks.write(writer)
  }

  static read(reader: Reader, rules: Rules): PriceBook {
    const text = (): string => reader.name()
    const count = (): number => reader.instant()
    const decimal = (): Decimal => reader.decimal()
    const route = (): Route => ({ symbol: text(), bridge: text(), inverse: reader.flag() })
    const quote = (): Quote => {
      const bits = reader.count()
      if (bits > 7) reader.refuse()
      const usd = bits >= 4 ? decimal() : null
      return { usd, atMs: count(), stale: bits % 4 >= 2, first: bits % 2 === 1 }
    }
    const book = new PriceBook(rules)
    book.#pegs = reader.optional(() => reader.map(text, () => reader.optional(route)))
    book.#routes = reader.map(text, route)
    const quotes = (): Map<number, Map<string, Quote>> => reader.map(count, () => reader.map(text, quote))
    book.#quotes = { boundary: quotes(), cut: quotes() }
    book.#rates = reader.map(count, () => reader.map(text, () => reader.optional(decimal)))
    book.#last = reader.map(text, () => ({ price: decimal(), atMs: count() }))
    book.#searched = reader.map(text, count)
    book.candles = CandleStore.read(reader)
    book.marks = CandleStore.read(reader, { isMark: true })
    return book
  }
}

/** A market's price turned into the asset's: as it is, or one over it. */
export function priceOfAsset(price: Decimal, route: Route, bridgeUsd: Decimal): Decimal {
  return multiply(route.inverse ? divide(one, price, inverseScale) : price, bridgeUsd)
}
