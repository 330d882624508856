import { parseDecimal, signOf, subtract, toText } from '@perf-agg/sdk'
import type { Amount, Candle } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { CollectorFailure, failureOf, invalidAnswer } from '../failure.ts'
import { assetOf, decimalOf, idOf, instantOf, type Row, rowOf, rowsOf } from '../field.ts'
import { sumOf } from '../holding.ts'

/** Readers of bybit's answers, their `result` each. Numbers and instants come as text; an empty one is none. */

function millisOf(value: unknown, place: string, exchangeNowMs: number): number {
  if (typeof value !== 'string' || !/^\d{13}$/.test(value)) throw invalidAnswer(place)
  return instantOf(Number(value), place, exchangeNowMs)
}

function orZero(value: unknown, place: string): string {
  return value === undefined || value === '' || value === null ? '0' : decimalOf(value, place, 'any')
}

export function serverTimeOf(value: unknown): number {
  const nanos = rowOf(value, 'time')['timeNano']
  if (typeof nanos !== 'string' || !/^\d{19}$/.test(nanos)) throw invalidAnswer('time.timeNano')
  return instantOf(Number(nanos.slice(0, 13)), 'time.timeNano', Number.MAX_SAFE_INTEGER / 2)
}

export interface Listing {
  readonly id: string
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly active: boolean
}

export function listingsOf(value: unknown): Listing[] {
  const result = rowOf(value, 'instruments')
  if (result['category'] !== undefined && result['category'] !== 'spot')
    throw invalidAnswer('instruments.category')
  return rowsOf(result['list'], 'instruments.list', limits.collector.symbolsMax).map((each) => {
    const row = rowOf(each, 'instruments.list')
    const base = assetOf(row['baseCoin'], 'instrument.baseCoin')
    const quote = assetOf(row['quoteCoin'], 'instrument.quoteCoin')
    return {
      id: assetOf(row['symbol'], 'instrument.symbol'),
      symbol: `${base}/${quote}`,
      base,
      quote,
      active: row['status'] === 'Trading',
    }
  })
}

export interface Holding {
  /** Wallet balance less what is borrowed and the interest that has accrued on it. */
  readonly balances: readonly Amount[]
  /** A coin is borrowed, or a position of another market is open in the same account. */
  readonly more: 'borrowed' | 'positions' | null
}

export function holdingOf(value: unknown): Holding {
  const accounts = rowsOf(rowOf(value, 'walletBalance')['list'], 'walletBalance.list', 8)
  const account = rowOf(accounts[0], 'walletBalance.list')
  if (accounts.length !== 1 || account['accountType'] !== 'UNIFIED') {
    throw new CollectorFailure(
      failureOf('EXCHANGE_ACCOUNT_REFUSED', 'session', { exchangeCode: 'accountType' }),
    )
  }
  let more: Holding['more'] = null
  const parts = rowsOf(account['coin'], 'walletBalance.coin', limits.collector.assetsMax).map((each) => {
    const row = rowOf(each, 'walletBalance.coin')
    const of = (name: string): string => orZero(row[name], `coin.${name}`)
    const isSome = (name: string): boolean => signOf(parseDecimal(of(name))) !== 0
    if (isSome('borrowAmount') || isSome('accruedInterest')) more = 'borrowed'
    else if (isSome('unrealisedPnl') || isSome('totalPositionIM')) more ??= 'positions'
    const owed = [of('borrowAmount'), of('accruedInterest')].map((amount) => parseDecimal(amount))
    const held = owed.reduce(subtract, parseDecimal(of('walletBalance')))
    return { asset: assetOf(row['coin'], 'coin.coin'), amount: toText(held) }
  })
  return { balances: sumOf(parts), more }
}

/** Refuses what a spot session would only read half of. */
export function refuseAccountInfo(value: unknown): void {
  const { unifiedMarginStatus: status, marginMode } = rowOf(value, 'accountInfo')
  const unified = typeof status === 'number' && status >= 3 && status <= 6
  if (unified && (marginMode === 'REGULAR_MARGIN' || marginMode === 'ISOLATED_MARGIN')) return
  const told = { exchangeCode: unified ? 'marginMode' : 'unifiedMarginStatus' }
  throw new CollectorFailure(failureOf('EXCHANGE_ACCOUNT_REFUSED', 'session', told))
}

/** One line of the transaction log: `change` is what the wallet balance moved by, fee included. */
export interface Line {
  readonly id: string
  readonly type: string
  readonly category: string
  readonly asset: string
  readonly change: string
  readonly fee: string
  readonly tradeId: string
  readonly orderId: string
  readonly atMs: number
}

