/**
 * First in, first out on whole numbers that a double holds exactly: quantities and prices as units of their last
 * places. Nothing is ever rounded; what would leave the safe range is refused before anything moved, and its owner
 * goes on with exact numbers of any size.
 */

/** Σ units times price stays below, so that sums of two stay exact. */
const worthMax = 2 ** 52

export class ScaledFifo {
  /** > 0 bought, < 0 sold: open lots all have the sign of the position. */
  #lots = new Float64Array(16)
  #prices = new Float64Array(16)
  #head = 0
  #tail = 0
  #open = 0
  #priceMax = 0

  /** What is open: > 0 long, < 0 short. */
  get open(): number {
    return this.#open
  }

  /**
   * How many fills of at most so many units at prices up to `priceMax` can be run through, so that all they gain and
   * all that is open stays in the safe range; 0: not one.
   */
  room(unitsMax: number, priceMax: number): number {
    const ofWorth = Math.floor(worthMax / (unitsMax * Math.max(priceMax, this.#priceMax, 1)))
    const ofOpen = Math.floor((worthMax - Math.abs(this.#open)) / unitsMax)
    const room = Math.min(ofWorth, ofOpen)
    // Written so that no number at all is refused as well.
    return unitsMax > 0 && priceMax >= 0 && room > 0 ? room : 0
  }

  /**
   * Takes fills `[from, to)` of a page, no more than there is room for: units > 0 bought, < 0 sold.
   * @returns what closing them made
   */
  run(units: Float64Array, prices: Float64Array, from: number, to: number): number {
    this.#makeRoom(to - from)
    const lots = this.#lots
    const costs = this.#prices
    let head = this.#head
    let tail = this.#tail
    let open = this.#open
    let priceMax = this.#priceMax
    let gain = 0
    for (let at = from; at < to; at += 1) {
      const price = prices[at]!
      if (price > priceMax) priceMax = price
      let left = units[at]!
      const isClosing = open * left < 0
      open += left
      if (isClosing) {
        while (left !== 0 && head < tail) {
          const lot = lots[head]!
          const rest = lot + left
          if (rest * lot > 0) {
            gain -= left * (price - costs[head]!)
            lots[head] = rest
            left = 0
          } else {
            gain += lot * (price - costs[head]!)
            left = rest
            head += 1
          }
        }
        if (head === tail) head = tail = 0
        if (left === 0) continue
      }
      lots[tail] = left
      costs[tail] = price
      tail += 1
    }
    this.#head = head
    this.#tail = tail
    this.#open = open
    this.#priceMax = priceMax
    return gain
  }

  /** Open lots, oldest first; units > 0 long, < 0 short. */
  forEach(of: (units: number, price: number) => void): void {
    for (let at = this.#head; at < this.#tail; at += 1) of(this.#lots[at]!, this.#prices[at]!)
  }

  /** Finer units: false, and nothing is done, where they would not fit. */
  refine(unitFactor: number, priceFactor: number): boolean {
    const worth = Math.abs(this.#open) * Math.max(this.#priceMax, 1) * unitFactor * priceFactor
    if (!(worth <= worthMax && this.#priceMax * priceFactor <= worthMax)) return false
    for (let at = this.#head; at < this.#tail; at += 1) {
      this.#lots[at] = this.#lots[at]! * unitFactor
      this.#prices[at] = this.#prices[at]! * priceFactor
    }
    this.#open *= unitFactor
    this.#priceMax *= priceFactor
    return true
  }

  clone(): ScaledFifo {
    const copy = new ScaledFifo()
    copy.#lots = this.#lots.slice()
    copy.#prices = this.#prices.slice()
    copy.#head = this.#head
    copy.#tail = this.#tail
    copy.#open = this.#open
    copy.#priceMax = this.#priceMax
    return copy
  }

  /** For so many lots more: over the closed ones where they are many, else in twice the room: amortised O(1). */
  #makeRoom(more: number): void {
    if (this.#tail + more <= this.#lots.length) return
    const count = this.#tail - this.#head
    if ((count + more) * 2 <= this.#lots.length) {
      this.#lots.copyWithin(0, this.#head, this.#tail)
      this.#prices.copyWithin(0, this.#head, this.#tail)
    } else {
      const length = Math.max(this.#lots.length * 2, (count + more) * 2)
      const [lots, prices] = [new Float64Array(length), new Float64Array(length)]
      lots.set(this.#lots.subarray(this.#head, this.#tail))
      prices.set(this.#prices.subarray(this.#head, this.#tail))
      this.#lots = lots
      this.#prices = prices
    }
    this.#head = 0
    this.#tail = count
  }
}
