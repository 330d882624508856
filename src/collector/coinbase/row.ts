import { add, divide, multiply, parseDecimal, toText } from '@perf-agg/sdk'
import type { Candle, Fill } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import {
  amountOrZero,
  assetOf,
  booleanOf,
  decimalOf,
  idOf,
  instantOf,
  isoOf,
  millisOf,
  type Row,
  rowOf,
  rowsOf,
  wordOf,
} from '../field.ts'
import { sumOf } from '../holding.ts'
import type { Listed } from '../market-list.ts'
import type { Page } from '../span.ts'

/** Readers of coinbase's answers. Numbers come as text, instants in words. */

const rowsMax = 1_000

export function serverTimeOf(value: unknown): number {
  return millisOf(rowOf(value, 'time')['epochMillis'], 'time.epochMillis', Number.MAX_SAFE_INTEGER / 2)
}

/** Spot markets; futures and perpetuals are held in wallets of their own. */
export function listingsOf(value: unknown): Listed[] {
  const rows = rowsOf(rowOf(value, 'products')['products'], 'products', limits.collector.symbolsMax)
  return rows.flatMap((each): Listed[] => {
    const row = rowOf(each, 'products')
    const kind = row['product_type']
    if (kind !== undefined && kind !== 'SPOT') return []
    const id = idOf(row['product_id'], 'product.product_id')
    const [base, quote] = coinsOf(id) ?? []
    if (base === undefined || quote === undefined) return []
    const isOff = row['is_disabled'] === true || row['trading_disabled'] === true
    return [{ id, symbol: `${base}/${quote}`, base, quote, type: 'spot', active: !isOff }]
  })
}

/** `BTC-USD`; whatever has more parts is a contract. */
function coinsOf(productId: string): readonly [string, string] | null {
  const [base, quote, more] = productId.split('-')
  if (base === undefined || quote === undefined || more !== undefined || quote === '') return null
  return [assetOf(base, 'product'), assetOf(quote, 'product')]
}

/** A wallet of one coin. */
export interface Wallet {
  readonly id: string
  readonly asset: string
  readonly amount: string
  readonly isFiat: boolean
}

function moneyOf(value: unknown, place: string): string {
  return value === undefined || value === null ? '0' : amountOrZero(rowOf(value, place)['value'], place)
}

/** Those of futures and of vaults stand in the same list, and are watched by nobody. */
function isOfSpot(row: Row): boolean {
  const platform = wordOf(row['platform'], 'account.platform')
  const isElsewhere = platform.endsWith('CFM_CONSUMER') || platform.endsWith('INTX')
  return !isElsewhere && !/(VAULT|PERP_FUTURES)$/.test(wordOf(row['type'], 'account.type'))
}

export function walletsOf(value: unknown): Page<Wallet> {
  const answer = rowOf(value, 'accounts')
  const rows = rowsOf(answer['accounts'], 'accounts', rowsMax).flatMap((each): Wallet[] => {
    const row = rowOf(each, 'accounts')
    if (!isOfSpot(row)) return []
    const available = moneyOf(row['available_balance'], 'account.available_balance')
    const held = moneyOf(row['hold'], 'account.hold')
    return [
      {
        id: idOf(row['uuid'], 'account.uuid'),
        asset: assetOf(row['currency'], 'account.currency'),
        amount: toText(add(parseDecimal(available), parseDecimal(held))),
        isFiat: wordOf(row['type'], 'account.type').endsWith('FIAT'),
      },
    ]
  })
  return { rows, next: answer['has_next'] === true ? cursorOf(answer, 'accounts.cursor') : null }
}

function cursorOf(answer: Row, place: string): string | null {
  const cursor = answer['cursor']
  if (cursor === undefined || cursor === null || cursor === '') return null
  if (typeof cursor === 'string' && /^[\x21-\x7e]{1,512}$/.test(cursor)) return cursor
  throw invalidAnswer(place)
}

/** So many decimal places where an amount has to be divided. */
const quotientScale = 18

/** A fill in the page's order; `fill` is null where it is none of spot, or none of a kind that is known. */
export interface FillRow {
  readonly id: string
  readonly atMs: number
  readonly fill: Fill | null
}

export function fillsOf(value: unknown, exchangeNowMs: number): Page<FillRow> {
  const answer = rowOf(value, 'fills')
  const rows = rowsOf(answer['fills'], 'fills', rowsMax).map((each): FillRow => {
    const row = rowOf(each, 'fills')
    const atMs = isoOf(row['trade_time'], 'fill.trade_time', exchangeNowMs)
    const coins = coinsOf(idOf(row['product_id'], 'fill.product_id'))
    // A reversal or a correction of a fill is not one more: what it moved shows as unexplained.
    const kind = wordOf(row['trade_type'], 'fill.trade_type')
    const isOther = coins === null || (kind !== '' && kind !== 'FILL')
    return {
      id: idOf(row['entry_id'] ?? row['trade_id'], 'fill.entry_id'),
      atMs,
      fill: isOther ? null : fillOf(row, coins, atMs),
    }
  })
  return { rows, next: rows.length === 0 ? null : cursorOf(answer, 'fills.cursor') }
}

function fillOf(row: Row, [base, quote]: readonly [string, string], atMs: number): Fill {
  const side = wordOf(row['side'], 'fill.side').toUpperCase()
  if (side !== 'BUY' && side !== 'SELL') throw invalidAnswer('fill.side')
  const price = decimalOf(row['price'], 'fill.price', 'positive')
  const size = decimalOf(row['size'], 'fill.size', 'positive')
  const inQuote = row['size_in_quote'] !== undefined && booleanOf(row['size_in_quote'], 'fill.size_in_quote')
  const [exactPrice, exactSize] = [parseDecimal(price), parseDecimal(size)]
  return {
    id: idOf(row['trade_id'], 'fill.trade_id'),
    market: 'spot',
    symbol: `${base}/${quote}`,
    base,
    quote,
    side: side === 'BUY' ? 'buy' : 'sell',
    price,
    quantity: inQuote ? toText(divide(exactSize, exactPrice, quotientScale)) : size,
    quoteQuantity: inQuote ? size : toText(multiply(exactPrice, exactSize)),
    // always in the quote currency; below zero it is a rebate
    fees: sumOf([{ asset: quote, amount: amountOrZero(row['commission'], 'fill.commission') }]),
    atMs,
    execution: 'trade',
  }
}

/** Minutes that are over; the exchange tells the newest first, and no turnover. */
export function candlesOf(value: unknown, exchangeNowMs: number): Candle[] {
  return rowsOf(rowOf(value, 'candles')['candles'], 'candles', rowsMax).map((each): Candle => {
    const row = rowOf(each, 'candles')
    const start = row['start']
    const seconds = typeof start === 'string' && /^\d{9,11}$/.test(start) ? Number(start) : start
    return {
      minuteMs: instantOf(Number(seconds) * 1_000, 'candle.start', exchangeNowMs),
      open: decimalOf(row['open'], 'candle.open', 'positive'),
      close: decimalOf(row['close'], 'candle.close', 'positive'),
      baseVolume: decimalOf(row['volume'], 'candle.volume', 'not-negative'),
      quoteVolume: null,
    }
  })
}
