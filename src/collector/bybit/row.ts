import { type Decimal, parseDecimal, signOf, subtract, toText } from '@perf-agg/sdk'
import type { Amount, Candle } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer, refuseAccount } from '../failure.ts'
import { assetOf, decimalOf, idOf, instantOf, type Row, rowOf, rowsOf } from '../field.ts'
import { sumOf, onceOf } from '../holding.ts'
import type { Category } from './instrument.ts'

/** Readers of bybit's answers, their `result` each. Numbers and instants come as text; an empty one is none. */

function millisOf(value: unknown, place: string, exchangeNowMs: number): number {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || !/^\d{13}$/.test(text)) throw invalidAnswer(place)
  return instantOf(Number(text), place, exchangeNowMs)
}

function orZero(value: unknown, place: string): string {
  return value === undefined || value === '' || value === null ? '0' : decimalOf(value, place, 'any')
}

function orEmpty(value: unknown, place: string): string {
  return value === undefined || value === '' || value === null ? '' : decimalOf(value, place, 'any')
}

export function serverTimeOf(value: unknown): number {
  const nanos = rowOf(value, 'time')['timeNano']
  if (typeof nanos !== 'string' || !/^\d{19}$/.test(nanos)) throw invalidAnswer('time.timeNano')
  return instantOf(Number(nanos.slice(0, 13)), 'time.timeNano', Number.MAX_SAFE_INTEGER / 2)
}

export interface Holding {
  /** Wallet balance less what is borrowed and the interest that has accrued on it. */
  readonly balances: readonly Amount[]
  /** A coin is borrowed, or a position of another market is open in the same account. */
  readonly more: 'borrowed' | 'positions' | null
  /** Interest that is taken off though it is not charged yet. */
  readonly accrued: readonly Amount[]
}

export function holdingOf(value: unknown): Holding {
  const accounts = rowsOf(rowOf(value, 'walletBalance')['list'], 'walletBalance.list', 8)
  const account = rowOf(accounts[0], 'walletBalance.list')
  if (accounts.length !== 1 || account['accountType'] !== 'UNIFIED') throw refuseAccount('accountType')
  let more: Holding['more'] = null
  const accrued: Amount[] = []
  const parts = rowsOf(account['coin'], 'walletBalance.coin', limits.collector.assetsMax).map((each) => {
    const row = rowOf(each, 'walletBalance.coin')
    const of = (name: string): Decimal => parseDecimal(orZero(row[name], `coin.${name}`))
    const isSome = (name: string): boolean => signOf(of(name)) !== 0
    if (isSome('borrowAmount') || isSome('accruedInterest')) more = 'borrowed'
    else if (isSome('unrealisedPnl') || isSome('totalPositionIM')) more ??= 'positions'
    const wallet = of('walletBalance')
    // A wallet below zero is what a contract's loss has borrowed: there it stands already. What was lent to trade
    // with lies in the wallet, and is told apart where the exchange does so.
    const told = row['spotBorrow'] === undefined || row['spotBorrow'] === '' ? null : of('spotBorrow')
    const lent = told ?? (signOf(wallet) < 0 ? parseDecimal('0') : of('borrowAmount'))
    const held = subtract(subtract(wallet, lent), of('accruedInterest'))
    const asset = assetOf(row['coin'], 'coin.coin')
    accrued.push({ asset, amount: toText(of('accruedInterest')) })
    return { asset, amount: toText(held) }
  })
  return { balances: onceOf(parts, 'walletBalance.coin'), more, accrued: sumOf(accrued) }
}

/** Status 3 and 4 are the first release of the unified account, which keeps inverse contracts in a wallet apart. */
export interface AccountInfo {
  readonly inverseApart: boolean
}

/** Refuses what would only be read by halves: classic accounts, and portfolio margin. */
export function accountInfoOf(value: unknown): AccountInfo {
  const { unifiedMarginStatus: status, marginMode } = rowOf(value, 'accountInfo')
  const unified = typeof status === 'number' && status >= 3 && status <= 6
  if (!unified) throw refuseAccount('unifiedMarginStatus')
  if (marginMode !== 'REGULAR_MARGIN' && marginMode !== 'ISOLATED_MARGIN') throw refuseAccount('marginMode')
  return { inverseApart: status < 5 }
}

