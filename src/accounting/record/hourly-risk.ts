import { OrderedReturns } from '../metrics/ordered-returns.ts'
import { RunningMoments } from '../metrics/running-moments.ts'
import { sumOf } from '../metrics/stable-sum.ts'

/** Of hours that count, as fractions; NaN where it is undefined. */
export interface HourlyFigures {
  readonly volatilityAnnualized: number
  readonly skewness: number
  readonly excessKurtosis: number
  readonly valueAtRisk95: number
  readonly expectedShortfall95: number
}

const hoursPerYear = 8_760
const tail = 0.05

/**
 * Risk of a series of hours that grows at its end: hours that nothing can change any more are taken in once, in their
 * order, and every hour after that costs what the changeable ones do. The same series gives the same bits, whenever
 * and however often it was asked for.
 */
export class HourlyRisk {
  #settled = new RunningMoments()
  #ordered = new OrderedReturns()

  /** The first `settled` of the returns never change again. */
  of(returns: readonly number[], settled: number): HourlyFigures {
    if (settled < this.#settled.n) {
      this.#settled = new RunningMoments()
      this.#ordered = new OrderedReturns()
    }
    for (let at = this.#settled.n; at < settled; at += 1) {
      this.#settled.add(returns[at]!)
      this.#ordered.add(returns[at]!)
    }
    const moments = this.#settled.clone()
    const recent = Float64Array.from(returns.slice(settled)).toSorted()
    for (let at = settled; at < returns.length; at += 1) moments.add(returns[at]!)
    const quantile = this.#quantile(recent, tail)
    return {
      volatilityAnnualized: Math.sqrt(moments.varianceSample * hoursPerYear),
      skewness: moments.skewnessSample,
      excessKurtosis: moments.excessKurtosisSample,
      valueAtRisk95: -quantile,
      expectedShortfall95: -this.#meanBelow(recent, quantile),
    }
  }

  /** Linear interpolation between order statistics (Hyndman and Fan's type 7). */
  #quantile(recent: Float64Array, p: number): number {
    const n = this.#ordered.count + recent.length
    if (n === 0) return Number.NaN
    const place = (n - 1) * p
    const low = Math.floor(place)
    const below = this.#at(recent, low)
    const above = this.#at(recent, Math.min(low + 1, n - 1))
    return below + (above - below) * (place - low)
  }

  /** By rank among both: how many of the changeable ones come before is found by halving. */
  #at(recent: Float64Array, rank: number): number {
    const settled = this.#ordered
    let low = Math.max(0, rank - settled.count)
    let high = Math.min(rank, recent.length)
    while (low < high) {
      const middle = (low + high) >> 1
      if (recent[middle]! < settled.at(rank - middle - 1)) low = middle + 1
      else high = middle
    }
    const own = low < recent.length ? recent[low]! : Number.POSITIVE_INFINITY
    return rank - low < settled.count ? Math.min(own, settled.at(rank - low)) : own
  }

  #meanBelow(recent: Float64Array, quantile: number): number {
    const settled = this.#ordered.countBelow(quantile)
    const others = recent.filter((r) => r < quantile)
    const count = settled + others.length
    return count === 0 ? quantile : sumOf([this.#ordered.sumLowest(settled), ...others]) / count
  }
}
