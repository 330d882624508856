import { minuteMs } from '@perf-agg/sdk'
import type { Listing } from './listing.ts'
import type { Replay } from './replay.ts'
import { stepOf, Tape, tickOf } from './tape.ts'
import type { TrueCandle } from './truth.ts'
import { fromUnits } from './units.ts'

/**
 * The market: what everybody else trades, with what the accounts of the simulation trade printed into their minutes.
 */

const perUnit = 100_000_000

/** What accounts of the simulation traded in one minute. */
interface Prints {
  open: number
  high: number
  low: number
  close: number
  base: bigint
  quote: bigint
  trades: number
}

export interface Minute {
  open: number
  high: number
  low: number
  close: number
  base: bigint
  quote: bigint
  trades: number
}

export class Market {
  readonly #tape: Tape
  readonly #prints = new Map<string, { byMinute: Map<number, Prints>; minutes: number[] }>()
  readonly #ends = new Map<string, number>()

  constructor(options: {
    seed: number
    startMs: number
    delistings?: readonly { readonly symbol: string; readonly atMs: number }[]
    replay?: Replay | null
  }) {
    const { seed, startMs, replay = null } = options
    this.#tape = new Tape({ seed, startMs, replay })
    for (const { symbol, atMs } of options.delistings ?? []) this.#ends.set(symbol, atMs)
  }

  /** The first minute that exists. */
  get openedMs(): number {
    return this.#tape.openedMs
  }

  isTrading(listing: Listing, atMs: number): boolean {
    return atMs >= this.openedMs && atMs < this.endMs(listing)
  }

  endMs(listing: Listing): number {
    return this.#ends.get(listing.symbol) ?? Number.POSITIVE_INFINITY
  }

  /** The whole minute, what the accounts traded in it included; null outside the listing's life. */
  minute(listing: Listing, startMs: number): Minute | null {
    if (!this.isTrading(listing, startMs)) return null
    const [day, at] = this.#tape.at(listing, startMs)
    const own = this.#prints.get(listing.symbol)
    const prints = own?.byMinute.get(startMs)
    const traded = day.trades[at]! > 0
    if (!traded && prints !== undefined) return { ...prints }
    if (!traded) {
      const close = this.#lastClose(listing, day.traded[at]! * minuteMs, day.close[at]!, startMs)
      return { open: close, high: close, low: close, close, base: 0n, quote: 0n, trades: 0 }
    }
    return {
      open: day.open[at]!,
      high: Math.max(day.high[at]!, prints?.high ?? 0),
      low: Math.min(day.low[at]!, prints?.low ?? Number.POSITIVE_INFINITY),
      close: day.close[at]!,
      base: BigInt(day.base[at]!) + (prints?.base ?? 0n),
      quote: BigInt(day.quote[at]!) + (prints?.quote ?? 0n),
      trades: day.trades[at]! + (prints?.trades ?? 0),
    }
  }

  /** A minute that is still going on, as far as it has come at `nowMs`. */
  partialMinute(listing: Listing, startMs: number, nowMs: number): Minute | null {
    const whole = this.minute(listing, startMs)
    if (whole === null || nowMs >= startMs + minuteMs) return whole
    const prints = this.#prints.get(listing.symbol)?.byMinute.get(startMs)
    const share = (nowMs - startMs) / minuteMs
    const [day, at] = this.#tape.at(listing, startMs)
    const trades = Math.floor(day.trades[at]! * share)
    if (trades === 0 && prints !== undefined) return { ...prints }
    if (trades === 0) {
      const before = this.minute(listing, startMs - minuteMs)
      const close = before?.close ?? whole.open
      return { open: close, high: close, low: close, close, base: 0n, quote: 0n, trades: 0 }
    }
    const tick = tickOf(listing)
    const close = Math.round((whole.open + (whole.close - whole.open) * share) / tick) * tick
    const step = stepOf(listing)
    const base = Math.max(step, Math.floor((day.base[at]! * share) / step) * step)
    return {
      open: whole.open,
      high: Math.max(whole.open, close, prints?.high ?? 0),
      low: Math.min(whole.open, close, prints?.low ?? Number.POSITIVE_INFINITY),
      close,
      base: BigInt(base) + (prints?.base ?? 0n),
      quote: (BigInt(base) * BigInt(close)) / BigInt(perUnit) + (prints?.quote ?? 0n),
      trades: trades + (prints?.trades ?? 0),
    }
  }

  candle(listing: Listing, startMs: number): TrueCandle | null {
    const minute = this.minute(listing, startMs)
    return minute === null ? null : candleOf(minute)
  }

  /** The price behind a minute's close, in units, whether it traded or not. */
  fairPrice(listing: Listing, startMs: number): number {
    const [day, at] = this.#tape.at(listing, startMs)
    return day.price[at]!
  }

  /** Where an order of ours meets the market at that instant, in units; always on a tick inside the minute's range. */
  priceAt(listing: Listing, atMs: number, lean: number): number {
    const startMs = Math.floor(atMs / minuteMs) * minuteMs
    const [day, at] = this.#tape.at(listing, startMs)
    const tick = tickOf(listing)
    const traded = day.trades[at]! > 0
    if (!traded) return Math.max(tick, Math.round((day.price[at]! * (1 + lean * 0.0005)) / tick) * tick)
    const share = (atMs - startMs) / minuteMs
    const middle = day.open[at]! + (day.close[at]! - day.open[at]!) * share
    const price = Math.round((middle * (1 + lean * 0.0001)) / tick) * tick
    return Math.min(day.high[at]!, Math.max(day.low[at]!, price))
  }

  /** Prints a trade of an account into its minute. Call in the order of time. */
  print(listing: Listing, atMs: number, priceUnits: number, base: bigint, quote: bigint): void {
    const startMs = Math.floor(atMs / minuteMs) * minuteMs
    let own = this.#prints.get(listing.symbol)
    if (own === undefined) this.#prints.set(listing.symbol, (own = { byMinute: new Map(), minutes: [] }))
    const prints = own.byMinute.get(startMs)
    if (prints === undefined) {
      own.byMinute.set(startMs, {
        open: priceUnits,
        high: priceUnits,
        low: priceUnits,
        close: priceUnits,
        base,
        quote,
        trades: 1,
      })
      own.minutes.push(startMs)
      return
    }
    prints.high = Math.max(prints.high, priceUnits)
    prints.low = Math.min(prints.low, priceUnits)
    prints.close = priceUnits
    prints.base += base
    prints.quote += quote
    prints.trades += 1
  }

  /** The close that an empty minute repeats: of our own last print where that came after the market's. */
  #lastClose(listing: Listing, tradedMs: number, close: number, startMs: number): number {
    const own = this.#prints.get(listing.symbol)
    if (own === undefined) return close
    let from = 0
    let to = own.minutes.length
    while (from < to) {
      const middle = (from + to) >> 1
      if (own.minutes[middle]! <= startMs) from = middle + 1
      else to = middle
    }
    const lastMs = own.minutes[from - 1]
    return lastMs !== undefined && lastMs > tradedMs ? own.byMinute.get(lastMs)!.close : close
  }
}

export function candleOf(minute: Minute): TrueCandle {
  return {
    open: priceText(minute.open),
    high: priceText(minute.high),
    low: priceText(minute.low),
    close: priceText(minute.close),
    baseVolume: fromUnits(minute.base),
    quoteVolume: fromUnits(minute.quote),
    trades: minute.trades,
  }
}

export function priceText(units: number): string {
  return fromUnits(BigInt(units))
}
