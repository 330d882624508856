import { add, compare, decimalFromInteger, multiply, signOf, subtract, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { smaller, unity } from './sub-period.ts'
import type { Factor } from './sub-period.ts'

/** Hours nobody saw: equity on both sides, and the flows that are known in between. */
export interface GapSpan {
  readonly fromMs: number
  readonly toMs: number
  readonly startUsd: Decimal
  readonly endUsd: Decimal
  readonly flows: readonly { readonly atMs: number; readonly usd: Decimal }[]
  readonly gainedUsd: Decimal
  readonly hasResidual: boolean
}

export type Carry =
  | { readonly kind: 'factor'; readonly factor: Factor; readonly belowFloor: boolean }
  | { readonly kind: 'wiped-out' }
  | { readonly kind: 'hold' }

/**
 * The return across a gap, so that it hides no loss: Modified Dietz with the flows at their exact times,
 * (V1 − V0 − ΣF) / (V0 + Σ w·F) with w = (T − t) / (T − t0). Unexplained gain R is never gain, as in a sub-period.
 * Where weighting leaves no capital to divide by, all that came in counts as capital from the start.
 */
export function carryOf(span: GapSpan, floorUsd: Decimal): Carry {
  const length = decimalFromInteger(span.toMs - span.fromMs)
  let flowed = zero
  let weighted = zero
  let broughtUsd = zero
  for (const { atMs, usd } of span.flows) {
    flowed = add(flowed, usd)
    weighted = add(weighted, multiply(usd, decimalFromInteger(span.toMs - atMs)))
    if (signOf(usd) > 0) broughtUsd = add(broughtUsd, usd)
  }
  const gain = subtract(subtract(span.endUsd, span.startUsd), flowed)
  // Everything times the length of the gap, so that the weights stay whole numbers.
  const dietz = add(multiply(span.startUsd, length), weighted)
  const capital = add(span.startUsd, broughtUsd)
  if (signOf(capital) <= 0) return { kind: 'factor', factor: unity, belowFloor: false }
  if (signOf(span.endUsd) <= 0 && signOf(subtract(capital, add(span.startUsd, flowed))) === 0) {
    return span.hasResidual ? { kind: 'hold' } : { kind: 'wiped-out' }
  }
  const factor =
    growth(multiply(gain, length), dietz, multiply(span.gainedUsd, length)) ??
    growth(gain, capital, span.gainedUsd) ??
    // The residual alone would say −100 %: no gain, and the loss over all that may have been there.
    smaller({ top: add(capital, gain), bottom: add(capital, span.gainedUsd) }, unity)
  const belowFloor = compare(capital, floorUsd) < 0
  return { kind: 'factor', factor: belowFloor ? smaller(factor, unity) : factor, belowFloor }
}

/** 1 + gain / base under the residual rule; null where that has no meaning. */
function growth(gain: Decimal, base: Decimal, gained: Decimal): Factor | null {
  if (signOf(base) <= 0) return null
  const wide = add(base, gained)
  const factor = smaller(
    { top: add(wide, subtract(gain, gained)), bottom: wide },
    { top: add(base, subtract(gain, gained)), bottom: base },
  )
  const whole = signOf(gained) === 0 ? { top: add(base, gain), bottom: base } : factor
  return signOf(whole.top) > 0 ? whole : null
}
