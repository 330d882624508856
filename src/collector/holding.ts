import { add, type Decimal, negate, parseDecimal, toText } from '@perf-agg/sdk'
import { contractKey, worthOf } from '../accounting/ledger/contract.ts'
import type { Amount, Anchor, Position } from '../accounting/observation.ts'
import { refuseTwice } from './field.ts'

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

/** Of a list that tells each coin once: one that comes again would count twice. @throws {CollectorFailure} */
export function onceOf(amounts: readonly Amount[], place: string): Amount[] {
  refuseTwice(
    amounts.map(({ asset }) => asset),
    place,
  )
  return sumOf(amounts)
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

/** The same, with the wallets less what the positions cost: no average of the exchange's is in it, nor its rounding. */
export function cashOf(held: Pick<Anchor, 'balances' | 'positions'>): readonly Amount[] {
  const { positions = [] } = held
  const costs = positions.map((position) => ({
    asset: position.terms.settle,
    amount: toText(negate(costOf(position))),
  }))
  return sumOf([...amountsOf(held), ...costs])
}

/** What a position was worth where it was entered, in the coin it pays. */
export function costOf({
  market,
  symbol,
  base,
  quote,
  terms,
  quantity,
  entry,
}: Omit<Position, 'market'> & { readonly market: string }): Decimal {
  const { settle, size } = terms
  const kind = market === 'inverse' ? 'inverse' : 'linear'
  const contract = { kind, symbol, base, quote, settle, size: parseDecimal(size) } as const
  return worthOf(contract, parseDecimal(quantity), parseDecimal(entry))
}
