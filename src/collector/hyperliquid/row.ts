import type { Candle } from '../../accounting/observation.ts'
import { invalidAnswer } from '../failure.ts'
import { amountOrZero, decimalOf, idOf, millisOf, type Row, rowOf, rowsOf, wordOf } from '../field.ts'
import type { Page } from '../span.ts'
import { coinOf, settle } from './listing.ts'

/** Readers of hyperliquid's answers. Numbers come as text. */

export function serverTimeOf(value: unknown): number {
  return millisOf(rowOf(value, 'exchangeStatus')['time'], 'exchangeStatus.time', Number.MAX_SAFE_INTEGER / 2)
}

/** A name as the exchange writes it: `xyz:TSLA`, `@107`. */
export function textOf(value: unknown, place: string): string {
  if (typeof value === 'string' && /^[\x21-\x7e]{1,64}$/.test(value)) return value
  throw invalidAnswer(place)
}

/** One execution, or what is written like one. */
export interface Trade {
  readonly id: string
  readonly coin: string
  readonly side: 'buy' | 'sell'
  readonly price: string
  readonly size: string
  readonly fee: string
  readonly feeAsset: string
  /** What it did to the position, in the exchange's words. */
  readonly direction: string
  /** Whose position was liquidated by it; empty where nobody's was. */
  readonly liquidated: string
  readonly atMs: number
}

/** So many the exchange tells at once, from the oldest on. */
const fillsMax = 2_000

export function tradesOf(
  value: unknown,
  exchangeNowMs: number,
): Page<Trade> & { readonly told: readonly Pick<Trade, 'id' | 'atMs'>[] } {
  const all = rowsOf(value, 'fills', fillsMax)
  const told: Pick<Trade, 'id' | 'atMs'>[] = []
  const rows = all.map((each): Trade => {
    const row = rowOf(each, 'fills')
    const coin = textOf(row['coin'], 'fill.coin')
    const atMs = millisOf(row['time'], 'fill.time', exchangeNowMs)
    const tid = idOf(row['tid'], 'fill.tid')
    // what the exchange itself converts has no number of its own
    const id = tid === '0' ? `${idOf(row['oid'], 'fill.oid')}.${atMs}` : tid
    told.push({ id, atMs })
    const side = row['side']
    if (side !== 'B' && side !== 'A') throw invalidAnswer('fill.side')
    return {
      id,
      coin,
      side: side === 'B' ? 'buy' : 'sell',
      price: decimalOf(row['px'], 'fill.px', 'positive'),
      size: decimalOf(row['sz'], 'fill.sz', 'positive'),
      fee: amountOrZero(row['fee'], 'fill.fee'),
      feeAsset: coinOf(row['feeToken'] ?? settle, 'fill.feeToken'),
      direction: wordOf(
        typeof row['dir'] === 'string' ? row['dir'].replaceAll('>', 'to') : row['dir'],
        'fill.dir',
      ),
      liquidated: liquidatedOf(row),
      atMs,
    }
  })
  return { rows, told, next: nextOf(all, fillsMax) }
}

function liquidatedOf(row: Row): string {
  const { liquidation } = row
  if (liquidation === undefined || liquidation === null) return ''
  const user = rowOf(liquidation, 'fill.liquidation')['liquidatedUser']
  return user === undefined || user === null ? '' : textOf(user, 'fill.liquidatedUser').toLowerCase()
}

/** Pages go on with the time of the last row, which comes again. */
function nextOf(rows: readonly unknown[], most: number): string | null {
  if (rows.length < most) return null
  return String(rowOf(rows.at(-1), 'rows')['time'])
}

/** Rows of one answer of the other lists. */
const updatesMax = 500
/** More than it says are taken as well. */
const updatesTaken = 5_000

export interface Funding {
  readonly id: string
  readonly coin: string
  readonly amount: string
  readonly atMs: number
}

export function fundingsOf(value: unknown, exchangeNowMs: number): Page<Funding> {
  const all = rowsOf(value, 'funding', updatesTaken)
  const rows = all.map((each): Funding => {
    const row = rowOf(each, 'funding')
    const delta = rowOf(row['delta'], 'funding.delta')
    const coin = textOf(delta['coin'], 'funding.coin')
    const atMs = millisOf(row['time'], 'funding.time', exchangeNowMs)
    // its hash is the same for all
    const id = `${atMs}.${coinOf(coin, 'funding.coin')}`
    return { id, coin, amount: decimalOf(delta['usdc'], 'delta.usdc', 'any'), atMs }
  })
  return { rows, next: nextOf(all, updatesMax) }
}

export interface Update {
  readonly id: string
  readonly type: string
  readonly delta: Row
  readonly atMs: number
}

export function updatesOf(value: unknown, exchangeNowMs: number): Page<Update> {
  const all = rowsOf(value, 'updates', updatesTaken)
  const rows = all.map((each): Update => {
    const row = rowOf(each, 'updates')
    const delta = rowOf(row['delta'], 'update.delta')
    const atMs = millisOf(row['time'], 'update.time', exchangeNowMs)
    const type = wordOf(delta['type'], 'update.type')
    const id = `${idOf(row['hash'], 'update.hash').slice(0, 26)}.${atMs}.${type}.${markOf(delta)}`
    return { id, type, delta, atMs }
  })
  return { rows, next: nextOf(all, updatesMax) }
}

/** One transaction may make several lines of a kind, and what the exchange does by itself has no transaction. */
function markOf(delta: Row): string {
  const told = ['amount', 'usdc', 'netWithdrawnUsd', 'token', 'nonce'].map((name) => delta[name] ?? '')
  return told
    .map((each) => String(each).replaceAll(/[^\w.-]/g, ''))
    .join('-')
    .slice(0, 20)
}

export function candlesOf(value: unknown, exchangeNowMs: number): Candle[] {
  return rowsOf(value, 'candles', 10_000).map((each): Candle => {
    const row = rowOf(each, 'candles')
    return {
      minuteMs: millisOf(row['t'], 'candle.t', exchangeNowMs),
      open: decimalOf(row['o'], 'candle.o', 'positive'),
      close: decimalOf(row['c'], 'candle.c', 'positive'),
      baseVolume: decimalOf(row['v'], 'candle.v', 'not-negative'),
      quoteVolume: null,
    }
  })
}
