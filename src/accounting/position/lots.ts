import { add, compare, divide, multiply, signOf, subtract, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Reader, Writer } from '../codec.ts'

/** One opening's unclosed part. Quantity is > 0; which side it is, its owner knows. */
export interface Lot {
  readonly quantity: Decimal
  /** What the quantity cost; null while it has no known worth. */
  readonly cost: Decimal | null
  /** Cost of one unit where that is exact; else parts of the cost are rounded at 10^-18. */
  readonly unit: Decimal | null
  /** The symbol that opened it; empty for deposits and the like. */
  readonly symbol: string
}

export const costScale = 18

/** The cost of `quantity` of a lot; the whole lot takes the whole cost, so nothing is ever lost to rounding. */
export function costOf(lot: Lot, quantity: Decimal): Decimal | null {
  if (lot.cost === null || compare(quantity, lot.quantity) === 0) return lot.cost
  if (lot.unit !== null) return multiply(lot.unit, quantity)
  return divide(multiply(lot.cost, quantity), lot.quantity, costScale)
}

/** Open lots of one thing on one side, first in, first out. */
export class Lots {
  #lots: Lot[] = []
  /** Lots before this index are closed; they are cut off now and then, so that taking is amortised O(1). */
  #head = 0
  #quantity = zero

  get quantity(): Decimal {
    return this.#quantity
  }

  get open(): readonly Lot[] {
    return this.#lots.slice(this.#head)
  }

  put(lot: Lot): void {
    if (signOf(lot.quantity) <= 0) throw new RangeError('a lot holds something')
    this.#lots.push(lot)
    this.#quantity = add(this.#quantity, lot.quantity)
  }

  /** Takes up to `quantity` from the oldest lots; what it returns may sum up to less. */
  take(quantity: Decimal): Lot[] {
    const taken: Lot[] = []
    let left = quantity
    while (signOf(left) > 0 && this.#head < this.#lots.length) {
      const lot = this.#lots[this.#head]!
      if (compare(lot.quantity, left) <= 0) {
        taken.push(lot)
        left = subtract(left, lot.quantity)
        this.#head += 1
      } else {
        const cost = costOf(lot, left)
        taken.push({ ...lot, quantity: left, cost })
        this.#lots[this.#head] = {
          ...lot,
          quantity: subtract(lot.quantity, left),
          cost: lot.cost === null || cost === null ? null : subtract(lot.cost, cost),
        }
        left = zero
      }
    }
    this.#quantity = subtract(this.#quantity, subtract(quantity, left))
    if (this.#head > 64 && this.#head * 2 > this.#lots.length) {
      this.#lots = this.#lots.slice(this.#head)
      this.#head = 0
    }
    return taken
  }

  clone(): Lots {
    const copy = new Lots()
    copy.#lots = this.#lots.slice(this.#head)
    copy.#quantity = this.#quantity
    return copy
  }

  get hasUnknown(): boolean {
    return this.#lots.some((lot, index) => index >= this.#head && lot.cost === null)
  }

  /** Gives lots of unknown worth what one unit is worth now; those are returned. */
  appraise(unit: Decimal): Lot[] {
    const appraised: Lot[] = []
    this.#lots = this.#lots.slice(this.#head).map((lot) => {
      if (lot.cost !== null) return lot
      const known = { ...lot, cost: multiply(lot.quantity, unit), unit }
      appraised.push(known)
      return known
    })
    this.#head = 0
    return appraised
  }

  write(writer: Writer): void {
    writer.list(this.open, (lot) => {
      writer.decimal(lot.quantity)
      writer.optional(lot.cost, (cost) => writer.decimal(cost))
      writer.optional(lot.unit, (unit) => writer.decimal(unit))
      writer.name(lot.symbol)
    })
  }

  static read(reader: Reader): Lots {
    const lots = new Lots()
    for (const lot of reader.list(() => ({
      quantity: reader.decimal(),
      cost: reader.optional(() => reader.decimal()),
      unit: reader.optional(() => reader.decimal()),
      symbol: reader.name(),
    }))) {
      if (signOf(lot.quantity) <= 0) reader.refuse()
      lots.put(lot)
    }
    return lots
  }
}
