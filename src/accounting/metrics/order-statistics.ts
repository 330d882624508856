/**
 * The k-th smallest of many without sorting all of them: each question parts the values a little more, and what is
 * parted already is not looked at again. Hoare 1961, with the pivot of Floyd and Rivest's sample.
 */
export class OrderStatistics {
  readonly #values: Float64Array
  /** Places whose values are final: nothing smaller behind, nothing larger before. In order. */
  readonly #settled: number[] = []

  /** Takes a copy. */
  constructor(values: Float64Array) {
    this.#values = values.slice()
  }

  /** 0 is the smallest. */
  at(rank: number): number {
    this.#settle(rank)
    return this.#values[rank]!
  }

  /** The `count` smallest, in no order. */
  lowest(count: number): Float64Array {
    if (count > 0) this.#settle(count - 1)
    return this.#values.subarray(0, count)
  }

  #settle(rank: number): void {
    const next = this.#settled.findIndex((one) => one >= rank)
    if (this.#settled[next] === rank) return
    const place = next === -1 ? this.#settled.length : next
    const low = (this.#settled[place - 1] ?? -1) + 1
    const high = (this.#settled[place] ?? this.#values.length) - 1
    select(this.#values, low, high, rank)
    this.#settled.splice(place, 0, rank)
  }
}

/** Parts values[low..high] so that what belongs at `rank` is there. */
function select(values: Float64Array, from: number, to: number, rank: number): void {
  let low = from
  let high = to
  while (low < high) {
    if (high - low > 600) {
      const n = high - low + 1
      const i = rank - low + 1
      const z = Math.log(n)
      const s = 0.5 * Math.exp((2 * z) / 3)
      const sd = 0.5 * Math.sqrt((z * s * (n - s)) / n) * Math.sign(i - n / 2)
      const near = Math.max(low, Math.floor(rank - (i * s) / n + sd))
      select(values, near, Math.min(high, Math.floor(rank + ((n - i) * s) / n + sd)), rank)
    }
    const pivot = values[rank]!
    let i = low
    let j = high
    while (i <= j) {
      while (values[i]! < pivot) i += 1
      while (values[j]! > pivot) j -= 1
      if (i <= j) {
        const kept = values[i]!
        values[i] = values[j]!
        values[j] = kept
        i += 1
        j -= 1
      }
    }
    if (j < rank) low = i
    if (i > rank) high = j
  }
}
