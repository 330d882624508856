import { parseDecimal, signOf, subtract, toText } from '@perf-agg/sdk'
import type { Amount, Candle } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import { assetOf, decimalOf, idOf, instantOf, integerOf, type Row, rowOf, rowsOf } from '../field.ts'
import { sumOf } from '../holding.ts'
import { coinOf } from './coin.ts'

/** Readers of kraken's answers, their `result` each. */

export const pageRows = 50

/** Seconds with a fraction, as kraken writes instants. */
function secondsOf(value: unknown, place: string, exchangeNowMs: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || Math.abs(value) > 9e9)
    throw invalidAnswer(place)
  // microseconds first: a product with 1,000 may come out a hair below the millisecond
  return instantOf(Math.floor(Math.round(value * 1e6) / 1e3), place, exchangeNowMs)
}

export function serverTimeOf(value: unknown): number {
  const seconds = integerOf(rowOf(value, 'time')['unixtime'], 'time.unixtime')
  return instantOf(seconds * 1_000, 'time.unixtime', Number.MAX_SAFE_INTEGER / 2)
}

export interface Listing {
  /** `XXBTZUSD` */
  readonly id: string
  /** `XBTUSD` */
  readonly altname: string
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly active: boolean
}

function entriesOf(value: unknown, place: string, rowsMax: number): (readonly [string, Row])[] {
  const entries = Object.entries(rowOf(value, place))
  if (entries.length > rowsMax) throw invalidAnswer(place)
  return entries.map(([id, row]) => [id, rowOf(row, place)] as const)
}

export function listingsOf(value: unknown): Listing[] {
  return entriesOf(value, 'assetPairs', limits.collector.symbolsMax).flatMap(([key, row]) => {
    // the dark pool's names for the same markets
    if (key.endsWith('.d')) return []
    const base = coinOf(assetOf(row['base'], 'pair.base'))
    const quote = coinOf(assetOf(row['quote'], 'pair.quote'))
    const id = idOf(key, 'pair')
    return [
      {
        id,
        altname: idOf(row['altname'] ?? id, 'pair.altname'),
        symbol: `${base}/${quote}`,
        base,
        quote,
        active: row['status'] === undefined || row['status'] === 'online',
      },
    ]
  })
}

export function balancesOf(value: unknown): Amount[] {
  const entries = Object.entries(rowOf(value, 'balance'))
  if (entries.length > limits.collector.assetsMax) throw invalidAnswer('balance')
  return sumOf(
    entries.map(([name, amount]) => ({
      asset: coinOf(assetOf(name, 'balance.asset')),
      amount: decimalOf(amount, 'balance.amount', 'any'),
    })),
  )
}

/** One line of the ledger: what it moved is `amount` less `fee`. */
export interface Line {
  readonly id: string
  readonly refid: string
  readonly atMs: number
  readonly type: string
  readonly subtype: string
  readonly asset: string
  readonly amount: string
  readonly fee: string
  readonly change: string
}

export interface Page<Each> {
  readonly rows: readonly Each[]
  /** Of all pages; null where it is not told. */
  readonly count: number | null
  /** Rows as they were sent. */
  readonly sent: number
}

const word = /^[\w -]{1,64}$/

function wordOf(value: unknown, place: string): string {
  if (typeof value === 'string' && (value === '' || word.test(value))) return value.toLowerCase()
  throw invalidAnswer(place)
}

function countOf(value: unknown, place: string): number | null {
  if (value === undefined) return null
  const count = integerOf(value, place)
  if (count < 0) throw invalidAnswer(place)
  return count
}

export function linesOf(value: unknown, exchangeNowMs: number): Page<Line> {
  const answer = rowOf(value, 'ledgers')
  const entries = entriesOf(answer['ledger'], 'ledgers.ledger', pageRows)
  const rows = entries.flatMap(([key, row]): Line[] => {
    // announced, not booked: it comes again with the balance that it left
    if (row['balance'] === '') return []
    const amount = decimalOf(row['amount'], 'ledger.amount', 'any')
    const fee = decimalOf(row['fee'], 'ledger.fee', 'any')
    return [
      {
        id: idOf(key, 'ledger.id'),
        // some have none: then it stands alone
        refid: idOf(row['refid'] || key, 'ledger.refid'),
        atMs: secondsOf(row['time'], 'ledger.time', exchangeNowMs),
        type: wordOf(row['type'], 'ledger.type'),
        subtype: wordOf(row['subtype'] ?? '', 'ledger.subtype'),
        asset: coinOf(assetOf(row['asset'], 'ledger.asset')),
        amount,
        fee,
        change: toText(subtract(parseDecimal(amount), parseDecimal(fee))),
      },
    ]
  })
  return { rows, count: countOf(answer['count'], 'ledgers.count'), sent: entries.length }
}

