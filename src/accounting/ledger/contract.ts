import { add, divide, multiply, negate, subtract } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { readAsset, readPositive } from '../entry/door.ts'
import type { ContractTerms } from '../observation.ts'
import type { Reader, Writer } from '../codec.ts'

/**
 * How the ledger holds derivatives: a position is a balance of its contract, and its settlement coin is kept as
 * *cash*, the wallet less what the position cost: K = wallet − worth(q, entry). A fill of Δq at p then changes q by Δq
 * and K by −worth(Δq, p), whatever the exchange realises and however it averages, and
 * equity = K + worth(q, mark) = wallet + q·(mark − entry), with everything rolled back like any other balance.
 */
export interface Contract {
  readonly kind: 'linear' | 'inverse'
  readonly symbol: string
  readonly base: string
  readonly quote: string
  /** The coin in which it pays. */
  readonly settle: string
  /** Base units of one contract; quote units of an inverse one. */
  readonly size: Decimal
}

export const worthScale = 18

/** The name under which a contract stands among balances; no asset's holds a space. */
export const contractKey = (kind: string, symbol: string): string => `${kind} ${symbol}`
export const isContractKey = (name: string): boolean => name.includes(' ')
/** What people call it. */
export const nameOfKey = (name: string): string => name.slice(name.indexOf(' ') + 1)

/**
 * What a quantity of contracts is worth in the settlement coin: q·size·p; of inverse ones −q·size/p, rounded half to
 * even at 10^-18, once.
 */
export function worthOf(contract: Contract, quantity: Decimal, price: Decimal): Decimal {
  const size = multiply(quantity, contract.size)
  return contract.kind === 'inverse' ? negate(divide(size, price, worthScale)) : multiply(size, price)
}

/** Base units that change hands: what counts as volume. */
export function baseOf(contract: Contract, quantity: Decimal, price: Decimal): Decimal {
  const size = multiply(quantity, contract.size)
  return contract.kind === 'inverse' ? divide(size, price, worthScale) : size
}

/** The same in the quote currency. */
export function notionalOf(contract: Contract, quantity: Decimal, price: Decimal): Decimal {
  const size = multiply(quantity, contract.size)
  return contract.kind === 'inverse' ? size : multiply(size, price)
}

/** @throws {Refusal} */
export function readContract(
  kind: 'linear' | 'inverse',
  names: { readonly symbol: string; readonly base: string; readonly quote: string },
  terms: ContractTerms,
): Contract {
  const { symbol, base, quote } = names
  return { kind, symbol, base, quote, settle: readAsset(terms.settle), size: readPositive(terms.size) }
}

export const sameContract = (a: Contract, b: Contract): boolean =>
  a.settle === b.settle && a.base === b.base && a.quote === b.quote && subtract(a.size, b.size).digits === 0n

/** A position as a balance read shows it. */
export interface HeldPosition {
  readonly contract: Contract
  /** > 0 long, < 0 short, in contracts. */
  readonly quantity: Decimal
  readonly entry: Decimal
  /** Decimal places with which the exchange wrote the entry: it may be off by one unit of the last. */
  readonly entryScale: number
}

/** From the wallet to cash, or back with `sign` 1. */
export function withoutPositions(
  wallet: Map<string, Decimal>,
  positions: readonly HeldPosition[],
  sign: 1 | -1,
): Map<string, Decimal> {
  const cash = new Map(wallet)
  for (const { contract, quantity, entry } of positions) {
    const worth = worthOf(contract, quantity, entry)
    const before = cash.get(contract.settle) ?? { digits: 0n, scale: 0 }
    const after = sign === 1 ? add(before, worth) : subtract(before, worth)
    if (after.digits === 0n) cash.delete(contract.settle)
    else cash.set(contract.settle, after)
  }
  return cash
}

export function writeContract(writer: Writer, contract: Contract): void {
  writer.flag(contract.kind === 'inverse')
  for (const text of [contract.symbol, contract.base, contract.quote, contract.settle]) writer.name(text)
  writer.decimal(contract.size)
}

export function readContractBytes(reader: Reader): Contract {
  return {
    kind: reader.flag() ? 'inverse' : 'linear',
    symbol: reader.name(),
    base: reader.name(),
    quote: reader.name(),
    settle: reader.name(),
    size: reader.decimal(),
  }
}
