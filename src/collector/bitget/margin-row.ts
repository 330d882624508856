import { absolute, add, negate, parseDecimal, subtract, sum, toText } from '@perf-agg/sdk'
import type { Amount } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { amountOrZero, assetOf, decimalOf, idOf, millisOf, rowOf, rowsOf } from '../field.ts'
import { sumOf } from '../holding.ts'
import { type Bill, lastIdOf, plain, type SentPage, type Trade, tradesIn } from './row.ts'

/** Readers of bitget's margin accounts, the cross one and those of single pairs: their lists look alike. */

export interface MarginHolding {
  /** Less what is owed, the interest of it too. */
  readonly balances: readonly Amount[]
  /** Pairs that have an account of their own; none of the cross one. */
  readonly pairs: readonly string[]
}

export function marginHoldingOf(value: unknown): MarginHolding {
  const pairs = new Set<string>()
  const balances = rowsOf(value, 'marginAssets', limits.collector.assetsMax).map((each): Amount => {
    const row = rowOf(each, 'marginAssets')
    if (row['symbol'] !== undefined) pairs.add(assetOf(row['symbol'], 'marginAsset.symbol'))
    const of = (name: string) => parseDecimal(amountOrZero(row[name], `marginAsset.${name}`))
    const owed = add(of('borrow'), of('interest'))
    return {
      asset: assetOf(row['coin'], 'marginAsset.coin'),
      amount: toText(subtract(sum([of('available'), of('frozen')]), owed)),
    }
  })
  return { balances: sumOf(balances), pairs: [...pairs] }
}

/** A page of `resultList`, or of a list of another name. */
function listIn(value: unknown, name: string): readonly unknown[] {
  return rowsOf(rowOf(value, name)[name] ?? [], name, 500)
}

/** What is told to have gone out is below zero, whatever sign it was written with; a fee is always paid. */
export function recordsOf(value: unknown, exchangeNowMs: number): SentPage<Bill> {
  const all = listIn(value, 'resultList')
  const rows = all.map((each): Bill => {
    const row = rowOf(each, 'marginRecords')
    const kind = plain(row['marginType'], 'marginRecord.marginType')
    const size = absolute(parseDecimal(decimalOf(row['amount'], 'marginRecord.amount', 'any')))
    const isOut = /out$|fee$|^confiscated|^repay/.test(kind)
    const fee = absolute(parseDecimal(amountOrZero(row['fee'], 'marginRecord.fee')))
    return {
      id: idOf(row['marginId'], 'marginRecord.marginId'),
      group: 'margin',
      kind,
      asset: assetOf(row['coin'], 'marginRecord.coin'),
      change: toText(subtract(isOut ? negate(size) : size, fee)),
      atMs: millisOf(row['cTime'], 'marginRecord.cTime', exchangeNowMs),
    }
  })
  return { rows, next: lastIdOf(all, 'marginId'), sent: all.length }
}

/** It is owed from then on. */
export function interestOf(value: unknown, exchangeNowMs: number): SentPage<Bill> {
  const all = listIn(value, 'resultList')
  const rows = all.map((each): Bill => {
    const row = rowOf(each, 'interest')
    const amount = parseDecimal(decimalOf(row['interestAmount'], 'interest.interestAmount', 'not-negative'))
    return {
      id: idOf(row['interestId'], 'interest.interestId'),
      group: 'interest',
      kind: 'interest',
      asset: assetOf(row['interestCoin'], 'interest.interestCoin'),
      change: toText(negate(amount)),
      atMs: millisOf(row['cTime'], 'interest.cTime', exchangeNowMs),
    }
  })
  return { rows, next: lastIdOf(all, 'interestId'), sent: all.length }
}

export function marginTradesOf(value: unknown, exchangeNowMs: number, symbol: string): SentPage<Trade> {
  return tradesIn(listIn(value, 'fills'), exchangeNowMs, symbol)
}

/** When the exchange closed what an account held because it was not worth enough. */
export interface Liquidation {
  readonly id: string
  readonly atMs: number
  readonly fromMs: number
  readonly toMs: number
}

export function liquidationsOf(value: unknown, exchangeNowMs: number): SentPage<Liquidation> {
  const all = listIn(value, 'resultList')
  const rows = all.map((each): Liquidation => {
    const row = rowOf(each, 'liquidations')
    return {
      id: idOf(row['liqId'], 'liquidation.liqId'),
      atMs: millisOf(row['cTime'], 'liquidation.cTime', exchangeNowMs),
      fromMs: millisOf(row['liqStartTime'], 'liquidation.liqStartTime', exchangeNowMs),
      toMs: millisOf(row['liqEndTime'], 'liquidation.liqEndTime', exchangeNowMs),
    }
  })
  return { rows, next: lastIdOf(all, 'liqId'), sent: all.length }
}
