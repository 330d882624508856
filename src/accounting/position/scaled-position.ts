import { add, exactPowersOfTen, signOf, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { FillPage } from '../analysis/fill-page.ts'
import { Lots } from './lots.ts'
import type { Closed } from './position.ts'
import { ScaledFifo } from './scaled-fifo.ts'

/**
 * A position by first in, first out, as long as its numbers are small enough for whole doubles, as nearly all are:
 * the same results as with exact numbers of any size, several times as fast.
 */
export class ScaledPosition {
  #fifo = new ScaledFifo()
  /** Of what is open; while nothing is, of what was open last. */
  #side: 1 | -1 = 1
  /** Digits after the point of a unit, and of a price. */
  #unitScale = 0
  #priceScale = 0
  #realized = 0
  /** What was realized before `#realized` began at 0. */
  #settled = zero

  get side(): 1 | -1 {
    return this.#side
  }

  get quantity(): Decimal {
    return decimalOf(Math.abs(this.#fifo.open), this.#unitScale)
  }

  get realized(): Decimal {
    if (this.#realized === 0) return this.#settled
    return add(this.#settled, decimalOf(this.#realized, this.#unitScale + this.#priceScale))
  }

  /** As a position does, `price` being that of a whole unit; `too_large`, and nothing is done, where it doesn't fit. */
  apply(direction: 1 | -1, quantity: Decimal, price: Decimal): Closed | null | 'too_large' {
    if (!this.#refine(quantity.scale, price.scale)) return 'too_large'
    const units = scaled(quantity, this.#unitScale)
    const cents = scaled(price, this.#priceScale)
    if (!Number.isSafeInteger(units) || this.#fifo.room(units, cents) === 0) return 'too_large'
    const open = this.#fifo.open * direction
    const closing = open < 0 ? Math.min(units, -open) : 0
    oneUnits[0] = units * direction
    onePrice[0] = cents
    const pnl = this.#take(oneUnits, onePrice, 0, 1)
    if (open >= 0) return null
    return {
      quantity: closing === units ? quantity : decimalOf(closing, this.#unitScale),
      pnl: decimalOf(pnl, this.#unitScale + this.#priceScale),
    }
  }

  /** How many fills of a page can be taken at once, from the next one on; 0 where its numbers don't fit. */
  room(page: FillPage): number {
    if (!this.#refine(page.unitScale, page.priceScale)) return 0
    if (this.#unitScale !== page.unitScale || this.#priceScale !== page.priceScale) return 0
    return this.#fifo.room(page.unitsMax, page.priceMax)
  }

  /** Takes fills `[from, to)`, no more than there is room for. @returns what closing made, in units of the page's money */
  run(page: FillPage, from: number, to: number): number {
    return this.#take(page.units, page.prices, from, to)
  }

  #take(units: Float64Array, prices: Float64Array, from: number, to: number): number {
    const pnl = this.#fifo.run(units, prices, from, to)
    const { open } = this.#fifo
    if (open !== 0) this.#side = open > 0 ? 1 : -1
    this.#realized += pnl
    if (Math.abs(this.#realized) > settledAbove) this.#settle()
    return pnl
  }

  /** The same as exact numbers. */
  lots(): Lots {
    const lots = new Lots()
    this.#fifo.forEach((signed, cents) => {
      const units = Math.abs(signed)
      const quantity = decimalOf(units, this.#unitScale)
      const unit = decimalOf(cents, this.#priceScale)
      const cost = decimalOf(units * cents, this.#unitScale + this.#priceScale)
      lots.put({ quantity, cost, unit, symbol: '' })
    })
    return lots
  }

  clone(): ScaledPosition {
    const copy = new ScaledPosition()
    copy.#fifo = this.#fifo.clone()
    copy.#side = this.#side
    copy.#unitScale = this.#unitScale
    copy.#priceScale = this.#priceScale
    copy.#realized = this.#realized
    copy.#settled = this.#settled
    return copy
  }

  #settle(): void {
    this.#settled = this.realized
    this.#realized = 0
  }

  #refine(unitScale: number, priceScale: number): boolean {
    if (unitScale <= this.#unitScale && priceScale <= this.#priceScale) return true
    const units = Math.max(unitScale, this.#unitScale)
    const prices = Math.max(priceScale, this.#priceScale)
    if (!this.#fifo.refine(tenTo(units - this.#unitScale), tenTo(prices - this.#priceScale))) return false
    this.#settle()
    this.#unitScale = units
    this.#priceScale = prices
    return true
  }
}

/** Sums stay exact below twice of it. */
const settledAbove = 2 ** 51

/** A page of one fill. */
const oneUnits = new Float64Array(1)
const onePrice = new Float64Array(1)

/** Not a safe integer where it doesn't fit. */
function scaled({ digits, scale }: Decimal, at: number): number {
  const number = Number(digits)
  // Too many digits would be rounded by the conversion already.
  return scale === at || !Number.isSafeInteger(number) ? number : number * tenTo(at - scale)
}

/** Infinite where it isn't exact: then nothing fits. */
function tenTo(power: number): number {
  return exactPowersOfTen[power] ?? Number.POSITIVE_INFINITY
}

function decimalOf(whole: number, scale: number): Decimal {
  const value = { digits: BigInt(whole), scale }
  return signOf(value) === 0 ? zero : value
}