export interface Page<Each> {
  readonly rows: readonly Each[]
  /** Where the next page begins; null at the end. */
  readonly cursor: string | null
}

function textOf(value: unknown, place: string, pattern: RegExp): string {
  if (value === undefined || value === null || value === '') return ''
  if (typeof value === 'string' && pattern.test(value)) return value
  throw invalidAnswer(place)
}

function cursorOf(result: Row, place: string): string | null {
  const cursor = textOf(result['nextPageCursor'], place, /^[\x21-\x7e]{1,512}$/)
  return cursor === '' ? null : cursor
}

const idPattern = /^[\w.:-]{1,128}$/

export function linesOf(value: unknown, exchangeNowMs: number): Page<Line> {
  const result = rowOf(value, 'log')
  const rows = rowsOf(result['list'], 'log.list', 50).map((each): Line => {
    const row = rowOf(each, 'log.list')
    return {
      id: idOf(row['id'], 'log.id'),
      type: textOf(row['type'], 'log.type', /^[\w -]{1,64}$/),
      category: textOf(row['category'], 'log.category', /^[a-z]{1,16}$/),
      asset: assetOf(row['currency'], 'log.currency'),
      change: decimalOf(row['change'], 'log.change', 'any'),
      fee: orZero(row['fee'], 'log.fee'),
      tradeId: textOf(row['tradeId'], 'log.tradeId', idPattern),
      orderId: textOf(row['orderId'], 'log.orderId', idPattern),
      atMs: millisOf(row['transactionTime'], 'log.transactionTime', exchangeNowMs),
    }
  })
  return { rows, cursor: cursorOf(result, 'log.nextPageCursor') }
}

export interface Execution {
  readonly id: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly price: string
  readonly quantity: string
  readonly value: string
  readonly fee: string
  /** Empty where it is not said. */
  readonly feeAsset: string
  readonly type: string
  readonly atMs: number
}

export function executionsOf(value: unknown, exchangeNowMs: number): Page<Execution> {
  const result = rowOf(value, 'executions')
  // What was asked for is spot: another market's fills are not to be mistaken for it.
  if (result['category'] !== 'spot') throw invalidAnswer('executions.category')
  const rows = rowsOf(result['list'], 'executions.list', 100).map((each): Execution => {
    const row = rowOf(each, 'executions.list')
    const side = row['side']
    if (side !== 'Buy' && side !== 'Sell') throw invalidAnswer('execution.side')
    const feeAsset = textOf(row['feeCurrency'], 'execution.feeCurrency', /^[\p{L}\p{N}_.-]{1,32}$/u)
    return {
      id: idOf(row['execId'], 'execution.execId'),
      symbol: assetOf(row['symbol'], 'execution.symbol'),
      side: side === 'Buy' ? 'buy' : 'sell',
      price: decimalOf(row['execPrice'], 'execution.execPrice', 'positive'),
      quantity: decimalOf(row['execQty'], 'execution.execQty', 'positive'),
      value: decimalOf(row['execValue'], 'execution.execValue', 'positive'),
      fee: orZero(row['execFee'], 'execution.execFee'),
      feeAsset: feeAsset.toUpperCase(),
      type: textOf(row['execType'], 'execution.execType', /^[A-Za-z]{1,32}$/),
      atMs: millisOf(row['execTime'], 'execution.execTime', exchangeNowMs),
    }
  })
  return { rows, cursor: cursorOf(result, 'executions.nextPageCursor') }
}

/** Minutes that are over; the exchange tells the newest first. */
export function candlesOf(value: unknown, exchangeNowMs: number): { candles: Candle[]; sent: number } {
  const rows = rowsOf(rowOf(value, 'kline')['list'], 'kline.list', 1_000)
  const candles = rows.flatMap((each): Candle[] => {
    const row = rowsOf(each, 'kline.list', 16)
    const minuteMs = millisOf(row[0], 'kline.startTime', exchangeNowMs)
    if (minuteMs + 60_000 > exchangeNowMs) return []
    return [
      {
        minuteMs,
        open: decimalOf(row[1], 'kline.open', 'positive'),
        close: decimalOf(row[4], 'kline.close', 'positive'),
        baseVolume: decimalOf(row[5], 'kline.volume', 'not-negative'),
        quoteVolume: decimalOf(row[6], 'kline.turnover', 'not-negative'),
      },
    ]
  })
  return { candles: candles.toSorted((a, b) => a.minuteMs - b.minuteMs), sent: rows.length }
}
