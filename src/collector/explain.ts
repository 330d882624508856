import {
  absolute,
  add,
  compare,
  type Decimal,
  negate,
  parseDecimal,
  subtract,
  toText,
  zero,
} from '@perf-agg/sdk'
import { contractKey, isContractKey } from '../accounting/ledger/contract.ts'
import type { Amount, CashFlow, Conversion, Fill, Income } from '../accounting/observation.ts'
import { costOf } from './holding.ts'

/** Balances at an instant from which entries lead on. */
export interface Base {
  readonly atMs: number
  readonly balances: readonly Amount[]
  /** Interest that was owed then and not yet charged; absent where it is not known. */
  readonly accrued?: readonly Amount[]
}

/** One ledger entry as it moves balances. */
export interface Entry {
  readonly atMs: number
  readonly changes: readonly (readonly [asset: string, amount: Decimal])[]
}

export function entryOfFill(fill: Fill): Entry {
  const quantity = parseDecimal(fill.quantity)
  const quoteQuantity = parseDecimal(fill.quoteQuantity)
  const bought = fill.side === 'buy'
  if (fill.terms !== undefined) return entryOfContract(fill)
  return {
    atMs: fill.atMs,
    changes: [
      [fill.base, bought ? quantity : negate(quantity)],
      [fill.quote, bought ? negate(quoteQuantity) : quoteQuantity],
      ...fill.fees.map(({ asset, amount }) => [asset, negate(parseDecimal(amount))] as const),
    ],
  }
}

/** What a fill of contracts does to the position; what it does to the wallet the exchange says. */
export function entryOfContract({ market, symbol, side, quantity, atMs }: Fill): Entry {
  const amount = parseDecimal(quantity)
  return { atMs, changes: [[contractKey(market, symbol), side === 'buy' ? amount : negate(amount)]] }
}

/**
 * The same with what was paid for it, fees included: the wallet less what its positions cost moves by that. `paidOf` is
 * for an exchange that says it to more digits than its price does.
 */
export function cashEntryOfContract(fill: Fill, paidOf: typeof costOf = costOf): Entry {
  const { changes, atMs } = entryOfContract(fill)
  const { market, symbol, base, quote, terms, side, quantity, price, fees } = fill
  if (terms === undefined) return { atMs, changes }
  const signed = side === 'buy' ? quantity : `-${quantity}`
  const cost = paidOf({ market, symbol, base, quote, terms, quantity: signed, entry: price })
  return {
    atMs,
    changes: [
      ...changes,
      [terms.settle, negate(cost)],
      ...fees.map(({ asset, amount }) => [asset, negate(parseDecimal(amount))] as const),
    ],
  }
}

export function entryOfFlow(flow: CashFlow): Entry {
  return { atMs: flow.atMs, changes: [[flow.asset, parseDecimal(flow.amount)]] }
}

export function entryOfConversion(conversion: Conversion): Entry {
  return {
    atMs: conversion.atMs,
    changes: conversion.changes.map(({ asset, amount }) => [asset, parseDecimal(amount)] as const),
  }
}

export function entryOfIncome({ asset, amount, atMs }: Income): Entry {
  return { atMs, changes: [[asset, parseDecimal(amount)]] }
}

/** What is left of each asset's change; only assets with a rest are in it. */
export type Residual = ReadonlyMap<string, Decimal>

export type Explanation =
  /** Base and the entries until `atMs` give the balances exactly. */
  { readonly kind: 'exact'; readonly atMs: number } | { readonly kind: 'open'; readonly residual: Residual }

/**
 * Do `entries` lead from `base` to `balances`? Exact to the last unit, or not at all. Where more happened between
 * the balance read and the ledger read, some earlier instant fits: then that is where the balances were read. What
 * happened before `readMs`, when the balances were asked for, is in them in any case. `rounding` is what the exchange's
 * own figures of a coin may be off by.
 */
export function explain(
  base: Base,
  balances: readonly Amount[],
  entries: readonly Entry[],
  readMs: number,
  rounding: Decimal = zero,
): Explanation {
  const residual = restOf(balances, base.balances)
  const later = entries.filter(({ atMs }) => atMs > base.atMs).toSorted((a, b) => a.atMs - b.atMs)
  const isCut = (index: number): boolean =>
    isWithin(residual, rounding) && (later[index]?.atMs ?? Infinity) >= readMs
  let exactAtMs = isCut(0) ? base.atMs : null
  for (const [index, entry] of later.entries()) {
    for (const [asset, amount] of entry.changes) change(residual, asset, negate(amount))
    // entries of one instant happened together
    if (later[index + 1]?.atMs !== entry.atMs && isCut(index + 1)) exactAtMs = entry.atMs
  }
  return exactAtMs === null ? { kind: 'open', residual } : { kind: 'exact', atMs: exactAtMs }
}

export function residualText(residual: Residual): string {
  return [...residual]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([asset, amount]) => `${asset} ${toText(amount)}`)
    .join(', ')
}

function change(residual: Map<string, Decimal>, asset: string, amount: Decimal): void {
  const rest = add(residual.get(asset) ?? zero, amount)
  if (rest.digits === 0n) residual.delete(asset)
  else residual.set(asset, rest)
}

/** What there is more, or less, than before. */
function restOf(after: readonly Amount[], before: readonly Amount[]): Map<string, Decimal> {
  const rest = new Map<string, Decimal>()
  for (const { asset, amount } of after) change(rest, asset, parseDecimal(amount))
  for (const { asset, amount } of before) change(rest, asset, negate(parseDecimal(amount)))
  return rest
}

/** Contracts are counted: nothing of them is rounded. */
function isWithin(residual: Residual, rounding: Decimal): boolean {
  if (residual.size === 0 || rounding.digits === 0n) return residual.size === 0
  return [...residual].every(
    ([asset, amount]) => !isContractKey(asset) && compare(absolute(amount), rounding) <= 0,
  )
}

export function sameBalances(a: readonly Amount[], b: readonly Amount[], rounding: Decimal = zero): boolean {
  if (rounding.digits !== 0n) return isWithin(restOf(a, b), rounding)
  const amounts = new Map(a.map(({ asset, amount }) => [asset, parseDecimal(amount)]))
  return (
    a.length === b.length &&
    b.every(({ asset, amount }) => {
      const other = amounts.get(asset)
      return other !== undefined && subtract(other, parseDecimal(amount)).digits === 0n
    })
  )
}
