/** What figures against a benchmark share. */
import type { Outcome } from './metric.ts'
import type { ReturnSeries } from './series.ts'
import { StableSum, blockLength } from './stable-sum.ts'

/** Runs `of` with the benchmark as a series of its own; null figures without one, or of fewer returns than `least`. */
export function against(
  of: (series: ReturnSeries, benchmark: ReturnSeries) => Outcome,
  least = 2,
): (series: ReturnSeries) => Outcome {
  return (series) => {
    if (series.benchmark === null) return 'no_benchmark'
    return series.n < least ? 'too_few_returns' : of(series, series.benchmark)
  }
}

const known = new WeakMap<ReturnSeries, number>()

/** Σ (r − mean r)(b − mean b) / n of a series and its benchmark. */
export function covariance(series: ReturnSeries, benchmark: ReturnSeries): number {
  const made = known.get(series) ?? covarianceOf(series, benchmark)
  known.set(series, made)
  return made
}

function covarianceOf(a: ReturnSeries, b: ReturnSeries): number {
  const { returns, mean } = a
  const { returns: others, mean: otherMean } = b
  const sum = new StableSum()
  for (let start = 0; start < returns.length; start += blockLength) {
    const end = Math.min(start + blockLength, returns.length)
    let block = 0
    for (let index = start; index < end; index += 1) {
      block += (returns[index]! - mean) * (others[index]! - otherMean)
    }
    sum.add(block)
  }
  return sum.value / a.n
}
