import { add, type Decimal, parseDecimal, toText } from '@perf-agg/sdk'
import { contractKey } from '../accounting/contract.ts'
import type { Amount, Anchor } from '../accounting/observation.ts'

/** What is held of each asset, wherever in the account it lies: zeros left out, sorted by asset. */
export function sumOf(amounts: readonly Amount[]): Amount[] {
  const sums = new Map<string, Decimal>()
  for (const { asset, amount } of amounts) {
    const before = sums.get(asset)
    const held = parseDecimal(amount)
    sums.set(asset, before === undefined ? held : add(before, held))
  }
  return [...sums]
    .filter(([, held]) => held.digits !== 0n)
    .map(([asset, held]) => ({ asset, amount: toText(held) }))
    .toSorted((a, b) => (a.asset < b.asset ? -1 : 1))
}

/** Balances, with each position as a balance of its contract: what entries must lead to. */
export function amountsOf({
  balances,
  positions,
}: Pick<Anchor, 'balances' | 'positions'>): readonly Amount[] {
  if (positions === undefined) return balances
  return sumOf([
    ...balances,
    ...positions.map(({ market, symbol, quantity }) => ({
      asset: contractKey(market, symbol),
      amount: quantity,
    })),
  ])
}
