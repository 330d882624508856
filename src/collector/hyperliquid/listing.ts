import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import { assetOf, integerOf, rowOf, rowsOf } from '../field.ts'
import type { Listed } from '../market-list.ts'

/** Markets of hyperliquid: perpetuals by their coin, spot by a number, and the coins themselves by another. */

const nameMax = 64

function rawOf(value: unknown, place: string): string {
  if (typeof value === 'string' && value.length <= nameMax && /^[\x21-\x7e]+$/.test(value)) return value
  throw invalidAnswer(place)
}

/** Some tokens are called by a sign and a number: they are known by the number alone. */
export function coinOf(name: unknown, place: string): string {
  const raw = rawOf(name, place)
  return /^[\w.-]{1,32}$/.test(raw) ? assetOf(raw, place) : `TOKEN${raw.replaceAll(/\W/g, '-')}`.slice(0, 32)
}

/** What perpetuals are paid in. */
export const settle = 'USDC'

export function perpsOf(value: unknown): Listed[] {
  return rowsOf(rowOf(value, 'meta')['universe'], 'meta.universe', limits.collector.symbolsMax).map(
    (each): Listed => {
      const row = rowOf(each, 'meta.universe')
      const id = rawOf(row['name'], 'meta.name')
      return { ...perpOf(id), active: row['isDelisted'] !== true }
    },
  )
}

/** One that has left the list is named as those that are on it. */
export function perpOf(id: string): Listed {
  const base = coinOf(id, 'coin')
  return { id, symbol: `${base}/${settle}:${settle}`, base, quote: settle, type: 'linear', active: false }
}

export function spotsOf(value: unknown): Listed[] {
  const meta = rowOf(value, 'spotMeta')
  const names = new Map(
    rowsOf(meta['tokens'], 'spotMeta.tokens', limits.collector.symbolsMax).map((each) => {
      const row = rowOf(each, 'spotMeta.tokens')
      return [integerOf(row['index'], 'token.index'), coinOf(row['name'], 'token.name')] as const
    }),
  )
  return rowsOf(meta['universe'], 'spotMeta.universe', limits.collector.symbolsMax).flatMap(
    (each): Listed[] => {
      const row = rowOf(each, 'spotMeta.universe')
      const [base, quote] = rowsOf(row['tokens'], 'spotMeta.pair', 2).map((index) =>
        names.get(integerOf(index, 'spotMeta.pair')),
      )
      if (base === undefined || quote === undefined) return []
      const id = rawOf(row['name'], 'spotMeta.name')
      return [{ id, symbol: `${base}/${quote}`, base, quote, type: 'spot', active: true }]
    },
  )
}

/** `@107`, `PURR/USDC`; of all others the perpetuals of the exchange's own. */
export function isSpot(coin: string): boolean {
  return coin.startsWith('@') || coin.includes('/')
}

/** `xyz:TSLA`: of a market maker's own exchange within it, with wallets of its own. */
export function isForeign(coin: string): boolean {
  return coin.includes(':') || coin.startsWith('#') || coin.startsWith('+')
}
