import { dayMs, minuteMs } from '@perf-agg/sdk'
import { listingOf, listings } from './listing.ts'
import type { Listing } from './listing.ts'
import type { Replay } from './replay.ts'
import { Chance } from './seed.ts'

/**
 * What everybody else trades: the minutes of every listing, made a day at a time when first looked at, the same for
 * the same seed in whatever order they are asked for.
 */

const minutesPerDay = 1_440
const perUnit = 100_000_000

/** A day of one listing. Prices and amounts are whole units of 10^-8, exact in doubles. */
export interface Day {
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

export class Tape {
  /** The first minute that exists. */
  readonly openedMs: number
  readonly #seed: number
  readonly #replay: Replay | null
  readonly #days = new Map<string, Day[]>()

  constructor(options: { seed: number; startMs: number; replay: Replay | null }) {
    this.#seed = options.seed
    this.#replay = options.replay
    // two days of history, so that every price rule has its hour before the first hour
    this.openedMs = Math.floor(options.startMs / dayMs) * dayMs - 2 * dayMs
  }

  /** The day that holds a minute, and the minute's place in it. @throws {RangeError} before the market opened */
  at(listing: Listing, startMs: number): readonly [Day, number] {
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

export function tickOf(listing: Listing): number {
  return 10 ** (8 - listing.tickDecimals)
}

export function stepOf(listing: Listing): number {
  return 10 ** (8 - listing.stepDecimals)
}
