import { StableSum, blockLength } from './stable-sum.ts'

/**
 * What returns come to above and below a level, in one pass: lower and upper partial moments of order 0, 1 and 2.
 * Downside risk, omega, gains over losses and win rates are all made of these. Fishburn 1977.
 */
export interface PartialMoments {
  readonly countAbove: number
  readonly countBelow: number
  /** Σ max(r − level, 0) */
  readonly above: number
  /** Σ max(level − r, 0) */
  readonly below: number
  /** Σ max(r − level, 0)² */
  readonly squaresAbove: number
  /** Σ max(level − r, 0)² */
  readonly squaresBelow: number
}

export function partialMoments(returns: Float64Array, level: number): PartialMoments {
  const [above, below, squaresAbove, squaresBelow] = [0, 0, 0, 0].map(() => new StableSum())
  let countAbove = 0
  let countBelow = 0
  for (let start = 0; start < returns.length; start += blockLength) {
    const end = Math.min(start + blockLength, returns.length)
    let up = 0
    let down = 0
    let upSquares = 0
    let downSquares = 0
    // Without a branch: which side a return falls on can't be foretold. |x| + x is 2x or 0, exactly.
    for (let index = start; index < end; index += 1) {
      const off = returns[index]! - level
      const size = Math.abs(off)
      const over = (size + off) / 2
      const under = (size - off) / 2
      up += over
      down += under
      upSquares += over * over
      downSquares += under * under
      countAbove += Number(off > 0)
      countBelow += Number(off < 0)
    }
    above!.add(up)
    below!.add(down)
    squaresAbove!.add(upSquares)
    squaresBelow!.add(downSquares)
  }
  return {
    countAbove,
    countBelow,
    above: above!.value,
    below: below!.value,
    squaresAbove: squaresAbove!.value,
    squaresBelow: squaresBelow!.value,
  }
}
