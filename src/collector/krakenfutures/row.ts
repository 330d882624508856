import { type Decimal, divide, negate, parseDecimal, subtract, toText } from '@perf-agg/sdk'
import type { Amount, Candle, Position } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import {
  amountOrZero,
  assetOf,
  decimalOf,
  idOf,
  isoOf,
  millisOf,
  type Row,
  rowOf,
  rowsOf,
  wordOf,
} from '../field.ts'
import { sumOf } from '../holding.ts'
import { coinOf } from '../kraken/coin.ts'
import type { Page } from '../span.ts'
import { type Instrument, mustBe } from './instrument.ts'

/** Readers of krakenfutures' answers. Numbers are numbers there, instants words. */

export type InstrumentOf = (id: string) => Instrument | undefined

export function serverTimeOf(value: unknown): number {
  return isoOf(rowOf(value, 'answer')['serverTime'], 'serverTime', Number.MAX_SAFE_INTEGER / 2)
}

function coin(value: unknown, place: string): string {
  return coinOf(assetOf(value, place))
}

function entriesOf(value: unknown, place: string): (readonly [string, unknown])[] {
  const entries = Object.entries(rowOf(value, place))
  if (entries.length > limits.collector.assetsMax) throw invalidAnswer(place)
  return entries
}

/** `usd credit`: given to trade with, and nobody's to take away. */
function isCredit(name: unknown): boolean {
  return typeof name === 'string' && / credit$/i.test(name)
}

/** The holding wallet, one margin account for each pair, and the one that backs all others: all of them together. */
export function balancesOf(value: unknown): Amount[] {
  const accounts = entriesOf(rowOf(value, 'accounts')['accounts'], 'accounts')
  return sumOf(
    accounts.flatMap(([, each]): Amount[] => {
      const account = rowOf(each, 'account')
      if (account['currencies'] !== undefined) {
        return entriesOf(account['currencies'], 'account.currencies')
          .filter(([name]) => !isCredit(name))
          .map(([name, of]) => ({
            asset: coin(name, 'account.currency'),
            amount: decimalOf(rowOf(of, 'account.currency')['quantity'], 'currency.quantity', 'any'),
          }))
      }
      // contracts stand there as well, by their names
      return entriesOf(account['balances'] ?? {}, 'account.balances')
        .filter(([name]) => !name.includes('_') && !isCredit(name))
        .map(([name, amount]) => ({
          asset: coin(name, 'account.asset'),
          amount: decimalOf(amount, 'account.balance', 'any'),
        }))
    }),
  )
}

export function positionsOf(value: unknown, instrumentOf: InstrumentOf): Position[] {
  const rows = rowsOf(
    rowOf(value, 'openPositions')['openPositions'],
    'openPositions',
    limits.collector.positionsMax,
  )
  return rows.flatMap((each): Position[] => {
    const row = rowOf(each, 'openPositions')
    const size = decimalOf(row['size'], 'position.size', 'not-negative')
    if (!/[1-9]/.test(size)) return []
    const { side } = row
    if (side !== 'long' && side !== 'short') throw invalidAnswer('position.side')
    const id = idOf(row['symbol'], 'position.symbol').toUpperCase()
    const { type, symbol, base, quote, terms } = mustBe(instrumentOf(id), 'position.symbol')
    const settled = mustBe(terms, 'position.symbol')
    const quantity = side === 'long' ? size : toText(negate(parseDecimal(size)))
    const entry = decimalOf(row['price'], 'position.price', 'positive')
    const market = type === 'inverse' ? 'inverse' : 'linear'
    return [{ market, symbol, base, quote, terms: settled, quantity, entry }]
  })
}

/** One line: of a contract how a position changed, of a coin how a wallet did. */
export interface Line {
  readonly id: string
  readonly info: string
  /** In capitals, as contracts are called; empty of a line about none. */
  readonly contract: string
  /** The contract's name again, or a coin. */
  readonly asset: string
  readonly change: string
  readonly booking: string
  /** Of the fill, or of a transfer; empty where there is none. */
  readonly execution: string
  readonly price: string
  readonly fee: string
  readonly funding: string
  readonly liquidationFee: string
  /** Of the position before, and at which average it was entered. */
  readonly before: string
  readonly entryBefore: string
  readonly atMs: number
}

export const logRows = 500

export function linesOf(value: unknown, exchangeNowMs: number): Page<Line> {
  const all = rowsOf(rowOf(value, 'log')['logs'], 'log', 10_000)
  const rows = all
    .map((each) => rowOf(each, 'log'))
    .filter((row) => !isCredit(row['asset']))
    .map((row) => lineOf(row, exchangeNowMs))
  if (all.length < logRows) return { rows, next: null }
  const last = idOf(rowOf(all.at(-1), 'log')['id'], 'log.id')
  return { rows, next: String(Number(last) + 1) }
}

