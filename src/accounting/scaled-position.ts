import { add, exactPowersOfTen, signOf, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { Lots } from './lots.ts'
import type { Closed } from './position.ts'
import { ScaledFifo } from './scaled-fifo.ts'

/**
 * A position by first in, first out, as long as its numbers are small enough for whole doubles, as nearly all are:
 * the same results as with exact numbers of any size, several times as fast.
 */
export class ScaledPosition {
  #fifo = new ScaledFifo()
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
    return decimalOf(this.#fifo.open, this.#unitScale)
  }

  get realized(): Decimal {
    if (this.#realized === 0) return this.#settled
    return add(this.#settled, decimalOf(this.#realized, this.#unitScale + this.#priceScale))
  }

  /** As a position does, `price` being that of a whole unit; `too_large`, and nothing is done, where it doesn't fit. */
  apply(direction: 1 | -1, quantity: Decimal, price: Decimal): Closed | null | 'too_large' {
    if (quantity.scale > this.#unitScale || price.scale > this.#priceScale) {
      if (!this.#refine(quantity.scale, price.scale)) return 'too_large'
    }
    const units = scaled(quantity, this.#unitScale)
    const cents = scaled(price, this.#priceScale)
    if (!Number.isSafeInteger(units) || !this.#fifo.fits(units, cents)) return 'too_large'
    const isOpening = this.#fifo.open === 0 || direction === this.#side
    const closing = isOpening ? 0 : Math.min(units, this.#fifo.open)
    const pnl = closing === 0 ? 0 : this.#side * this.#fifo.take(closing, cents)
    this.#realized += pnl
    if (Math.abs(this.#realized) > settledAbove) this.#settle()
    if (units > closing) {
      this.#side = direction
      this.#fifo.put(units - closing, cents)
    }
    if (isOpening) return null
    return {
      quantity: closing === units ? quantity : decimalOf(closing, this.#unitScale),
      pnl: decimalOf(pnl, this.#unitScale + this.#priceScale),
    }
  }

  /** The same as exact numbers. */
  lots(): Lots {
    const lots = new Lots()
    this.#fifo.forEach((units, cents) => {
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
