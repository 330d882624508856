import { StableSum, blockLength } from './stable-sum.ts'

/** Smallest, largest and Σ of returns, in one pass. */
export interface Extent {
  readonly smallest: number
  readonly largest: number
  readonly sum: number
}

export function extentOf(returns: Float64Array): Extent {
  const sum = new StableSum()
  let smallest = Number.POSITIVE_INFINITY
  let largest = Number.NEGATIVE_INFINITY
  for (let start = 0; start < returns.length; start += blockLength) {
    const end = Math.min(start + blockLength, returns.length)
    let block = 0
    for (let index = start; index < end; index += 1) {
      const r = returns[index]!
      if (r < smallest) smallest = r
      if (r > largest) largest = r
      block += r
    }
    sum.add(block)
  }
  return { smallest, largest, sum: sum.value }
}

/** Σ (r − mean)^k / n for k of 2, 3 and 4, and Σ |r − mean| / n. */
export interface CentralMoments {
  readonly 2: number
  readonly 3: number
  readonly 4: number
  readonly absolute: number
}

/** About a mean that is known: sums of powers would cancel. */
export function centralMoments(returns: Float64Array, mean: number): CentralMoments {
  const [second, third, fourth, absolute] = [0, 0, 0, 0].map(() => new StableSum())
  for (let start = 0; start < returns.length; start += blockLength) {
    const end = Math.min(start + blockLength, returns.length)
    let squares = 0
    let cubes = 0
    let quartics = 0
    let distances = 0
    for (let index = start; index < end; index += 1) {
      const off = returns[index]! - mean
      const square = off * off
      squares += square
      cubes += square * off
      quartics += square * square
      distances += Math.abs(off)
    }
    second!.add(squares)
    third!.add(cubes)
    fourth!.add(quartics)
    absolute!.add(distances)
  }
  const n = returns.length
  return {
    2: second!.value / n,
    3: third!.value / n,
    4: fourth!.value / n,
    absolute: absolute!.value / n,
  }
}
