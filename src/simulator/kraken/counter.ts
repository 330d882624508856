/** kraken's counter of one account: each private call raises it, time lowers it. The smallest account's figures. */
const most = 15
const perSecond = 0.33

export class Counter {
  #value = 0
  #atMs = 0

  /** False where it is over the top; the call counts all the same. */
  count(cost: number, nowMs: number): boolean {
    this.#value = Math.max(0, this.#value - (Math.max(0, nowMs - this.#atMs) / 1_000) * perSecond)
    this.#atMs = nowMs
    this.#value += cost
    return this.#value <= most
  }
}
