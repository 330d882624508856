import { InputError, add, dayMs, hourMs, hourOf, minuteMs, signOf, subtract, zero } from '@perf-agg/sdk'
import {
  addExecuted,
  nothingExecuted,
  readExecuted,
  subtractExecuted,
  writeExecuted,
} from '../hour/bucket.ts'
import type { Executed } from '../hour/bucket.ts'
import { Reader, Writer } from '../codec.ts'
import { DayCheckpoints } from '../record/day-checkpoints.ts'
import { History } from '../record/history.ts'
import { sameHour } from '../hour/hour-snapshot.ts'
import type { Closed, Correction, Hour } from '../hour/hour.ts'
import { FigureMemo, portfolioOf } from '../record/portfolio.ts'
import { ReportedBooks, executedBy } from './reported-books.ts'
import { PackedList, bytesOf, textOf } from '../record/packed-list.ts'
import type { PackedForm } from '../record/packed-list.ts'
import { nameOf, readReportedTrade, readTrade, writeTrade } from './reported-trade.ts'
import type { ReportedTrade, Trade } from './reported-trade.ts'
import { percentOf } from '../hour/sub-period.ts'
import { symbolView } from '../record/symbol-view.ts'
import { tradingFigures } from '../record/trading-figures.ts'
import type { AccountView } from '../view.ts'

export type { ReportedTrade } from './reported-trade.ts'

export interface SelfReportedOptions {
  /** Every hour from the one that holds this instant is stated; earlier ones where trades came for them, `backfilled`. */
  readonly openedAtMs: number
  /** How long after its end, or after the last trade taken for it, an hour waits. */
  readonly graceMs: number
  readonly correctionWindowMs: number
}

/** When trades came for an hour, or for hours that were stated already. */
interface Arrivals {
  readonly firstMs: number
  readonly lastMs: number
}

const magic = 'perf-agg self-reported 4'
/** However long trades drip in: after this an hour is stated. */
const patienceMs = 15 * minuteMs
const tradesMax = 200_000
const tradeForm: PackedForm<Trade> = { atMs: ({ atMs }) => atMs, write: writeTrade, read: readTrade }

/** One account whose trades are reported by its owner (`mock`, `push`): no balances, so returns on capital in use. */
export class SelfReported {
  readonly #options: SelfReportedOptions
  /** What is older than the correction window is in; it does not change any more. */
  #base = packed(new ReportedBooks())
  #foldedMs = 0
  /** Everything up to the last stated hour. */
  #books = new ReportedBooks()
  #trades = new PackedList(tradeForm, 32, 16)
  readonly #names = new Set<string>()
  #sequence = 0
  #history = new History()
  #totals: Executed = nothingExecuted
  /** Pending hours that have trades. */
  #arrivals = new Map<number, Arrivals>()
  /** `fromMs`: of the earliest. */
  #late: (Arrivals & { readonly records: readonly string[]; readonly fromMs: number }) | null = null
  readonly #days = new DayCheckpoints<ReportedBooks>((books, writer) => books.write(writer))
  #nextLiveMs: number
  /** Made once for every hour stated, however often it is asked for. */
  #view: { readonly version: number; readonly view: AccountView } | null = null
  /** Nobody asks for the figures of most accounts. */
  #memo: FigureMemo | null = null

  private constructor(options: SelfReportedOptions) {
    this.#options = options
    this.#nextLiveMs = hourOf(options.openedAtMs)
  }

  static open(options: SelfReportedOptions): SelfReported {
    return new SelfReported(options)
  }