/** One line of the transaction log: `change` is what the wallet balance moved by, fee included. */
export interface Line {
  readonly id: string
  readonly type: string
  readonly category: string
  /** Of the instrument; empty where there is none. */
  readonly symbol: string
  readonly asset: string
  readonly change: string
  /** Of the change: what closing brought, what was moved. */
  readonly cashFlow: string
  readonly fee: string
  /** Empty where there is none; > 0 was received. */
  readonly funding: string
  readonly side: string
  readonly quantity: string
  readonly price: string
  readonly tradeId: string
  readonly orderId: string
  readonly atMs: number
}

export interface Page<Each> {
  readonly rows: readonly Each[]
  /** With those that are passed over. */
  readonly sent: number
  /** Where the next page begins; null at the end. */
  readonly cursor: string | null
}

function textOf(value: unknown, place: string, pattern: RegExp): string {
  if (value === undefined || value === null || value === '') return ''
  if (typeof value === 'string' && pattern.test(value)) return value
  throw invalidAnswer(place)
}

export function cursorOf(result: Row, place: string): string | null {
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
      symbol: textOf(row['symbol'], 'log.symbol', /^[\p{L}\p{N}_.-]{1,64}$/u).toUpperCase(),
      cashFlow: orZero(row['cashFlow'], 'log.cashFlow'),
      fee: orZero(row['fee'], 'log.fee'),
      funding: orEmpty(row['funding'], 'log.funding'),
      side: textOf(row['side'], 'log.side', /^[A-Za-z]{1,8}$/),
      quantity: orEmpty(row['qty'], 'log.qty'),
      price: orEmpty(row['tradePrice'], 'log.tradePrice'),
      tradeId: textOf(row['tradeId'], 'log.tradeId', idPattern),
      orderId: textOf(row['orderId'], 'log.orderId', idPattern),
      atMs: millisOf(row['transactionTime'], 'log.transactionTime', exchangeNowMs),
    }
  })
  return { rows, sent: rows.length, cursor: cursorOf(result, 'log.nextPageCursor') }
}

export interface Execution {
  readonly id: string
  readonly category: Category
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly price: string
  readonly quantity: string
  /** Empty where it is not said. */
  readonly value: string
  readonly fee: string
  /** Empty where it is not said. */
  readonly feeAsset: string
  readonly type: string
  readonly atMs: number
}

/**
 * Funding is an execution there as well, without a quantity that changes hands: those rows are left to the log. What was
 * asked for is one category: another's fills are not to be mistaken for it.
 */
export function executionsOf(value: unknown, exchangeNowMs: number, category: Category): Page<Execution> {
  const result = rowOf(value, 'executions')
  const sent = rowsOf(result['list'], 'executions.list', 100)
  const rows = sent.flatMap((each): Execution[] => {
    const row = rowOf(each, 'executions.list')
    if ((row['category'] ?? result['category']) !== category) return []
    const type = textOf(row['execType'], 'execution.execType', /^\w{1,32}$/)
    if (type === 'Funding') return []
    const side = row['side']
    if (side !== 'Buy' && side !== 'Sell') throw invalidAnswer('execution.side')
    const feeAsset = textOf(row['feeCurrency'], 'execution.feeCurrency', /^[\p{L}\p{N}_.-]{1,32}$/u)
    return [
      {
        id: idOf(row['execId'], 'execution.execId'),
        category,
        symbol: assetOf(row['symbol'], 'execution.symbol'),
        side: side === 'Buy' ? 'buy' : 'sell',
        price: decimalOf(row['execPrice'], 'execution.execPrice', 'positive'),
        quantity: decimalOf(row['execQty'], 'execution.execQty', 'positive'),
        value: orEmpty(row['execValue'], 'execution.execValue'),
        fee: orZero(row['execFee'], 'execution.execFee'),
        feeAsset: feeAsset.toUpperCase(),
        type,
        atMs: millisOf(row['execTime'], 'execution.execTime', exchangeNowMs),
      },
    ]
  })
  return { rows, sent: sent.length, cursor: cursorOf(result, 'executions.nextPageCursor') }
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
        // marks have none
        baseVolume: decimalOf(row[5] ?? '0', 'kline.volume', 'not-negative'),
        quoteVolume: decimalOf(row[6] ?? '0', 'kline.turnover', 'not-negative'),
      },
    ]
  })
  return { candles: candles.toSorted((a, b) => a.minuteMs - b.minuteMs), sent: rows.length }
}
