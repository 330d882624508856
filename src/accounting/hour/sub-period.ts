import {
  add,
  compare,
  decimalFromInteger,
  divide,
  multiply,
  signOf,
  subtract,
  toNumber,
  zero,
} from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'

/** The time between two cuts: no external flow inside, so what equity did is performance. */
export interface SubPeriod {
  readonly fromMs: number
  readonly toMs: number
  readonly startUsd: Decimal
  readonly endUsd: Decimal
  /** Unexplained changes inside it, valued; positive and negative apart, never netted. */
  readonly gainedUsd: Decimal
  readonly hasResidual: boolean
}

/** An exact ratio: wealth at the end over wealth at the start. */
export interface Factor {
  readonly top: Decimal
  readonly bottom: Decimal
}

export type Growth =
  | { readonly kind: 'factor'; readonly factor: Factor; readonly belowFloor: boolean }
  /** Nothing was at work. */
  | { readonly kind: 'no-capital' }
  /** Equity is gone by a valuation that holds. */
  | { readonly kind: 'wiped-out' }
  /** A residual alone would say −100 % or less: not to be concluded. */
  | { readonly kind: 'hold' }

const one = decimalFromInteger(1)
export const unity: Factor = { top: one, bottom: one }

export function smaller(a: Factor, b: Factor): Factor {
  return compare(multiply(a.top, b.bottom), multiply(b.top, a.bottom)) <= 0 ? a : b
}

export function link(a: Factor, b: Factor): Factor {
  return { top: multiply(a.top, b.top), bottom: multiply(a.bottom, b.bottom) }
}

/**
 * V1 / V0. An unexplained loss is in V1 and so a loss; an unexplained gain R is never gain:
 * min(V1 / (V0 + R), (V1 − R) / V0). On less than the floor only losses link.
 */
export function growthOf(period: SubPeriod, floorUsd: Decimal): Growth {
  const { startUsd, endUsd, gainedUsd } = period
  if (signOf(startUsd) <= 0) {
    // Out of nothing comes no gain; what was found unexplained may still have been lost in part.
    if (signOf(gainedUsd) > 0 && signOf(startUsd) === 0 && signOf(endUsd) > 0) {
      return { kind: 'factor', factor: smaller({ top: endUsd, bottom: gainedUsd }, unity), belowFloor: false }
    }
    return { kind: 'no-capital' }
  }
  if (signOf(endUsd) <= 0) return period.hasResidual ? { kind: 'hold' } : { kind: 'wiped-out' }
  const plain = { top: endUsd, bottom: startUsd }
  const factor =
    signOf(gainedUsd) === 0
      ? plain
      : smaller(
          { top: endUsd, bottom: add(startUsd, gainedUsd) },
          { top: subtract(endUsd, gainedUsd), bottom: startUsd },
        )
  if (signOf(factor.top) <= 0) return { kind: 'hold' }
  const belowFloor = period.toMs > period.fromMs && compare(startUsd, floorUsd) < 0
  return { kind: 'factor', factor: belowFloor ? smaller(factor, unity) : factor, belowFloor }
}

/** What came of an hour's sub-periods and a gap carried before them. */
export interface Linked {
  readonly factor: Factor
  readonly belowFloor: boolean
  /** Something was at work for some time. */
  readonly capital: boolean
}

/** Null where a residual alone would say −100 % or less. */
export function linkPeriods(
  carried: { readonly kind: 'wiped-out' } | { kind: 'factor'; factor: Factor; belowFloor: boolean } | null,
  periods: readonly SubPeriod[],
  floorUsd: Decimal,
): Linked | null {
  let factor = carried === null ? unity : carried.kind === 'factor' ? carried.factor : nothing
  let belowFloor = carried?.kind === 'factor' && carried.belowFloor
  let capital = false
  for (const period of periods) {
    const growth = growthOf(period, floorUsd)
    if (growth.kind === 'hold') return null
    if (growth.kind !== 'no-capital') capital ||= period.toMs > period.fromMs
    if (growth.kind === 'wiped-out') factor = link(factor, nothing)
    if (growth.kind !== 'factor') continue
    factor = link(factor, growth.factor)
    belowFloor ||= growth.belowFloor
  }
  return { factor, belowFloor, capital }
}

/** The nearest double of a factor's return in percent, rounded once. */
export function percentOf({ top, bottom }: Factor): number {
  const hundred: Decimal = { digits: 100n, scale: 0 }
  const gain = subtract(top, bottom)
  return signOf(gain) === 0 ? 0 : toNumber(divide(multiply(gain, hundred), bottom, percentScale))
}

const percentScale = 40
export const nothing: Factor = { top: zero, bottom: one }
