import { add, compare, type Decimal, multiply, negate, parseDecimal, sum, toText } from '@perf-agg/sdk'
import type { Amount, Candle } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import {
  amountOrZero,
  assetOf,
  decimalOf,
  idOf,
  millisOf,
  type Row,
  rowOf,
  rowsOf,
  wordOf,
} from '../field.ts'
import { sumOf, onceOf } from '../holding.ts'
import type { LedgerLine } from '../ledger-line.ts'
import type { Listed } from '../market-list.ts'
import type { Page } from '../span.ts'

/** Readers of bitget's answers, their `data` each. Numbers and instants come as text; an empty one is none. */

/** Of the rows that were sent some may be none of those that were asked for. */
export interface SentPage<Each> extends Page<Each> {
  readonly sent: number
}

/** Below it the next page begins. */
export function lastIdOf(rows: readonly unknown[], name: string): string | null {
  return rows.length === 0 ? null : idOf(rowOf(rows.at(-1), name)[name], name)
}

export function serverTimeOf(value: unknown): number {
  return millisOf(rowOf(value, 'time')['serverTime'], 'time.serverTime', Number.MAX_SAFE_INTEGER / 2)
}

export function listingsOf(value: unknown): Listed[] {
  return rowsOf(value, 'symbols', limits.collector.symbolsMax).map((each): Listed => {
    const row = rowOf(each, 'symbols')
    const base = assetOf(row['baseCoin'], 'symbol.baseCoin')
    const quote = assetOf(row['quoteCoin'], 'symbol.quoteCoin')
    return {
      id: assetOf(row['symbol'], 'symbol.symbol'),
      symbol: `${base}/${quote}`,
      base,
      quote,
      type: 'spot',
      active: row['status'] === undefined || row['status'] === 'online',
    }
  })
}

export function balancesOf(value: unknown): Amount[] {
  return onceOf(
    rowsOf(value, 'assets', limits.collector.assetsMax).map((each): Amount => {
      const row = rowOf(each, 'assets')
      // locked by an order, and locked by the exchange
      const parts = ['available', 'frozen', 'locked'].map((name) =>
        parseDecimal(amountOrZero(row[name], `asset.${name}`)),
      )
      return { asset: assetOf(row['coin'], 'asset.coin'), amount: toText(sum(parts)) }
    }),
    'assets',
  )
}

/** One line of the account: what it moved is `size` and `fees` together, both signed. */
export interface Bill extends LedgerLine {
  readonly group: string
  /** In small letters, and without spaces, dashes or underlines: it is written in several ways. */
  readonly kind: string
}

export function billsOf(value: unknown, exchangeNowMs: number): SentPage<Bill> {
  const rows = rowsOf(value, 'bills', 500).map((each): Bill => {
    const row = rowOf(each, 'bills')
    const size = parseDecimal(decimalOf(row['size'], 'bill.size', 'any'))
    const fees = parseDecimal(amountOrZero(row['fees'], 'bill.fees'))
    return {
      id: idOf(row['billId'], 'bill.billId'),
      group: plain(row['groupType'], 'bill.groupType'),
      kind: plain(row['businessType'], 'bill.businessType'),
      asset: assetOf(row['coin'], 'bill.coin'),
      change: toText(add(size, fees)),
      atMs: timeOf(row['cTime'], 'bill.cTime', exchangeNowMs),
    }
  })
  return { rows, next: rows.at(-1)?.id ?? null, sent: rows.length }
}

/** Milliseconds; of some lists whole seconds. */
export function timeOf(value: unknown, place: string, exchangeNowMs: number): number {
  const isSeconds = typeof value === 'string' && /^\d{10}$/.test(value)
  return millisOf(isSeconds ? `${value}000` : value, place, exchangeNowMs)
}

export function plain(value: unknown, place: string): string {
  return wordOf(value, place)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
}

