import type { Change, TrueCandle, Truth } from '../../../src/simulator/truth.ts'
import { nought, Rational, total, unity } from './rational.ts'

/**
 * The price rule, stated once more from its text:
 *
 * A spot price at t is the last minute close at or before t when most of the 15 minutes before t traded and our own
 * fills are under 10 % of their volume, and under 10 % of the volume of the minute whose close it is; else the
 * volume-weighted average of the 60 minutes before t without our own fills, rounded half to even at 18 places; else
 * the last price: the close of the last minute in which others traded. A flow takes the open of its minute where that
 * market is liquid by the first sentence and our own fills are under 10 % of that minute's volume. The way to dollars:
 * a market against USD, USDT, USDC, FDUSD, in this order, else over BTC, BNB, ETH. The three dollar coins are 1 where
 * no market against USD is listed.
 *
 * Where an exchange tells of a minute no turnover but its average, to eight places, cut, what others traded in it counts
 * at that; where it tells neither, at the minute's close; and minutes with fills of our own only where there are no
 * others.
 *
 * A fill's rate is the open of its minute; where that minute did not trade, the last price within 60 minutes.
 */

/** What an exchange tells of a minute beside its volume. */
export type Told = 'turnover' | 'average' | 'volume'

const minute = 60_000
const dollars = ['USDT', 'USDC', 'FDUSD']
const bridges = ['BTC', 'BNB', 'ETH']

interface Own {
  base: Rational
  quote: Rational
}

/** A minute, read as far as it is asked for: most are only asked whether they traded. */
class Minute {
  readonly atMs: number
  readonly #candle: TrueCandle
  readonly #told: Told

  constructor(atMs: number, candle: TrueCandle, told: Told) {
    this.atMs = atMs
    this.#candle = candle
    this.#told = told
  }

  get isTraded(): boolean {
    return /[1-9]/.test(this.#candle.baseVolume)
  }
  get open(): Rational {
    return Rational.of(this.#candle.open)
  }
  get close(): Rational {
    return Rational.of(this.#candle.close)
  }
  get base(): Rational {
    return Rational.of(this.#candle.baseVolume)
  }
  get quote(): Rational {
    return Rational.of(this.#candle.quoteVolume)
  }
  /** What a unit counts as where the turnover is not told. */
  get average(): Rational {
    if (this.#told === 'volume') return this.close
    const average = this.quote.over(this.base)
    const rounded = average.rounded(8)
    return rounded.compare(average) > 0 ? rounded.minus(Rational.of('0.00000001')) : rounded
  }
}

export class Prices {
  readonly #truth: Truth
  readonly #told: Told
  readonly #listed: ReadonlySet<string>
  readonly #own = new Map<string, Own>()
  readonly #cache = new Map<string, Rational | null>()

  /** @param changes of the account: its own fills are kept out of its own prices */
  constructor(truth: Truth, changes: readonly Change[], told: Told = 'turnover') {
    this.#truth = truth
    this.#told = told
    this.#listed = new Set(truth.markets.map(({ symbol }) => symbol))
    for (const { fill, atMs } of changes) {
      if (fill === undefined) continue
      const key = `${fill.symbol} ${Math.floor(atMs / minute) * minute}`
      const before = this.#own.get(key) ?? { base: nought, quote: nought }
      this.#own.set(key, {
        base: before.base.plus(Rational.of(fill.quantity)),
        quote: before.quote.plus(Rational.of(fill.quoteQuantity)),
      })
    }
  }

  /** Dollars for one unit at a full minute; null is unpriced. */
  at(asset: string, atMs: number): Rational | null {
    if (atMs % minute !== 0) throw new RangeError('prices are of full minutes')
    const key = `${asset} ${atMs}`
    const cached = this.#cache.get(key)
    if (cached !== undefined) return cached
    const price = this.#over(asset, (symbol) => this.#spot(symbol, atMs))
    this.#cache.set(key, price)
    return price
  }

  /** Dollars for one unit at the open of a flow's minute; null is unpriced. */
  atFlow(asset: string, minuteMs: number): Rational | null {
    return this.#over(asset, (symbol) => {
      const now = this.#isLiquid(symbol, minuteMs) ? this.#candle(symbol, minuteMs) : null
      return now !== null && now.isTraded && !this.#isOurs(symbol, minuteMs, now)
        ? now.open
        : this.#spot(symbol, minuteMs)
    })
  }

  /** Dollars for one unit at the open of a minute, for amounts of fills; null is unpriced. */
  rate(asset: string, minuteMs: number): Rational | null {
    return this.#over(asset, (symbol) => this.#open(symbol, minuteMs))
  }

  #over(asset: string, priceOf: (symbol: string) => Rational | null): Rational | null {
    if (asset === 'USD') return unity
    if (dollars.includes(asset) && !this.#listed.has(`${asset}/USD`)) return unity
    for (const quote of ['USD', ...dollars, ...bridges]) {
      if (quote === asset || !this.#listed.has(`${asset}/${quote}`)) continue
      const price = priceOf(`${asset}/${quote}`)
      const next = this.#over(quote, priceOf)
      return price === null || next === null ? null : price.times(next)
    }
    return null
  }

  #isLiquid(symbol: string, atMs: number): boolean {
    const traded = this.#before(symbol, atMs, 15).filter((candle) => candle.isTraded)
    if (traded.length <= 7) return false
    const base = traded.reduce((sum, candle) => sum.plus(candle.base), nought)
    const own = this.#ownBefore(symbol, atMs, 15).base
    if (own.times(new Rational(10n)).compare(base) >= 0) return false
    const closing = this.#lastTraded(symbol, atMs)
    return !this.#isOurs(symbol, closing.atMs, closing.candle)
  }

  /** A tenth of the minute or more is our own. */
  #isOurs(symbol: string, minuteMs: number, candle: Minute): boolean {
    const own = this.#ownBefore(symbol, minuteMs + minute, 1).base
    return own.times(new Rational(10n)).compare(candle.base) >= 0
  }

  /** The minute of the quarter of an hour before whose close stands at its end. */
  #lastTraded(symbol: string, atMs: number): { atMs: number; candle: Minute } {
    for (let at = atMs - minute; at >= atMs - 15 * minute; at -= minute) {
      const candle = this.#candle(symbol, at)
      if (candle !== null && candle.isTraded) return { atMs: at, candle }
    }
    throw new RangeError('no minute traded')
  }