  /** Start of the last hour that was stated. */
  get #lastStatedMs(): number {
    return this.#history.lastMs ?? Number.NEGATIVE_INFINITY
  }

  /**
   * @returns false for a trade already taken
   * @throws {InputError} `TRADE_INVALID`, `TRADE_IN_FUTURE`, `TRADE_TOO_OLD`, `TRADE_TOO_MANY`
   */
  takeTrade(reported: ReportedTrade, receivedAtMs: number): boolean {
    const trade = readReportedTrade(reported, receivedAtMs, this.#sequence)
    if (trade.atMs < this.#foldedMs) {
      throw new InputError('TRADE_TOO_OLD', 'the trade is older than what can still be corrected')
    }
    const name = nameOf(trade)
    if (name !== null && this.#names.has(name)) return false
    if (this.#trades.count >= tradesMax) {
      throw new InputError('TRADE_TOO_MANY', 'too many trades in the correction window', { action: 'retry' })
    }
    if (name !== null) this.#names.add(name)
    this.#sequence += 1
    this.#trades.put(trade)
    const startMs = hourOf(trade.atMs)
    if (startMs > this.#lastStatedMs) {
      this.#arrivals.set(startMs, arrived(this.#arrivals.get(startMs), receivedAtMs))
    } else {
      const records = [...(this.#late?.records ?? []), trade.id ?? `#${trade.sequence}`]
      const fromMs = Math.min(this.#late?.fromMs ?? trade.atMs, trade.atMs)
      this.#late = { ...arrived(this.#late ?? undefined, receivedAtMs), records, fromMs }
    }
    return true
  }

  /** The next hour to be stated: an earlier one with trades, or the next in turn. */
  #nextHourMs(): number {
    let next = this.#nextLiveMs
    for (const startMs of this.#arrivals.keys()) next = Math.min(next, startMs)
    return next
  }

  #readyMs(startMs: number): number {
    const endMs = startMs + hourMs
    const arrivals = this.#arrivals.get(startMs)
    if (arrivals === undefined) return endMs + this.#options.graceMs
    const quietMs = Math.max(endMs, arrivals.lastMs) + this.#options.graceMs
    return Math.min(quietMs, Math.max(endMs, arrivals.firstMs) + patienceMs)
  }

  #correctionMs(): number {
    if (this.#late === null) return Number.POSITIVE_INFINITY
    return Math.min(this.#late.lastMs + this.#options.graceMs, this.#late.firstMs + patienceMs)
  }

  /** When `close` has something to do next. */
  nextDueMs(): number {
    return Math.min(this.#readyMs(this.#nextHourMs()), this.#correctionMs())
  }

  /** States what has waited for long enough. */
  close(nowMs: number): Closed {
    return this.#close(nowMs >= this.#correctionMs(), (startMs) => nowMs >= this.#readyMs(startMs))
  }

  /** States all that is over, however short it has waited: nothing comes any more. */
  settle(nowMs: number): Closed {
    return this.#close(this.#late !== null, (startMs) => nowMs >= startMs + hourMs)
  }

  #close(isCorrected: boolean, isReady: (startMs: number) => boolean): Closed {
    const corrections = isCorrected ? this.#correct() : []
    const hours: Hour[] = []
    for (let startMs = this.#nextHourMs(); isReady(startMs); startMs = this.#nextHourMs()) {
      hours.push(this.#state(startMs))
    }
    if (hours.length > 0) this.#fold()
    return { hours, gaps: [], corrections }
  }

  #state(startMs: number): Hour {
    if (this.#late !== null) this.#books = this.#replayed(this.#late.fromMs, startMs)
    const hour = this.#made(startMs, this.#books)
    this.#history.put(hour)
    this.#totals = addExecuted(this.#totals, hour)
    this.#arrivals.delete(startMs)
    if (startMs === this.#nextLiveMs) this.#nextLiveMs += hourMs
    return hour
  }

  /** Takes the books through one hour. */
  #made(startMs: number, books: ReportedBooks): Hour {
    const before = books.pnlUsd()
    let executed = nothingExecuted
    for (const trade of this.#between(startMs, startMs + hourMs)) {
      books.apply(trade, this.#isForeign(trade))
      executed = addExecuted(executed, executedBy(trade))
    }
    const capital = books.capitalUsd
    const pnl = subtract(books.pnlUsd(), before)
    const isDefined = books.hasTraded && signOf(capital) > 0
    const endMs = startMs + hourMs
    if (endMs % dayMs === 0) this.#days.keep(endMs, books)
    return {
      startMs,
      origin: startMs < hourOf(this.#options.openedAtMs) ? 'backfilled' : 'observed',
      returnPct: isDefined ? percentOf({ top: add(capital, pnl), bottom: capital }) : null,
      returnReason: isDefined ? null : 'no_trades_yet',
      ...executed,
      equityUsd: null,
      flows: { count: 0, netUsd: zero },
      marks: {},
    }
  }

  #between(fromMs: number, toMs: number): Trade[] {
    return this.#trades.between(fromMs, toMs)
  }

  #isForeign({ atMs }: Trade): boolean {
    return atMs < hourOf(this.#options.openedAtMs)
  }

  /** Books that nothing after an instant has touched, and where they stand: at the start of its day where that was kept. */
  #booksAt(atMs: number): { readonly atMs: number; readonly state: ReportedBooks } {
    return (
      this.#days.before(atMs, (reader) => ReportedBooks.read(reader)) ?? {
        atMs: 0,
        state: unpacked(this.#base),
      }
    )
  }

  #replayed(fromMs: number, toMs: number): ReportedBooks {
    const { atMs, state } = this.#booksAt(fromMs)
    for (const trade of this.#between(atMs, toMs)) state.apply(trade, this.#isForeign(trade))
    return state
  }

  /** Late trades move their own hour and, by cost and capital, later ones: all are made again. */
  #correct(): Correction[] {
    const { records, fromMs } = this.#late ?? { records: [], fromMs: 0 }
    this.#late = null
    const { atMs, state: books } = this.#booksAt(fromMs)
    this.#days.dropFrom(fromMs + 1)
    const lastMs = this.#lastStatedMs
    const stated = this.#history.since(Math.max(atMs, this.#foldedMs)).map(({ startMs }) => startMs)
    const traded = this.#between(atMs, lastMs + hourMs).map((trade) => hourOf(trade.atMs))
    const starts = [...new Set([...stated, ...traded])].toSorted((a, b) => a - b)
    const changed: Hour[] = []
    for (const startMs of starts) {
      const hour = this.#made(startMs, books)
      const before = this.#history.find(startMs)
      if (before !== null && sameHour(before, hour)) continue
      if (before !== null) this.#totals = subtractExecuted(this.#totals, before)
      this.#totals = addExecuted(this.#totals, hour)
      this.#history.put(hour)
      changed.push(hour)
    }
    this.#books = books
    return changed.length === 0 ? [] : [{ hours: changed, cause: 'late-fill', records }]
  }

  #fold(): void {
    const beforeMs = this.#lastStatedMs - this.#options.correctionWindowMs
    const oldest = this.#trades.firstMs ?? this.#history.firstRecentMs
    if (oldest === null || oldest >= beforeMs - 24 * hourMs || this.#late !== null) return
    const base = unpacked(this.#base)
    for (const trade of this.#trades.takeBefore(beforeMs)) {
      base.apply(trade, this.#isForeign(trade))
      const name = nameOf(trade)
      if (name !== null) this.#names.delete(name)
    }
    this.#base = packed(base)
    this.#history.fold(beforeMs)
    this.#days.dropBefore(beforeMs)
    this.#foldedMs = beforeMs
  }

  view(_nowMs: number): AccountView {
    if (this.#view?.version !== this.#history.version) {
      this.#view = { version: this.#history.version, view: this.#makeView() }
    }
    return this.#view.view
  }

  #makeView(): AccountView {
    const hours = this.#history.hours()
    const last = hours.at(-1)
    const of = (origin: Hour['origin']): number => hours.filter((hour) => hour.origin === origin).length
    return {
      asOfMs: last === undefined ? null : last.startMs + hourMs,
      totals: this.#totals,
      symbols: this.#books
        .symbols()
        .map(({ symbol, executed, ...made }) => symbolView(symbol, executed, made)),
      coverage: {
        hoursExpected: hours.length,
        observed: of('observed'),
        recovered: 0,
        backfilled: of('backfilled'),
        gaps: [],
        reconciled: true,
      },
      portfolio: portfolioOf(
        hours,
        [],
        (this.#memo ??= new FigureMemo()),
        this.#history.changeableFromMs,
        this.#history.firstReturns,
      ),
      trading: tradingFigures(this.#books.trading),
      incomeUsd: {},
      hours,
      equityUsd: null,
      method: 'capital-in-use',
    }
  }

  /** The whole state, the same bytes for the same state. */
  snapshot(): Uint8Array {
    const writer = new Writer()
    const count = (value: number): void => writer.count(value)
    writer.text(magic)
    count(this.#options.openedAtMs)
    count(this.#options.graceMs)
    count(this.#options.correctionWindowMs)
    count(this.#foldedMs)
    count(this.#sequence)
    count(this.#nextLiveMs)
    unpacked(this.#base).write(writer)
    this.#books.write(writer)
    writer.list(this.#trades.all(), (trade) => writeTrade(writer, trade))
    this.#history.write(writer)
    writeExecuted(writer, this.#totals)
    writer.map(this.#arrivals, count, (arrivals) => {
      count(arrivals.firstMs)
      count(arrivals.lastMs)
    })
    writer.optional(this.#late, (late) => {
      count(late.firstMs)
      count(late.lastMs)
      count(late.fromMs)
      writer.list(late.records, (record) => writer.text(record))
    })
    return writer.finish()
  }

  /** @throws {InputError} `SNAPSHOT_INVALID` unless the bytes are exactly what `snapshot` wrote */
  static restore(bytes: Uint8Array): SelfReported {
    const reader = new Reader(bytes)
    const count = (): number => reader.count()
    reader.form(magic)
    const account = new SelfReported({ openedAtMs: count(), graceMs: count(), correctionWindowMs: count() })
    account.#foldedMs = count()
    account.#sequence = count()
    account.#nextLiveMs = count()
    account.#base = packed(ReportedBooks.read(reader))
    account.#books = ReportedBooks.read(reader)
    for (const trade of reader.list(() => readTrade(reader))) {
      account.#trades.put(trade)
      const name = nameOf(trade)
      if (name !== null) account.#names.add(name)
    }
    account.#history = History.read(reader)
    account.#totals = readExecuted(reader)
    account.#arrivals = reader.map(count, () => ({ firstMs: count(), lastMs: count() }))
    account.#late = reader.optional(() => ({
      firstMs: count(),
      lastMs: count(),
      fromMs: count(),
      records: reader.list(() => reader.text()),
    }))
    reader.end()
    return account
  }
}

/** Books that are seldom looked at, in a tenth of the room. */
function packed(books: ReportedBooks): string {
  const writer = new Writer()
  books.write(writer)
  return textOf(writer.finish())
}

function unpacked(text: string): ReportedBooks {
  return ReportedBooks.read(new Reader(bytesOf(text)))
}

function arrived(known: Arrivals | undefined, atMs: number): Arrivals {
  return { firstMs: known?.firstMs ?? atMs, lastMs: Math.max(known?.lastMs ?? atMs, atMs) }
}
