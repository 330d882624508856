import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import { assetOf, integerOf, rowOf, rowsOf } from '../field.ts'
import type { Listed } from '../market-list.ts'

/**
 * Markets of hyperliquid: perpetuals by their coin, spot by a number, and the coins themselves by another. Perpetuals are
 * traded on exchanges within it, the first of them its own; each pays in a coin of its own.
 */

const nameMax = 64

function rawOf(value: unknown, place: string): string {
  if (typeof value === 'string' && value.length <= nameMax && /^[\x21-\x7e]+$/.test(value)) return value
  throw invalidAnswer(place)
}

/** `xyz:TSLA` is XYZ-TSLA. Some tokens are called by a sign and a number: they are known by the number alone. */
export function coinOf(name: unknown, place: string): string {
  const raw = rawOf(name, place)
  if (/^[\w.-]{1,32}$/.test(raw)) return assetOf(raw, place)
  if (/^\w{1,15}:[\w.-]{1,16}$/.test(raw)) return assetOf(raw.replace(':', '-'), place)
  return `TOKEN${raw.replaceAll(/\W/g, '-')}`.slice(0, 32)
}

/** What the exchange's own perpetuals are paid in. */
export const settle = 'USDC'

/** An exchange of perpetuals within it, with a wallet of its own for each account. */
export interface Dex {
  /** Empty: the exchange's own. */
  readonly name: string
  /** Pays what is won there. */
  readonly settle: string
}

export const ownDex: Dex = { name: '', settle }

export interface Market extends Listed {
  /** Where it is traded; null is spot. */
  readonly dex: Dex | null
}

/** One that has left the list is named as those that are on it. */
export function perpOf(id: string, dex: Dex): Market {
  const base = coinOf(id, 'coin')
  const symbol = `${base}/${dex.settle}:${dex.settle}`
  return { id, symbol, base, quote: dex.settle, type: 'linear', active: false, dex }
}

export function perpsOf(value: unknown, dex: Dex): Market[] {
  return rowsOf(rowOf(value, 'meta')['universe'], 'meta.universe', limits.collector.symbolsMax).map(
    (each): Market => {
      const row = rowOf(each, 'meta.universe')
      return { ...perpOf(rawOf(row['name'], 'meta.name'), dex), active: row['isDelisted'] !== true }
    },
  )
}

/** Of all exchanges within it but its own; one that pays in a coin that nobody knows is left out. */
export function othersPerpsOf(value: unknown, coins: ReadonlyMap<number, string>): Market[] {
  return rowsOf(value, 'allPerpMetas', 256).flatMap((meta): Market[] => {
    const row = rowOf(meta, 'allPerpMetas')
    const [first] = rowsOf(row['universe'], 'meta.universe', limits.collector.symbolsMax)
    if (first === undefined) return []
    const name = dexNameOf(rawOf(rowOf(first, 'meta.universe')['name'], 'meta.name'))
    const paid = coins.get(integerOf(row['collateralToken'], 'meta.collateralToken'))
    return name === '' || paid === undefined ? [] : perpsOf(meta, { name, settle: paid })
  })
}

/** Coins by their number. Names are not of one coin alone: whoever comes later has the number behind it. */
export function coinsOf(spotMeta: unknown): ReadonlyMap<number, string> {
  const rows = rowsOf(rowOf(spotMeta, 'spotMeta')['tokens'], 'spotMeta.tokens', limits.collector.symbolsMax)
  const named = rows.map((each) => {
    const row = rowOf(each, 'spotMeta.tokens')
    return [integerOf(row['index'], 'token.index'), coinOf(row['name'], 'token.name')] as const
  })
  const taken = new Set<string>()
  return new Map(
    named
      .toSorted(([a], [b]) => a - b)
      .map(([index, name]) => {
        const own = taken.has(name) ? laterName(name, index) : name
        taken.add(name)
        return [index, own] as const
      }),
  )
}

/** Of a coin that is not the first of its name. */
export function laterName(name: string, index: number): string {
  return `${name.slice(0, 20)}-${index}`
}

export function spotsOf(value: unknown): Market[] {
  const meta = rowOf(value, 'spotMeta')
  const names = coinsOf(value)
  return rowsOf(meta['universe'], 'spotMeta.universe', limits.collector.symbolsMax).flatMap(
    (each): Market[] => {
      const row = rowOf(each, 'spotMeta.universe')
      const [base, quote] = rowsOf(row['tokens'], 'spotMeta.pair', 2).map((index) =>
        names.get(integerOf(index, 'spotMeta.pair')),
      )
      if (base === undefined || quote === undefined) return []
      const id = rawOf(row['name'], 'spotMeta.name')
      return [{ id, symbol: `${base}/${quote}`, base, quote, type: 'spot', active: true, dex: null }]
    },
  )
}

/** `@107`, `PURR/USDC`; of all others the perpetuals. */
export function isSpot(coin: string): boolean {
  return coin.startsWith('@') || coin.includes('/')
}

/** `#14730`, `+14730`: a side of a bet. Nobody's wallets of perpetuals hold them. */
export function isOutcome(coin: string): boolean {
  return coin.startsWith('#') || coin.startsWith('+')
}

/** `xyz` of `xyz:TSLA`; empty where it is the exchange's own. */
export function dexNameOf(coin: string): string {
  return coin.includes(':') ? (coin.split(':')[0] ?? '') : ''
}

/** Names, as an answer's place is told with. */
export const dexNamePattern = /^\w{0,16}$/
