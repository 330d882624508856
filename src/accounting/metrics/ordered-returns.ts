import { StableSum } from './stable-sum.ts'

/** So many values lie in one block before it is cut in two. */
const blockMax = 512

interface Block {
  readonly values: Float64Array
  count: number
  /** Σ of its values; null: to be made. */
  sum: number | null
}

/**
 * Returns in the order of their size, however many there are: adding one and asking for a rank is O(log n), by blocks
 * that are counted in a binary indexed tree (Fenwick 1994).
 */
export class OrderedReturns {
  #blocks: Block[] = [{ values: new Float64Array(blockMax), count: 0, sum: 0 }]
  #counts: number[] = [0, 0]
  #count = 0

  get count(): number {
    return this.#count
  }

  add(value: number): void {
    const index = this.#blockFor(value)
    const block = this.#blocks[index]!
    const at = placeOf(block, value)
    block.values.copyWithin(at + 1, at, block.count)
    block.values[at] = value
    block.count += 1
    block.sum = null
    this.#count += 1
    if (block.count === blockMax) this.#cut(index)
    else for (let node = index + 1; node < this.#counts.length; node += node & -node) this.#counts[node]! += 1
  }

  /** 0 is the smallest. */
  at(rank: number): number {
    const { index, before } = this.#find(rank)
    return this.#blocks[index]!.values[rank - before]!
  }

  /** How many are smaller. */
  countBelow(value: number): number {
    const index = this.#blockFor(value)
    let count = 0
    for (let node = index; node > 0; node -= node & -node) count += this.#counts[node]!
    return count + placeOf(this.#blocks[index]!, value)
  }

  /** Σ of the `count` smallest. */
  sumLowest(count: number): number {
    const sum = new StableSum()
    let left = count
    for (const block of this.#blocks) {
      if (left <= 0) break
      if (left >= block.count) sum.add((block.sum ??= sumOfFirst(block, block.count)))
      else sum.add(sumOfFirst(block, left))
      left -= block.count
    }
    return sum.value
  }

  /** The block where a value belongs before all that equal it: the first whose last is not smaller. */
  #blockFor(value: number): number {
    let low = 0
    let high = this.#blocks.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      const block = this.#blocks[middle]!
      if (block.values[block.count - 1]! < value) low = middle + 1
      else high = middle
    }
    return low
  }

  #find(rank: number): { index: number; before: number } {
    let index = 0
    let before = 0
    for (let step = 2 ** Math.floor(Math.log2(this.#counts.length)); step >= 1; step /= 2) {
      const next = index + step
      if (next < this.#counts.length && before + this.#counts[next]! <= rank) {
        index = next
        before += this.#counts[next]!
      }
    }
    return { index, before }
  }

  #cut(index: number): void {
    const whole = this.#blocks[index]!
    const half = blockMax / 2
    const right: Block = { values: new Float64Array(blockMax), count: half, sum: null }
    right.values.set(whole.values.subarray(half))
    whole.count = half
    this.#blocks.splice(index + 1, 0, right)
    this.#counts = Array.from({ length: this.#blocks.length + 1 }, () => 0)
    for (const [at, { count }] of this.#blocks.entries()) {
      for (let node = at + 1; node < this.#counts.length; node += node & -node) this.#counts[node]! += count
    }
  }
}

/** How many of a block are smaller. */
function placeOf({ values, count }: Block, value: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

function sumOfFirst({ values }: Block, count: number): number {
  const sum = new StableSum()
  for (let at = 0; at < count; at += 1) sum.add(values[at]!)
  return sum.value
}
