import { absolute, add, compare, multiply, parseDecimal, subtract, sum, toText } from '@perf-agg/sdk'
import type { Amount, Candle, Position } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { CollectorFailure, failureOf, invalidAnswer } from '../failure.ts'
import { amountOrZero, decimalOf, idOf, millisOf, type Row, rowOf, rowsOf, wordOf } from '../field.ts'
import { costOf, onceOf } from '../holding.ts'
import type { Page } from '../span.ts'
import { coinOf, isForeign, perpOf, settle } from './listing.ts'

/** Readers of hyperliquid's answers. Numbers come as text. */

export function serverTimeOf(value: unknown): number {
  return millisOf(rowOf(value, 'exchangeStatus')['time'], 'exchangeStatus.time', Number.MAX_SAFE_INTEGER / 2)
}

/** Where one wallet backs everything, what is told of perpetuals is no balance of its own. */
export function refuseMode(value: unknown): void {
  const mode = wordOf(value, 'userAbstraction')
  if (mode !== 'unifiedAccount' && mode !== 'portfolioMargin') return
  throw new CollectorFailure(failureOf('EXCHANGE_ACCOUNT_REFUSED', 'session', { exchangeCode: mode }))
}

export interface PerpState {
  /** What the account would hold without its positions' profit or loss. */
  readonly wallet: string
  readonly positions: readonly Position[]
}

/**
 * What is told is the cash: deposits and what was realised, less what open positions cost. The wallet is that and what
 * they cost at the entry that is told with it, so that rounding of the entry falls out.
 */
export function perpStateOf(value: unknown): PerpState {
  const state = rowOf(value, 'clearinghouseState')
  const summary = rowOf(state['marginSummary'] ?? state['crossMarginSummary'], 'state.marginSummary')
  const cash = parseDecimal(decimalOf(summary['totalRawUsd'], 'state.totalRawUsd', 'any'))
  const rows = rowsOf(state['assetPositions'], 'state.assetPositions', limits.collector.positionsMax)
  const values: string[] = []
  const positions = rows.flatMap((each): Position[] => {
    const row = rowOf(rowOf(each, 'state.assetPositions')['position'], 'state.position')
    const quantity = decimalOf(row['szi'], 'position.szi', 'any')
    if (!/[1-9]/.test(quantity)) return []
    const { symbol, base, quote } = perpOf(textOf(row['coin'], 'position.coin'))
    values.push(decimalOf(row['positionValue'], 'position.positionValue', 'not-negative'))
    const entry = decimalOf(row['entryPx'], 'position.entryPx', 'positive')
    return [{ market: 'linear', symbol, base, quote, terms: { size: '1', settle }, quantity, entry }]
  })
  checkWhole(decimalOf(summary['totalNtlPos'], 'state.totalNtlPos', 'not-negative'), values)
  const wallet = positions.reduce((total, position) => add(total, costOf(position)), cash)
  return { wallet: toText(wallet), positions }
}

/** Positions that are left out would make their cost a loss. A thousandth for what is rounded. */
function checkWhole(total: string, values: readonly string[]): void {
  const told = parseDecimal(total)
  const off = absolute(subtract(told, sum(values.map((value) => parseDecimal(value)))))
  const most = add(multiply(told, parseDecimal('0.001')), parseDecimal('0.01'))
  if (compare(off, most) > 0) throw invalidAnswer('state.totalNtlPos')
}

export function spotBalancesOf(value: unknown): Amount[] {
  const rows = rowsOf(
    rowOf(value, 'spotClearinghouseState')['balances'],
    'spotState.balances',
    limits.collector.assetsMax,
  )
  return onceOf(
    rows.map((each): Amount => {
      const row = rowOf(each, 'spotState.balances')
      return {
        asset: coinOf(row['coin'], 'spotState.coin'),
        amount: decimalOf(row['total'], 'spotState.total', 'any'),
      }
    }),
    'spotState.balances',
  )
}

function textOf(value: unknown, place: string): string {
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
  const rows = all.flatMap((each): Trade[] => {
    const row = rowOf(each, 'fills')
    const coin = textOf(row['coin'], 'fill.coin')
    const atMs = millisOf(row['time'], 'fill.time', exchangeNowMs)
    const tid = idOf(row['tid'], 'fill.tid')
    // what the exchange itself converts has no number of its own
    const id = tid === '0' ? `${idOf(row['oid'], 'fill.oid')}.${atMs}` : tid
    told.push({ id, atMs })
    if (isForeign(coin)) return []
    const side = row['side']
    if (side !== 'B' && side !== 'A') throw invalidAnswer('fill.side')
    return [
      {
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
      },
    ]
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
  readonly amount: string
  readonly atMs: number
}

export function fundingsOf(value: unknown, exchangeNowMs: number): Page<Funding> {
  const all = rowsOf(value, 'funding', updatesTaken)
  const rows = all.flatMap((each): Funding[] => {
    const row = rowOf(each, 'funding')
    const delta = rowOf(row['delta'], 'funding.delta')
    const coin = textOf(delta['coin'], 'funding.coin')
    if (isForeign(coin)) return []
    const atMs = millisOf(row['time'], 'funding.time', exchangeNowMs)
    // its hash is the same for all
    return [{ id: `${atMs}.${coinOf(coin, 'funding.coin')}`, amount: usdc(delta, 'usdc'), atMs }]
  })
  return { rows, next: nextOf(all, updatesMax) }
}

function usdc(delta: Row, name: string): string {
  return decimalOf(delta[name], `delta.${name}`, 'any')
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
    return { id: `${idOf(row['hash'], 'update.hash')}.${atMs}.${type}`, type, delta, atMs }
  })
  return { rows, next: nextOf(all, updatesMax) }
}

export function candlesOf(value: unknown, exchangeNowMs: number): Candle[] {
  return rowsOf(value, 'candles', 10_000).map((each): Candle => {
    const row = rowOf(each, 'candles')
    const close = decimalOf(row['c'], 'candle.c', 'positive')
    const volume = decimalOf(row['v'], 'candle.v', 'not-negative')
    return {
      minuteMs: millisOf(row['t'], 'candle.t', exchangeNowMs),
      open: decimalOf(row['o'], 'candle.o', 'positive'),
      close,
      baseVolume: volume,
      quoteVolume: toText(multiply(parseDecimal(close), parseDecimal(volume))),
    }
  })
}
