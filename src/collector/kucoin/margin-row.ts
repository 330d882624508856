import { negate, parseDecimal, subtract, sum, toText } from '@perf-agg/sdk'
import type { Amount, Income } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { amountOrZero, assetOf, decimalOf, idOf, millisOf, type Row, rowOf, rowsOf } from '../field.ts'
import { sumOf } from '../holding.ts'
import type { Page } from '../span.ts'
import { nextPageOf } from './row.ts'

/** Readers of what kucoin answers of margin, cross and isolated, its `data` each. */

export interface MarginHeld {
  /** Less what is owed. */
  readonly balances: readonly Amount[]
  /** Isolated pairs in which something lies or is owed. */
  readonly pairs: readonly string[]
  readonly isOwing: boolean
}

/** What lies there, and what is owed of it, interest included; older answers have other names for both. */
function netOf(
  row: Row,
  place: string,
): { readonly held: Amount; readonly owed: string; readonly total: string } {
  const total = decimalOf(row['total'] ?? row['totalAsset'] ?? row['totalBalance'], `${place}.total`, 'any')
  const owed = decimalOf(row['liability'] ?? row['borrowed'], `${place}.liability`, 'not-negative')
  const beside = amountOrZero(row['interest'], `${place}.interest`)
  const debt = sum([parseDecimal(owed), parseDecimal(beside)])
  const amount = toText(subtract(parseDecimal(total), debt))
  return { held: { asset: assetOf(row['currency'], `${place}.currency`), amount }, owed: toText(debt), total }
}

const isSome = (text: string): boolean => /[1-9]/.test(text)

export function crossOf(value: unknown): MarginHeld {
  const answer = rowOf(value, 'cross')
  const [first] = answer['items'] === undefined ? [] : rowsOf(answer['items'], 'cross.items', 1)
  const list = answer['accounts'] ?? (first === undefined ? [] : rowOf(first, 'cross.items')['assets'])
  const coins = rowsOf(list, 'cross.accounts', limits.collector.assetsMax).map((each) =>
    netOf(rowOf(each, 'cross.accounts'), 'cross'),
  )
  return {
    balances: sumOf(coins.map(({ held }) => held)),
    pairs: [],
    isOwing: coins.some(({ owed }) => isSome(owed)),
  }
}

export function isolatedOf(value: unknown): MarginHeld {
  const [first] = Array.isArray(value) ? rowsOf(value, 'isolated', 1) : [value]
  const assets = first === undefined ? [] : (rowOf(first, 'isolated')['assets'] ?? [])
  const rows = rowsOf(assets, 'isolated.assets', limits.collector.symbolsMax).map((each) => {
    const row = rowOf(each, 'isolated.assets')
    const coins = ['baseAsset', 'quoteAsset'].map((name) =>
      netOf(rowOf(row[name], `isolated.${name}`), 'isolated'),
    )
    return { symbol: idOf(row['symbol'], 'isolated.symbol'), coins }
  })
  return {
    balances: sumOf(rows.flatMap(({ coins }) => coins.map(({ held }) => held))),
    pairs: rows
      .filter(({ coins }) => coins.some(({ total, owed }) => isSome(total) || isSome(owed)))
      .map(({ symbol }) => symbol),
    isOwing: rows.some(({ coins }) => coins.some(({ owed }) => isSome(owed))),
  }
}

export interface Interest {
  readonly id: string
  readonly atMs: number
  readonly income: Income
}

/** Charged by the hour, to what is owed. `where`: `cross`, or the pair. */
export function interestsOf(where: string) {
  return (value: unknown, exchangeNowMs: number): Page<Interest> => {
    const answer = Array.isArray(value) ? { items: value } : rowOf(value, 'interest')
    const seen = new Map<string, number>()
    const rows = rowsOf(answer.items, 'interest', 500).map((each): Interest => {
      const row = rowOf(each, 'interest')
      const asset = assetOf(row['currency'], 'interest.currency')
      const atMs = millisOf(row['createdAt'] ?? row['createdTime'], 'interest.createdAt', exchangeNowMs)
      const amount = decimalOf(row['interestAmount'], 'interest.interestAmount', 'not-negative')
      // they have no number: two alike are two
      const name = `interest.${where}.${asset}.${atMs}.${amount}`
      const count = (seen.get(name) ?? 0) + 1
      seen.set(name, count)
      const id = count === 1 ? name : `${name}.${count}`
      const charged = toText(negate(parseDecimal(amount)))
      return { id, atMs, income: { id, income: 'interest', asset, amount: charged, atMs } }
    })
    return { rows, next: Array.isArray(value) ? null : nextPageOf(answer) }
  }
}