  #spot(symbol: string, atMs: number): Rational | null {
    if (this.#isLiquid(symbol, atMs)) return this.#lastTraded(symbol, atMs).candle.close

    const last60 = this.#before(symbol, atMs, 60)
    if (this.#told !== 'turnover') return this.#averageOf(symbol, last60) ?? this.#lastOfOthers(symbol, atMs)
    const mine = this.#ownBefore(symbol, atMs, 60)
    const others = last60.reduce((sum, candle) => sum.plus(candle.base), nought).minus(mine.base)
    const paid = last60.reduce((sum, candle) => sum.plus(candle.quote), nought).minus(mine.quote)
    if (others.sign > 0) return paid.over(others).rounded(18)

    return this.#lastOfOthers(symbol, atMs)
  }

  #averageOf(symbol: string, minutes: readonly Minute[]): Rational | null {
    const mine = ({ atMs }: Minute): Rational => this.#ownBefore(symbol, atMs + minute, 1).base
    const traded = minutes.filter((each) => each.isTraded)
    const foreign = traded.filter((each) => mine(each).sign === 0)
    const counted = (foreign.length > 0 ? foreign : traded).map((each) => {
      const units = each.base.minus(mine(each))
      return { units, paid: units.times(each.average) }
    })
    const units = total(counted.map((each) => each.units))
    return units.sign > 0
      ? total(counted.map(({ paid }) => paid))
          .over(units)
          .rounded(18)
      : null
  }

  #open(symbol: string, minuteMs: number): Rational | null {
    const now = this.#candle(symbol, minuteMs)
    if (now !== null && now.isTraded) return now.open
    return this.#before(symbol, minuteMs, 60).findLast((candle) => candle.isTraded)?.close ?? null
  }

  /** A market that ended keeps its last price. */
  #lastOfOthers(symbol: string, atMs: number): Rational | null {
    for (let at = atMs - minute; at > atMs - 400 * 1_440 * minute; at -= minute) {
      const candle = this.#candle(symbol, at)
      if (candle === null || !candle.isTraded) continue
      if (candle.base.compare(this.#ownBefore(symbol, at + minute, 1).base) > 0) return candle.close
    }
    return null
  }

  #before(symbol: string, atMs: number, count: number): Minute[] {
    const candles: Minute[] = []
    for (let at = atMs - count * minute; at < atMs; at += minute) {
      const candle = this.#candle(symbol, at)
      if (candle !== null) candles.push(candle)
    }
    return candles
  }

  #candle(symbol: string, minuteMs: number): Minute | null {
    const candle = this.#truth.candle(symbol, minuteMs)
    return candle === null ? null : new Minute(minuteMs, candle, this.#told)
  }

  #ownBefore(symbol: string, atMs: number, count: number): Own {
    let base = nought
    let quote = nought
    for (let at = atMs - count * minute; at < atMs; at += minute) {
      const own = this.#own.get(`${symbol} ${at}`)
      if (own === undefined) continue
      base = base.plus(own.base)
      quote = quote.plus(own.quote)
    }
    return { base, quote }
  }
}
