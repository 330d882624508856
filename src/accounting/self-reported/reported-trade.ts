import { InputError, minuteMs } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Reader, Writer } from '../codec.ts'
import {
  Refusal,
  readAmount,
  readId,
  readInstant,
  readOneOf,
  readPositive,
  readSymbol,
} from '../entry/door.ts'

/** A trade as its owner reports it; the fee is in quote currency, which counts as USD. */
export interface ReportedTrade {
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  /** Decimal strings. */
  readonly price: string
  readonly size: string
  readonly fee: string
  readonly atMs: number
  /** Two trades of one id are one. */
  readonly id: string | null
}

export interface Trade {
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly price: Decimal
  readonly size: Decimal
  readonly fee: Decimal
  readonly atMs: number
  readonly id: string | null
  /** Order of arrival: equal times keep the order in which they were reported. */
  readonly sequence: number
}

/** Clocks of reporters may be ahead by so much. */
const aheadMs = minuteMs

/** @throws {InputError} `TRADE_INVALID`, `TRADE_IN_FUTURE` */
export function readReportedTrade(trade: ReportedTrade, receivedAtMs: number, sequence: number): Trade {
  try {
    return {
      symbol: readSymbol(trade.symbol),
      side: readOneOf(trade.side, ['buy', 'sell'], 'side-unknown'),
      price: readPositive(trade.price),
      size: readPositive(trade.size),
      fee: readAmount(trade.fee),
      atMs: readInstant(trade.atMs, receivedAtMs + aheadMs),
      id: trade.id === null ? null : readId(trade.id),
      sequence,
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.reason === 'time-in-future') {
      throw new InputError('TRADE_IN_FUTURE', 'the trade is stamped later than now', {
        hint: 'timestamps are milliseconds since 1970, UTC',
      })
    }
    throw new InputError('TRADE_INVALID', `the trade can't be taken: ${error.reason}`, {
      hint: 'price and size are positive decimal numbers, side is buy or sell',
    })
  }
}

/** What makes a trade the same as another; without an id it is like no other. */
export const nameOf = (trade: Trade): string | null =>
  trade.id === null ? null : JSON.stringify([trade.symbol, trade.id])

export function writeTrade(writer: Writer, trade: Trade): void {
  writer.name(trade.symbol)
  writer.flag(trade.side === 'buy')
  writer.decimal(trade.price)
  writer.decimal(trade.size)
  writer.decimal(trade.fee)
  writer.instant(trade.atMs)
  writer.optional(trade.id, (id) => writer.text(id))
  writer.count(trade.sequence)
}

export function readTrade(reader: Reader): Trade {
  return {
    symbol: reader.name(),
    side: reader.flag() ? 'buy' : 'sell',
    price: reader.decimal(),
    size: reader.decimal(),
    fee: reader.decimal(),
    atMs: reader.instant(),
    id: reader.optional(() => reader.text()),
    sequence: reader.count(),
  }
}
