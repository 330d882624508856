import { StableSum } from './stable-sum.ts'

/**
 * So many returns are linked before their logarithm is taken, for a logarithm is dear: (1 + x)(1 + r) − 1 = x + r + x·r
 * loses nothing while it stays away from −1.
 */
const linkedLength = 16
/** A return beyond it is taken alone. */
const linkableMax = 0.125

/** Σ log(1 + r), r less `shift`: −∞ once everything was lost, NaN below that. */
export function logGrowth(returns: Float64Array, shift = 0): number {
  const sum = new StableSum()
  for (let start = 0; start < returns.length; start += linkedLength) {
    const end = Math.min(start + linkedLength, returns.length)
    let linked = 0
    for (let index = start; index < end; index += 1) {
      const r = returns[index]! - shift
      if (Math.abs(r) < linkableMax) linked += r + linked * r
      else sum.add(Math.log1p(r))
    }
    sum.add(Math.log1p(linked))
  }
  return sum.value
}
