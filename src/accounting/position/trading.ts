import {
  add,
  divide,
  maximum,
  minimum,
  multiply,
  negate,
  signOf,
  subtract,
  toNumber,
  zero,
} from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Reader, Writer } from '../codec.ts'
import { costScale } from './lots.ts'
import type { TradingFacts } from '../metrics/fills/fill-statistic.ts'
import { ResultTally } from '../metrics/fills/result-tally.ts'
import { TradeClock } from '../metrics/fills/trade-clock.ts'

/** A position from opened to flat. */
interface Trip {
  readonly openedAtMs: number
  readonly net: Decimal
  /** A fill had a part in it: what only came and went with flows is no trade. */
  readonly isTraded: boolean
  /** Opened before anything counted: it is no result of what counts. */
  readonly isForeign: boolean
}

/** A fill as it is worked into positions. */
interface Working {
  readonly key: string
  feeUsd: Decimal
  /** What its closing part made; null while it closed nothing. */
  gainUsd: Decimal | null
}

/**
 * What an account's fills came to, over all its positions and in USD: a position's round trip is net of its fees, and of
 * funding where it alone can have caused it. Who keeps the positions tells what happens to them; everything is O(1).
 */
export class Trading implements TradingFacts {
  closings = new ResultTally()
  roundTrips = new ResultTally()
  clock = new TradeClock()
  #trips = new Map<string, Trip>()
  #fills = 0
  #bought = zero
  #sold = zero
  #gross = zero
  #fees = zero
  #funding = zero
  #capital = zero
  #working: Working | null = null
  /** Nothing counts yet: positions are only watched. */
  #isForeign = false

  get fills(): number {
    return this.#fills
  }

  get volume(): Decimal {
    return add(this.#bought, this.#sold)
  }

  get turned(): Decimal {
    return minimum(this.#bought, this.#sold)
  }

  get grossPnl(): Decimal {
    return this.#gross
  }

  get fees(): Decimal {
    return this.#fees
  }

  get funding(): Decimal {
    return this.#funding
  }

  get capital(): Decimal {
    return this.#capital
  }

  /** Time goes on to an entry, with positions open that cost so much. Time counts from the first fill on. */
  pass(atMs: number, costUsd: Decimal, isFill: boolean): void {
    if (this.#isForeign || (!isFill && this.#fills === 0)) return
    this.clock.advance(atMs, signOf(costUsd) === 0 ? null : toNumber(costUsd))
  }

  /** What follows, until `end`, is one fill's doing. `key` names the position that it trades. */
  begin(key: string, side: 'buy' | 'sell', worthUsd: Decimal, feeUsd: Decimal, isForeign = false): void {
    this.#isForeign = isForeign
    this.#working = { key, feeUsd, gainUsd: null }
    if (isForeign) return
    this.#fills += 1
    if (side === 'buy') this.#bought = add(this.#bought, worthUsd)
    else this.#sold = add(this.#sold, worthUsd)
    this.#fees = add(this.#fees, feeUsd)
  }

  open(key: string, atMs: number): void {
    const isTraded = this.#working !== null
    this.#trips.set(key, { openedAtMs: atMs, net: zero, isTraded, isForeign: this.#isForeign })
  }

  /** A part of a position was closed at a profit or a loss. */
  gain(key: string, usd: Decimal): void {
    if (this.#working !== null) this.#working.gainUsd = add(this.#working.gainUsd ?? zero, usd)
    this.#charge(key, negate(usd), this.#working !== null)
  }

  /** Closed by `closed` of a fill's `quantity`; a flip's fee is split by that. */
  flat(key: string, atMs: number, closed: Decimal, quantity: Decimal): void {
    if (this.#working?.key === key) {
      const { feeUsd } = this.#working
      const own = divide(multiply(feeUsd, closed), quantity, costScale)
      const isWhole = signOf(subtract(quantity, closed)) === 0
      this.#charge(key, isWhole ? feeUsd : own, true)
      this.#working.feeUsd = isWhole ? zero : subtract(feeUsd, own)
    }
    const trip = this.#trips.get(key)
    this.#trips.delete(key)
    if (trip === undefined || !trip.isTraded || trip.isForeign || this.#isForeign) return
    this.roundTrips.take(trip.net)
    this.clock.hold(trip.openedAtMs, atMs)
  }

  /** The fill is over; so much is at work now. */
  end(costUsd: Decimal): void {
    if (this.#working === null) return
    const { key, feeUsd, gainUsd } = this.#working
    this.#charge(key, feeUsd, true)
    this.#working = null
    if (this.#isForeign) return
    if (gainUsd !== null) {
      this.closings.take(gainUsd)
      this.#gross = add(this.#gross, gainUsd)
    }
    const lost = subtract(subtract(this.#fees, this.#funding), this.#gross)
    this.#capital = maximum(this.#capital, signOf(lost) > 0 ? add(costUsd, lost) : costUsd)
  }

  /** > 0 received. `key`: the only position that it can be of; null where there are several, or none. */
  fund(key: string | null, usd: Decimal): void {
    this.#funding = add(this.#funding, usd)
    if (key !== null) this.#charge(key, negate(usd), false)
  }

  #charge(key: string, costUsd: Decimal, isTraded: boolean): void {
    const trip = this.#trips.get(key)
    if (trip === undefined) return
    this.#trips.set(key, {
      ...trip,
      net: subtract(trip.net, costUsd),
      isTraded: trip.isTraded || isTraded,
    })
  }

  clone(): Trading {
    const copy = new Trading()
    copy.closings = this.closings.clone()
    copy.roundTrips = this.roundTrips.clone()
    copy.clock = this.clock.clone()
    copy.#trips = new Map(this.#trips)
    copy.#fills = this.#fills
    copy.#bought = this.#bought
    copy.#sold = this.#sold
    copy.#gross = this.#gross
    copy.#fees = this.#fees
    copy.#funding = this.#funding
    copy.#capital = this.#capital
    copy.#isForeign = this.#isForeign
    return copy
  }

  write(writer: Writer): void {
    this.closings.write(writer)
    this.roundTrips.write(writer)
    this.clock.write(writer)
    writer.map(
      this.#trips,
      (key) => writer.name(key),
      (trip) => {
        writer.instant(trip.openedAtMs)
        writer.decimal(trip.net)
        writer.flag(trip.isTraded)
        writer.flag(trip.isForeign)
      },
    )
    writer.count(this.#fills)
    for (const usd of [this.#bought, this.#sold, this.#gross, this.#fees, this.#funding, this.#capital]) {
      writer.decimal(usd)
    }
    writer.flag(this.#isForeign)
  }

  static read(reader: Reader): Trading {
    const trading = new Trading()
    trading.closings = ResultTally.read(reader)
    trading.roundTrips = ResultTally.read(reader)
    trading.clock = TradeClock.read(reader)
    trading.#trips = reader.map(
      () => reader.name(),
      () => ({
        openedAtMs: reader.instant(),
        net: reader.decimal(),
        isTraded: reader.flag(),
        isForeign: reader.flag(),
      }),
    )
    trading.#fills = reader.count()
    trading.#bought = reader.decimal()
    trading.#sold = reader.decimal()
    trading.#gross = reader.decimal()
    trading.#fees = reader.decimal()
    trading.#funding = reader.decimal()
    trading.#capital = reader.decimal()
    trading.#isForeign = reader.flag()
    return trading
  }
}
