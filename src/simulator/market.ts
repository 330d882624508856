import { dayMs, minuteMs } from '@perf-agg/sdk'
import { listingOf, listings } from './listing.ts'
import type { Listing } from './listing.ts'
import type { Replay } from './replay.ts'
import { Chance } from './seed.ts'
import type { TrueCandle } from './truth.ts'
import { fromUnits } from './units.ts'

/**
 * The market: minutes of every listing, made day by day when first looked at, the same for the same seed in whatever
 * order they are asked for. What the accounts trade is printed into their minutes.
 */

const minutesPerDay = 1_440
const perUnit = 100_000_000

/** A day of one listing. Prices and amounts are whole units of 10^-8, exact in doubles. */
interface Day {
  readonly open: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  /** Repeats itself where nothing traded. */
  readonly close: Float64Array
  readonly base: Float64Array
  readonly quote: Float64Array
  readonly trades: Int32Array
  /** The price behind, also where nothing traded. */
  readonly price: Float64Array
  /** Minutes since 1970 of the last minute up to this one in which the market traded. */
  readonly traded: Int32Array
}

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
  /** The first minute that exists. */
  readonly openedMs: number
  readonly #seed: number
  readonly #replay: Replay | null
  readonly #days = new Map<string, Day[]>()
  readonly #prints = new Map<string, { byMinute: Map<number, Prints>; minutes: number[] }>()
  readonly #ends = new Map<string, number>()

  constructor(options: {
    seed: number
    startMs: number
    delistings?: readonly { readonly symbol: string; readonly atMs: number }[]
    replay?: Replay | null
  }) {
    this.#seed = options.seed
    // two days of history, so that every price rule has its hour before the first hour
    this.openedMs = Math.floor(options.startMs / dayMs) * dayMs - 2 * dayMs
    this.#replay = options.replay ?? null
    for (const { symbol, atMs } of options.delistings ?? []) this.#ends.set(symbol, atMs)
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
    const [day, at] = this.#at(listing, startMs)
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
    const [day, at] = this.#at(listing, startMs)
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

  /** Where an order of ours meets the market at that instant, in units; always on a tick inside the minute's range. */
  priceAt(listing: Listing, atMs: number, lean: number): number {
    const startMs = Math.floor(atMs / minuteMs) * minuteMs
    const [day, at] = this.#at(listing, startMs)
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

  #at(listing: Listing, startMs: number): readonly [Day, number] {
    const index = Math.floor((startMs - this.openedMs) / minuteMs)
    if (index < 0) throw new RangeError('before the market opened')
    return [this.#day(listing, Math.floor(index / minutesPerDay)), index % minutesPerDay]
  }

  #day(listing: Listing, index: number): Day {
    let days = this.#days.get(listing.symbol)
    if (days === undefined) this.#days.set(listing.symbol, (days = []))
    while (days.length <= index) days.push(this.#makeDay(listing, days.length, days.at(-1) ?? null))
    return days[index]!
  }

  #makeDay(listing: Listing, index: number, before: Day | null): Day {
    const chance = new Chance(this.#seed, listing.symbol, index)
    const path = this.#path(listing, index, before, chance)
    const day: Day = {
      open: new Float64Array(minutesPerDay),
      high: new Float64Array(minutesPerDay),
      low: new Float64Array(minutesPerDay),
      close: new Float64Array(minutesPerDay),
      base: new Float64Array(minutesPerDay),
      quote: new Float64Array(minutesPerDay),
      trades: new Int32Array(minutesPerDay),
      price: path,
      traded: new Int32Array(minutesPerDay),
    }
    const tick = tickOf(listing)
    const step = stepOf(listing)
    const firstMinute = this.openedMs / minuteMs + index * minutesPerDay
    const replayed = this.#replay?.minutes.get(listing.symbol)
    let last = before === null ? path[0]! : before.close.at(-1)!
    let price = before === null ? path[0]! : before.price.at(-1)!
    let traded = before === null ? firstMinute : before.traded.at(-1)!
    for (let at = 0; at < minutesPerDay; at += 1) {
      const given = replayed?.get((firstMinute + at) * minuteMs)
      if (given !== undefined) {
        day.open[at] = given.open
        day.high[at] = given.high
        day.low[at] = given.low
        day.close[at] = last = price = given.close
        path[at] = given.close
        day.base[at] = given.base
        day.quote[at] = given.quote
        day.trades[at] = given.trades
        if (given.trades > 0) traded = firstMinute + at
        day.traded[at] = traded
        continue
      }
      const quiet = before === null && at === 0 ? false : !chance.happens(listing.liveliness)
      const target = path[at]!
      if (!quiet) {
        const open = Math.max(tick, Math.round((price + chance.bell() * tick) / tick) * tick)
        const spread = Math.max(tick, Math.abs(target - open)) * 0.4
        const high = Math.ceil((Math.max(open, target) + chance.next() * spread) / tick) * tick
        const low = Math.max(
          tick,
          Math.floor((Math.min(open, target) - chance.next() * spread) / tick) * tick,
        )
        const average = Math.round((open + target + (high - low) * (chance.next() - 0.5)) / 2 / tick) * tick
        const wave = 1 + 0.5 * Math.sin(((at - 840) / minutesPerDay) * 2 * Math.PI)
        const size = listing.turnover * wave * Math.exp(chance.bell() * 0.8 - 0.32)
        const steps = Math.max(1, Math.round((size / (target / perUnit)) * (perUnit / step)))
        const mean = Math.min(high, Math.max(low, average))
        day.open[at] = open
        day.high[at] = high
        day.low[at] = low
        day.close[at] = last = target
        day.base[at] = steps * step
        // steps × ticks is a whole number of units, whatever the listing
        day.quote[at] = steps * (mean / tick) * 10 ** (8 - listing.tickDecimals - listing.stepDecimals)
        day.trades[at] = 1 + Math.floor(size / listing.turnover / (2 - listing.liveliness) + steps ** 0.25)
        traded = firstMinute + at
      } else {
        day.open[at] = day.high[at] = day.low[at] = day.close[at] = last
      }
      price = target
      day.traded[at] = traded
    }
    return day
  }

  /** The price behind each minute's close, on a tick. */
  #path(listing: Listing, index: number, before: Day | null, chance: Chance): Float64Array {
    const path = new Float64Array(minutesPerDay)
    const tick = tickOf(listing)
    if (listing.path === 'cross') {
      const top = this.#day(this.#dollar(listing.base), index).price
      const bottom = this.#day(this.#dollar(listing.quote), index).price
      for (let at = 0; at < minutesPerDay; at += 1) {
        const ratio = (top[at]! / bottom[at]!) * perUnit * (1 + chance.bell() * 0.0002)
        path[at] = Math.max(tick, Math.round(ratio / tick) * tick)
      }
      return path
    }
    const start = listing.startPrice * perUnit
    let value = before === null ? start : before.price.at(-1)!
    if (listing.path === 'peg') {
      for (let at = 0; at < minutesPerDay; at += 1) {
        value +=
          (start - value) * 0.02 + chance.bell() * Math.max(tick * 0.3, value * listing.volatility * 0.05)
        path[at] = Math.max(tick, Math.round(value / tick) * tick)
      }
      return path
    }
    const leader = listing.beta === 0 ? null : this.#day(listings[0]!, index).price
    const leaderBefore =
      listing.beta === 0 || index === 0 ? null : this.#day(listings[0]!, index - 1).price.at(-1)!
    const each = listing.volatility / Math.sqrt(minutesPerDay)
    for (let at = 0; at < minutesPerDay; at += 1) {
      let change = chance.bell() * each
      if (leader !== null) {
        const from = at === 0 ? (leaderBefore ?? leader[0]!) : leader[at - 1]!
        change += listing.beta * (leader[at]! / from - 1)
      }
      // a soft floor keeps a long walk away from zero
      value = Math.max(start * 0.05, value * (1 + change))
      path[at] = Math.max(tick, Math.round(value / tick) * tick)
    }
    return path
  }

  #dollar(asset: string): Listing {
    const listing = listingOf(`${asset}/USDT`)
    if (listing === null) throw new RangeError(`no market against USDT: ${asset}`)
    return listing
  }
}

function tickOf(listing: Listing): number {
  return 10 ** (8 - listing.tickDecimals)
}

function stepOf(listing: Listing): number {
  return 10 ** (8 - listing.stepDecimals)
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
