import { add, minuteOf, multiply, signOf, subtract, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Reader, Writer } from '../codec.ts'
import { volumeBaseOf } from '../entry/entry.ts'
import type { Entry, FillEntry, IncomeEntry } from '../entry/entry.ts'
import { incomeKinds } from '../entry/income.ts'
import type { Pricing } from '../pricing/pricing.ts'

/** What was executed in an hour: counts and exact sums. */
export interface Executed {
  readonly trades: number
  readonly volumeBase: Decimal
  readonly volumeQuoteUsd: Decimal
  /** Trading fees net of rebates. */
  readonly feesUsd: Decimal
}

export const nothingExecuted: Executed = { trades: 0, volumeBase: zero, volumeQuoteUsd: zero, feesUsd: zero }

export function addExecuted(a: Executed, b: Executed): Executed {
  return {
    trades: a.trades + b.trades,
    volumeBase: add(a.volumeBase, b.volumeBase),
    volumeQuoteUsd: add(a.volumeQuoteUsd, b.volumeQuoteUsd),
    feesUsd: add(a.feesUsd, b.feesUsd),
  }
}

export function subtractExecuted(a: Executed, b: Executed): Executed {
  return {
    trades: a.trades - b.trades,
    volumeBase: subtract(a.volumeBase, b.volumeBase),
    volumeQuoteUsd: subtract(a.volumeQuoteUsd, b.volumeQuoteUsd),
    feesUsd: subtract(a.feesUsd, b.feesUsd),
  }
}

/** Σ by kind of income, in USD. */
export type Incomes = ReadonlyMap<IncomeEntry['income'], Decimal>

export function addIncomes(a: Incomes, b: Incomes, sign: 1 | -1): Incomes {
  const sum = new Map(a)
  for (const [kind, usd] of b) {
    const before = sum.get(kind) ?? zero
    sum.set(kind, sign === 1 ? add(before, usd) : subtract(before, usd))
  }
  return sum
}

export interface Bucket {
  readonly whole: Executed
  /** The same by symbol; rebates that name no symbol are only in the whole. */
  readonly bySymbol: ReadonlyMap<string, Executed>
  /** Funding, interest and the like, each its own line. */
  readonly incomeUsd: Incomes
  /** A rate was not to be had: what it would have valued counts 0. */
  readonly unpricedFees: boolean
  readonly unpricedVolume: readonly string[]
}

/** Sums the executions of an hour; undefined while candles are wanted. */
export function bucketOf(entries: readonly Entry[], pricing: Pricing): Bucket | undefined {
  let waiting = false
  let whole = nothingExecuted
  let unpricedFees = false
  const unpricedVolume = new Set<string>()
  const bySymbol = new Map<string, Executed>()
  const incomeUsd = new Map<IncomeEntry['income'], Decimal>()
  const usd = (asset: string, amount: Decimal, atMs: number): Decimal | null => {
    const rate = pricing.rate(asset, minuteOf(atMs))
    if (rate === undefined) waiting = true
    return rate === undefined || rate === null ? null : multiply(amount, rate)
  }
  const executedBy = (fill: FillEntry): Executed => {
    const volume = usd(fill.quote, fill.quoteQuantity, fill.atMs)
    // Positions need the worth of what closing realised.
    if (fill.contract !== null) usd(fill.contract.settle, zero, fill.atMs)
    if (volume === null) unpricedVolume.add(fill.quote)
    let feesUsd = zero
    for (const fee of fill.fees) {
      const feeUsd = usd(fee.asset, fee.amount, fill.atMs)
      if (feeUsd === null) unpricedFees = true
      else feesUsd = add(feesUsd, feeUsd)
    }
    // Delivery is no trade: nobody traded.
    if (fill.execution === 'settlement') return { ...nothingExecuted, feesUsd }
    return { trades: 1, volumeBase: volumeBaseOf(fill), volumeQuoteUsd: volume ?? zero, feesUsd }
  }
  for (const entry of entries) {
    if (entry.kind === 'fill') {
      const executed = executedBy(entry)
      whole = addExecuted(whole, executed)
      bySymbol.set(entry.symbol, addExecuted(bySymbol.get(entry.symbol) ?? nothingExecuted, executed))
    } else if (entry.kind === 'income') {
      const isFee = entry.income === 'rebate' || entry.income === 'liquidation-fee'
      for (const { asset, amount } of entry.changes) {
        const received = usd(asset, amount, entry.atMs)
        if (received === null) {
          unpricedFees ||= isFee
          continue
        }
        incomeUsd.set(entry.income, add(incomeUsd.get(entry.income) ?? zero, received))
        if (isFee) whole = { ...whole, feesUsd: subtract(whole.feesUsd, received) }
      }
    } else if (entry.kind !== 'flow') {
      // Positions need what came and went at its worth.
      for (const { asset, amount } of entry.changes) usd(asset, amount, entry.atMs)
    }
  }
  return waiting
    ? undefined
    : { whole, bySymbol, incomeUsd, unpricedFees, unpricedVolume: [...unpricedVolume].toSorted() }
}

export function sameExecuted(a: Executed, b: Executed): boolean {
  const { trades, volumeBase, volumeQuoteUsd, feesUsd } = subtractExecuted(a, b)
  return trades === 0 && [volumeBase, volumeQuoteUsd, feesUsd].every((rest) => signOf(rest) === 0)
}

export function writeIncomes(writer: Writer, incomes: Incomes): void {
  writer.map(
    incomes,
    (kind) => writer.name(kind),
    (usd) => writer.decimal(usd),
  )
}

export function readIncomes(reader: Reader): Incomes {
  return reader.map(
    () => {
      const text = reader.name()
      return incomeKinds.find((kind) => kind === text) ?? reader.refuse()
    },
    () => reader.decimal(),
  )
}

export function writeExecuted(writer: Writer, executed: Executed): void {
  writer.count(executed.trades)
  writer.decimal(executed.volumeBase)
  writer.decimal(executed.volumeQuoteUsd)
  writer.decimal(executed.feesUsd)
}

export function readExecuted(reader: Reader): Executed {
  return {
    trades: reader.count(),
    volumeBase: reader.decimal(),
    volumeQuoteUsd: reader.decimal(),
    feesUsd: reader.decimal(),
  }
}