export interface Trade {
  readonly id: string
  /** As the exchange names it: key or other name of a listing, or of one that is gone. */
  readonly pair: string
  readonly atMs: number
  readonly side: 'buy' | 'sell'
  readonly price: string
  readonly cost: string
  readonly fee: string
  readonly volume: string
  /** Initial margin: more than nothing is a margin position. */
  readonly margin: string
  /** It opened a margin position. */
  readonly isPosition: boolean
  readonly orderType: string
  readonly misc: string
}

export function tradesOf(value: unknown, exchangeNowMs: number): Page<Trade> {
  const answer = rowOf(value, 'trades')
  const entries = entriesOf(answer['trades'], 'trades.trades', pageRows)
  const rows = entries.map(([key, row]): Trade => {
    const side = row['type']
    if (side !== 'buy' && side !== 'sell') throw invalidAnswer('trade.type')
    return {
      id: idOf(key, 'trade.id'),
      pair: idOf(row['pair'], 'trade.pair'),
      atMs: secondsOf(row['time'], 'trade.time', exchangeNowMs),
      side,
      price: decimalOf(row['price'], 'trade.price', 'positive'),
      // of next to nothing it is rounded to nothing
      cost: decimalOf(row['cost'], 'trade.cost', 'not-negative'),
      fee: decimalOf(row['fee'], 'trade.fee', 'any'),
      volume: decimalOf(row['vol'], 'trade.vol', 'positive'),
      margin: decimalOf(row['margin'] ?? '0', 'trade.margin', 'not-negative'),
      isPosition: row['posstatus'] !== undefined && row['posstatus'] !== null,
      orderType: wordOf(row['ordertype'] ?? '', 'trade.ordertype'),
      misc: typeof row['misc'] === 'string' ? row['misc'] : '',
    }
  })
  return { rows, count: countOf(answer['count'], 'trades.count'), sent: entries.length }
}

/** Minutes that are over, of `{PAIR: [...], last}`. */
export function candlesOf(value: unknown, exchangeNowMs: number): Candle[] {
  return listOf(value, 'ohlc', 1_000).flatMap((each) => {
    const row = rowsOf(each, 'ohlc', 16)
    const minuteMs = integerOf(row[0], 'ohlc.time') * 1_000
    if (minuteMs + 60_000 > exchangeNowMs) return []
    const average = decimalOf(row[5], 'ohlc.vwap', 'not-negative')
    return [
      {
        minuteMs: instantOf(minuteMs, 'ohlc.time', exchangeNowMs),
        open: decimalOf(row[1], 'ohlc.open', 'positive'),
        close: decimalOf(row[4], 'ohlc.close', 'positive'),
        baseVolume: decimalOf(row[6], 'ohlc.volume', 'not-negative'),
        quoteVolume: null,
        // 0 where nobody traded
        ...(signOf(parseDecimal(average)) > 0 && { average }),
      },
    ]
  })
}

export interface Print {
  readonly atMs: number
  readonly price: string
  readonly volume: string
}

export function printsOf(value: unknown, exchangeNowMs: number): { prints: Print[]; last: string } {
  const last = rowOf(value, 'prints')['last']
  if (typeof last !== 'string' || !/^\d{1,20}$/.test(last)) throw invalidAnswer('prints.last')
  const prints = listOf(value, 'prints', 1_000).map((each) => {
    const row = rowsOf(each, 'prints', 16)
    return {
      price: decimalOf(row[0], 'print.price', 'positive'),
      volume: decimalOf(row[1], 'print.volume', 'positive'),
      atMs: secondsOf(row[2], 'print.time', exchangeNowMs),
    }
  })
  return { prints, last }
}

/** The one list of an answer that is named after the pair. */
function listOf(value: unknown, place: string, rowsMax: number): readonly unknown[] {
  const lists = Object.entries(rowOf(value, place)).filter(([name]) => name !== 'last')
  if (lists.length > 1) throw invalidAnswer(place)
  return rowsOf(lists[0]?.[1] ?? [], place, rowsMax)
}
