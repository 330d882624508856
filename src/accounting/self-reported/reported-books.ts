import {
  absolute,
  add,
  compare,
  decimalFromInteger,
  maximum,
  multiply,
  negate,
  signOf,
  subtract,
  zero,
} from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { addExecuted, nothingExecuted, readExecuted, writeExecuted } from '../hour/bucket.ts'
import type { Executed } from '../hour/bucket.ts'
import type { Reader, Writer } from '../codec.ts'
import { AveragePosition, FifoPosition } from '../position/position.ts'
import type { Instrument } from '../position/position.ts'
import type { Trade } from './reported-trade.ts'
import { Trading } from '../position/trading.ts'

const instrument: Instrument = { kind: 'spot', contractSize: decimalFromInteger(1) }

interface Book {
  readonly average: AveragePosition
  readonly fifo: FifoPosition
  /** The last reported price. */
  mark: Decimal
  executed: Executed
  costPeakUsd: Decimal
}

const pnlOf = ({ average, mark, executed }: Book): Decimal =>
  subtract(add(average.realized, average.unrealized(mark)), executed.feesUsd)

/**
 * Positions of an account without balances. Capital in use is the running maximum of
 * Σ |q|·average cost + max(0, −cumulative net P&L): what its positions cost, and what was lost so far.
 */
export class ReportedBooks {
  readonly #books = new Map<string, Book>()
  #capitalUsd = zero
  /** Cost of all open positions. */
  #costUsd = zero
  /** Of all books: one trade moves one of them. */
  #pnlUsd = zero
  #trading = new Trading()
  #trades = 0

  get hasTraded(): boolean {
    return this.#trades > 0
  }

  get trading(): Trading {
    return this.#trading
  }

  get capitalUsd(): Decimal {
    return this.#capitalUsd
  }

  /** Net of fees, open positions at their last reported price. */
  pnlUsd(): Decimal {
    return this.#pnlUsd
  }

  /** `isForeign`: of before the account was there; positions need it, figures of trading do not count it. */
  apply(trade: Trade, isForeign: boolean): void {
    const book = this.#books.get(trade.symbol) ?? {
      average: new AveragePosition(instrument),
      fifo: new FifoPosition(instrument),
      mark: trade.price,
      executed: nothingExecuted,
      costPeakUsd: zero,
    }
    this.#books.set(trade.symbol, book)
    const execution = { side: trade.side, quantity: trade.size, price: trade.price }
    const held = book.fifo.quantity
    const worthUsd = multiply(trade.price, trade.size)
    this.#trading.pass(trade.atMs, this.#costUsd, !isForeign)
    this.#trading.begin(trade.symbol, trade.side, worthUsd, trade.fee, isForeign)
    const costBefore = book.average.cost
    const pnlBefore = pnlOf(book)
    book.average.apply(execution)
    const closed = book.fifo.apply(execution)
    this.#costUsd = add(this.#costUsd, subtract(book.average.cost, costBefore))
    if (closed !== null) this.#trading.gain(trade.symbol, closed.pnl)
    const isClosed = closed !== null && compare(closed.quantity, absolute(held)) === 0
    if (isClosed) this.#trading.flat(trade.symbol, trade.atMs, closed.quantity, trade.size)
    if (signOf(book.fifo.quantity) !== 0 && (isClosed || signOf(held) === 0))
      this.#trading.open(trade.symbol, trade.atMs)
    this.#trading.end(this.#costUsd)
    book.mark = trade.price
    book.executed = addExecuted(book.executed, executedBy(trade))
    book.costPeakUsd = maximum(book.costPeakUsd, book.average.cost)
    this.#pnlUsd = add(this.#pnlUsd, subtract(pnlOf(book), pnlBefore))
    this.#trades += 1
    const cost = this.#costUsd
    const lost = negate(this.pnlUsd())
    this.#capitalUsd = maximum(this.#capitalUsd, signOf(lost) > 0 ? add(cost, lost) : cost)
  }

  symbols(): {
    symbol: string
    executed: Executed
    realizedUsd: Decimal
    unrealizedUsd: Decimal
    costPeakUsd: Decimal
  }[] {
    return [...this.#books]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([symbol, { fifo, mark, executed, costPeakUsd }]) => ({
        symbol,
        executed,
        realizedUsd: fifo.realized,
        unrealizedUsd: fifo.unrealized(mark),
        costPeakUsd,
      }))
  }

  write(writer: Writer): void {
    writer.map(
      this.#books,
      (symbol) => writer.text(symbol),
      (book) => {
        book.average.write(writer)
        book.fifo.write(writer)
        writer.decimal(book.mark)
        writeExecuted(writer, book.executed)
        writer.decimal(book.costPeakUsd)
      },
    )
    writer.decimal(this.#capitalUsd)
    writer.decimal(this.#costUsd)
    this.#trading.write(writer)
    writer.count(this.#trades)
  }

  static read(reader: Reader): ReportedBooks {
    const books = new ReportedBooks()
    const read = reader.map(
      () => reader.text(),
      () => ({
        average: AveragePosition.read(reader, instrument),
        fifo: FifoPosition.read(reader, instrument),
        mark: reader.decimal(),
        executed: readExecuted(reader),
        costPeakUsd: reader.decimal(),
      }),
    )
    for (const [symbol, book] of read) {
      books.#books.set(symbol, book)
      books.#pnlUsd = add(books.#pnlUsd, pnlOf(book))
    }
    books.#capitalUsd = reader.decimal()
    books.#costUsd = reader.decimal()
    books.#trading = Trading.read(reader)
    books.#trades = reader.count()
    return books
  }
}

export function executedBy(trade: Trade): Executed {
  return {
    trades: 1,
    volumeBase: trade.size,
    volumeQuoteUsd: multiply(trade.price, trade.size),
    feesUsd: trade.fee,
  }
}
