/**
 * First in, first out on whole numbers that a double holds exactly: quantities and prices as units of their last
 * places. Nothing is ever rounded; what would leave the safe range is refused before anything moved, and its owner
 * goes on with exact numbers of any size.
 */

/** A lot's units times its price stays below, so that sums of two stay exact. */
const worthMax = 2 ** 52

export class ScaledFifo {
  #units = new Float64Array(16)
  #prices = new Float64Array(16)
  #head = 0
  #tail = 0
  #open = 0
  #priceMax = 0

  /** What is open, > 0. */
  get open(): number {
    return this.#open
  }

  /** Whether so much at a price can be taken without leaving the safe range. */
  fits(units: number, price: number): boolean {
    return price >= 0 && units * Math.max(price, this.#priceMax) <= worthMax && this.#open + units <= worthMax
  }

  put(units: number, price: number): void {
    if (this.#tail === this.#units.length) this.#makeRoom()
    this.#units[this.#tail] = units
    this.#prices[this.#tail] = price
    this.#tail += 1
    this.#open += units
    if (price > this.#priceMax) this.#priceMax = price
  }

  /** Closes the oldest at a price, no more than is open: Σ taken · (price − its own). */
  take(units: number, price: number): number {
    if (price > this.#priceMax) this.#priceMax = price
    let left = units
    let gain = 0
    while (left > 0) {
      const lot = this.#units[this.#head]!
      const taken = lot < left ? lot : left
      gain += taken * (price - this.#prices[this.#head]!)
      left -= taken
      if (taken === lot) this.#head += 1
      else this.#units[this.#head] = lot - taken
    }
    this.#open -= units
    if (this.#head === this.#tail) this.#head = this.#tail = 0
    return gain
  }

  /** Open lots, oldest first. */
  forEach(of: (units: number, price: number) => void): void {
    for (let at = this.#head; at < this.#tail; at += 1) of(this.#units[at]!, this.#prices[at]!)
  }

  /** Finer units: false, and nothing is done, where they would not fit. */
  refine(unitFactor: number, priceFactor: number): boolean {
    const factor = unitFactor * priceFactor
    let worth = this.#open * unitFactor
    this.forEach(
      (units, price) => (worth = Math.max(worth, units * Math.max(price, this.#priceMax) * factor)),
    )
    // Written so that no number at all is refused as well.
    if (!(worth <= worthMax && this.#priceMax * priceFactor <= worthMax)) return false
    for (let at = this.#head; at < this.#tail; at += 1) {
      this.#units[at] = this.#units[at]! * unitFactor
      this.#prices[at] = this.#prices[at]! * priceFactor
    }
    this.#open *= unitFactor
    this.#priceMax *= priceFactor
    return true
  }

  clone(): ScaledFifo {
    const copy = new ScaledFifo()
    copy.#units = this.#units.slice()
    copy.#prices = this.#prices.slice()
    copy.#head = this.#head
    copy.#tail = this.#tail
    copy.#open = this.#open
    copy.#priceMax = this.#priceMax
    return copy
  }

  /** Over the closed ones where they are many, else twice as large: amortised O(1). */
  #makeRoom(): void {
    const count = this.#tail - this.#head
    const length = count * 2 > this.#units.length ? this.#units.length * 2 : this.#units.length
    const [units, prices] = [new Float64Array(length), new Float64Array(length)]
    units.set(this.#units.subarray(this.#head, this.#tail))
    prices.set(this.#prices.subarray(this.#head, this.#tail))
    this.#units = units
    this.#prices = prices
    this.#head = 0
    this.#tail = count
  }
}