/** Nothing is null, left out, or an empty text. */
function idOrNone(value: unknown, place: string): string {
  return value === undefined || value === null || value === '' ? '' : idOf(value, place)
}

function lineOf(row: Row, exchangeNowMs: number): Line {
  const name = idOrNone(row['contract'], 'log.contract').toUpperCase()
  const raw = idOf(row['asset'], 'log.asset').toUpperCase()
  const [before, after] = ['old_balance', 'new_balance'].map((at) =>
    parseDecimal(decimalOf(row[at], `log.${at}`, 'any')),
  )
  return {
    id: idOf(row['id'], 'log.id'),
    info: wordOf(row['info'], 'log.info').toLowerCase(),
    contract: name,
    asset: raw === name || raw.includes('_') ? raw : coinOf(raw),
    change: toText(subtract(mustBe(after, 'log.new_balance'), mustBe(before, 'log.old_balance'))),
    booking: idOrNone(row['booking_uid'], 'log.booking_uid'),
    execution: idOrNone(row['execution'], 'log.execution'),
    price: amountOrZero(row['trade_price'], 'log.trade_price'),
    fee: amountOrZero(row['fee'], 'log.fee'),
    funding: amountOrZero(row['realized_funding'], 'log.realized_funding'),
    liquidationFee: amountOrZero(row['liquidation_fee'], 'log.liquidation_fee'),
    before: toText(mustBe(before, 'log.old_balance')),
    entryBefore: amountOrZero(row['old_average_entry_price'], 'log.old_average_entry_price'),
    atMs: isoOf(row['date'], 'log.date', exchangeNowMs),
  }
}

export interface Trade {
  readonly id: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly price: string
  readonly size: string
  /** `maker`, `taker`, `liquidation`, … */
  readonly kind: string
  /** Null where the log alone says. */
  readonly fee: Amount | null
  readonly atMs: number
}

const fillRows = 100
const one: Decimal = { digits: 1n, scale: 0 }

/** The newest first; the next page begins before the last of this one. */
export function tradesOf(value: unknown, exchangeNowMs: number): Page<Trade> {
  const all = rowsOf(rowOf(value, 'fills')['fills'], 'fills', 1_000)
  const rows = all.map((each): Trade => {
    const row = rowOf(each, 'fills')
    const { side } = row
    if (side !== 'buy' && side !== 'sell') throw invalidAnswer('fill.side')
    const paid = row['fee_paid']
    return {
      id: idOf(row['fill_id'], 'fill.fill_id'),
      symbol: idOf(row['symbol'], 'fill.symbol').toUpperCase(),
      side,
      price: decimalOf(row['price'], 'fill.price', 'positive'),
      size: decimalOf(row['size'], 'fill.size', 'positive'),
      kind: wordOf(row['fillType'], 'fill.fillType'),
      fee:
        paid === undefined || paid === null
          ? null
          : {
              asset: coin(row['fee_currency'], 'fill.fee_currency'),
              amount: decimalOf(paid, 'fill.fee_paid', 'any'),
            },
      atMs: isoOf(row['fillTime'], 'fill.fillTime', exchangeNowMs),
    }
  })
  const oldestMs = rows.reduce((least, { atMs }) => Math.min(least, atMs), Number.POSITIVE_INFINITY)
  return { rows, next: all.length < fillRows ? null : new Date(oldestMs).toISOString() }
}

/**
 * Volume is in base of a linear contract, in contracts of an inverse one. An index is no market and has none: each of
 * its minutes counts as one unit that others traded, for it is a price all the same.
 */
export function candlesOf(
  value: unknown,
  { type }: Pick<Instrument, 'type'>,
  exchangeNowMs: number,
): Candle[] {
  return rowsOf(rowOf(value, 'candles')['candles'], 'candles', 10_000).map((each): Candle => {
    const row = rowOf(each, 'candles')
    const close = decimalOf(row['close'], 'candle.close', 'positive')
    const volume = type === 'spot' ? one : parseDecimal(amountOrZero(row['volume'], 'candle.volume'))
    return {
      minuteMs: millisOf(row['time'], 'candle.time', exchangeNowMs),
      open: decimalOf(row['open'], 'candle.open', 'positive'),
      close,
      baseVolume: toText(type === 'inverse' ? divide(volume, parseDecimal(close), 18) : volume),
      quoteVolume: null,
    }
  })
}
