/** Sums whose error does not grow with the number of terms: Neumaier's compensation, over blocks where there are many. */

/** One after the other, each with its rounding error kept. */
export class StableSum {
  #sum = 0
  #lost = 0

  add(value: number): void {
    const next = this.#sum + value
    // An infinite term has no lost part.
    if (Number.isFinite(next)) {
      this.#lost +=
        Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - next + value : value - next + this.#sum
    }
    this.#sum = next
  }

  get value(): number {
    return this.#sum + this.#lost
  }
}

/** So many terms are added plainly before their sum is: long enough to cost nothing, short enough to lose nothing. */
export const blockLength = 64

export function sumOf(values: Iterable<number>): number {
  const sum = new StableSum()
  for (const value of values) sum.add(value)
  return sum.value
}

/** Σ of a function over an array, without an array in between. */
export function sumBy(values: ArrayLike<number>, of: (value: number, index: number) => number): number {
  const sum = new StableSum()
  for (let index = 0; index < values.length; index += 1) sum.add(of(values[index]!, index))
  return sum.value
}