export interface Trade {
  readonly id: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  /** The exchange sold or bought to pay what was owed. */
  readonly isForced: boolean
  readonly price: string
  readonly size: string
  readonly amount: string
  readonly fees: readonly Amount[]
  readonly atMs: number
}

export function tradesOf(value: unknown, exchangeNowMs: number): SentPage<Trade> {
  return tradesIn(rowsOf(value, 'fills', 500), exchangeNowMs, null)
}

/** `asked` is the market that was asked for, where the rows do not say it. */
export function tradesIn(
  all: readonly unknown[],
  exchangeNowMs: number,
  asked: string | null,
): SentPage<Trade> {
  const rows = all.map((each): Trade => {
    const row = rowOf(each, 'fills')
    const words = wordOf(row['side'], 'fill.side').toLowerCase()
    const [, side] = /(?:^|[-_])(buy|sell)$/.exec(words) ?? []
    if (side !== 'buy' && side !== 'sell') throw invalidAnswer('fill.side')
    return {
      id: idOf(row['tradeId'], 'fill.tradeId'),
      symbol: row['symbol'] === undefined && asked !== null ? asked : assetOf(row['symbol'], 'fill.symbol'),
      side,
      isForced: words.startsWith('liquidation'),
      price: decimalOf(row['priceAvg'] ?? row['price'], 'fill.priceAvg', 'positive'),
      size: decimalOf(row['size'], 'fill.size', 'positive'),
      amount: decimalOf(row['amount'], 'fill.amount', 'positive'),
      fees: feesOf(row),
      atMs: millisOf(row['cTime'], 'fill.cTime', exchangeNowMs),
    }
  })
  return { rows, next: rows.at(-1)?.id ?? null, sent: rows.length }
}

/** What was paid is below zero there; several where one coin did not cover it. */
export function feesOf(row: Row): Amount[] {
  const detail = row['feeDetail']
  const details = Array.isArray(detail) ? rowsOf(detail, 'fill.feeDetail', 8) : [detail]
  return sumOf(
    details.flatMap((each): Amount[] => {
      if (each === undefined || each === null || each === '') return []
      const fee = rowOf(each, 'fill.feeDetail')
      const amount = parseDecimal(amountOrZero(fee['totalFee'], 'fill.totalFee'))
      if (amount.digits === 0n) return []
      return [{ asset: assetOf(fee['feeCoin'], 'fill.feeCoin'), amount: toText(negate(amount)) }]
    }),
  )
}

/** Oldest first: time, open, high, low, close, volume, and two turnovers. */
export function candlesOf(value: unknown, exchangeNowMs: number): Candle[] {
  return rowsOf(value, 'candles', 1_000).map((each): Candle => {
    const row = rowsOf(each, 'candles', 16)
    return {
      minuteMs: millisOf(row[0], 'candle.time', exchangeNowMs),
      open: decimalOf(row[1], 'candle.open', 'positive'),
      close: decimalOf(row[4], 'candle.close', 'positive'),
      baseVolume: decimalOf(row[5], 'candle.volume', 'not-negative'),
      quoteVolume: turnoverOf(row),
    }
  })
}

/**
 * One turnover is counted in the quote coin, the other in USDT, and which is which has been told both ways: a minute's
 * own lies between its lowest and its highest price.
 */
function turnoverOf(row: readonly unknown[]): string {
  const [high, low, volume] = [row[2], row[3], row[5]].map((value) =>
    parseDecimal(decimalOf(value, 'candle', 'not-negative')),
  ) as [Decimal, Decimal, Decimal]
  const told = row[7] === undefined ? [row[6]] : [row[7], row[6]]
  const turnovers = told.map((value) => decimalOf(value, 'candle.turnover', 'not-negative'))
  const isOwn = (turnover: string): boolean =>
    compare(parseDecimal(turnover), multiply(low, volume)) >= 0 &&
    compare(parseDecimal(turnover), multiply(high, volume)) <= 0
  return turnovers.find(isOwn) ?? turnovers[0] ?? '0'
}
