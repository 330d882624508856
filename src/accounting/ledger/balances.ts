import { add, compare, signOf, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Change } from '../entry/entry.ts'

/** What an account holds: amounts by asset; an asset that is not there is 0. */
export type Balances = Map<string, Decimal>

/** Adds in place. */
export function addTo(balances: Balances, asset: string, amount: Decimal): void {
  const sum = add(balances.get(asset) ?? zero, amount)
  if (signOf(sum) === 0) balances.delete(asset)
  else balances.set(asset, sum)
}

/** Applies changes in place: forward, or backward with `sign` −1. */
export function applyTo(balances: Balances, changes: readonly Change[], sign: 1 | -1): void {
  for (const { asset, amount } of changes) {
    addTo(balances, asset, sign === 1 ? amount : { digits: -amount.digits, scale: amount.scale })
  }
}

export function sameBalances(a: Balances, b: Balances): boolean {
  return a.size === b.size && [...a].every(([asset, amount]) => compare(amount, b.get(asset) ?? zero) === 0)
}
