/**
 * Money-weighted return: the rate at which Σ aᵢ / (1 + r)^((tᵢ − t₀) / 365 days) = 0, act/365, from the investor's side
 * (what is put in is negative). Several rates may solve it; then there is no one figure, and all are told.
 */
import { dayMs } from '@perf-agg/sdk'
import type { Reason } from './metric.ts'
import { sumBy } from './stable-sum.ts'

export interface DatedAmount {
  readonly atMs: number
  readonly amount: number
}

export type Xirr =
  | { readonly kind: 'root'; readonly rate: number }
  | { readonly kind: 'none'; readonly reason: Reason | 'needs_both_signs' | 'no_root' }
  | { readonly kind: 'ambiguous'; readonly rates: readonly number[] }

const yearMs = 365 * dayMs
/** Growth is looked for from e^-span to e^span in a unit of time, or over the whole time where that is shorter. */
const unitSpan = 20
const wholeSpan = 40
const gridSteps = 8_000

export function xirr(flows: readonly DatedAmount[]): Xirr {
  return rateOver(flows, yearMs)
}

/** The money-weighted return of the whole time from the first flow to the last, not annualised. */
export function periodRate(flows: readonly DatedAmount[]): Xirr {
  const times = flows.map(({ atMs }) => atMs)
  return rateOver(flows, Math.max(...times) - Math.min(...times))
}

/** The rate per `unitMs`. */
function rateOver(flows: readonly DatedAmount[], unitMs: number): Xirr {
  const moved = flows.filter(({ amount }) => amount !== 0).toSorted((a, b) => a.atMs - b.atMs)
  const first = moved[0]
  if (first === undefined || !moved.some(({ amount }) => Math.sign(amount) !== Math.sign(first.amount))) {
    return { kind: 'none', reason: 'needs_both_signs' }
  }
  const units = moved.map(({ atMs }) => (atMs - first.atMs) / unitMs)
  const amounts = moved.map(({ amount }) => amount)
  const last = units.at(-1)!
  if (!(last > 0)) return { kind: 'none', reason: 'no_root' }
  /** Value at log growth u, scaled so that no power overflows; only its sign and zeros count. */
  const valueAt = (u: number): number => {
    const shift = u < 0 ? last : 0
    return sumBy(units, (t, index) => amounts[index]! * Math.exp(u * (shift - t)))
  }
  const reach = Math.max(unitSpan, wholeSpan / last)
  // A loss that rounds to everything is no rate.
  const rates = rootsIn(valueAt, -reach, reach)
    .map((u) => Math.expm1(u))
    .filter((rate) => rate > -1)
  if (rates.length > 1) return { kind: 'ambiguous', rates }
  return rates[0] === undefined ? { kind: 'none', reason: 'no_root' } : { kind: 'root', rate: rates[0] }
}

/** Every zero that a fine grid shows, each to the last bit. */
function rootsIn(of: (u: number) => number, from: number, to: number): number[] {
  const roots: number[] = []
  let low = from
  let lowValue = of(low)
  for (let step = 1; step <= gridSteps; step += 1) {
    const high = from + ((to - from) * step) / gridSteps
    const highValue = of(high)
    if (lowValue === 0) roots.push(low)
    else if (lowValue * highValue < 0) roots.push(bisect(of, low, high, lowValue))
    low = high
    lowValue = highValue
  }
  return roots
}

function bisect(of: (u: number) => number, from: number, to: number, fromValue: number): number {
  let low = from
  let high = to
  for (;;) {
    const middle = (low + high) / 2
    if (middle <= low || middle >= high) return middle
    const value = of(middle)
    if (value === 0) return middle
    if (value * fromValue > 0) low = middle
    else high = middle
  }
}
