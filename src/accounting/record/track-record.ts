import { dayMs, hourMs, zero } from '@perf-agg/sdk'
import {
  addExecuted,
  addIncomes,
  nothingExecuted,
  readExecuted,
  readIncomes,
  sameExecuted,
  subtractExecuted,
  writeExecuted,
  writeIncomes,
} from '../hour/bucket.ts'
import type { Executed, Incomes } from '../hour/bucket.ts'
import type { Reader, Writer } from '../codec.ts'
import type { Contracts } from '../ledger/contracts.ts'
import { DayCheckpoints } from './day-checkpoints.ts'
import { History, hoursBetween } from './history.ts'
import { origins, sameHour } from '../hour/hour-snapshot.ts'
import type { Gap, Hour } from '../hour/hour.ts'
import type { Draft, HourContext } from '../hour/hour-draft.ts'
import { Inventory } from '../position/inventory.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { FigureMemo, portfolioOf } from './portfolio.ts'
import type { PriceBook } from '../pricing/price-book.ts'
import type { Rules } from '../rules.ts'
import { symbolView } from './symbol-view.ts'
import { Trading } from '../position/trading.ts'
import { tradingFigures } from './trading-figures.ts'
import type { AccountView, SymbolView } from '../view.ts'

type HourDraft = Extract<Draft, { kind: 'hour' }>

/** An hour that can still be corrected: what it stood on, and its parts by symbol. */
interface Stated {
  readonly startMs: number
  readonly context: HourContext
  readonly bySymbol: ReadonlyMap<string, Executed>
  readonly incomeUsd: Incomes
}

/** What has been stated of an account, and the positions as of then: it only moves forward, hour by hour. */
export class TrackRecord {
  readonly #rules: Rules
  #firstHourMs: number
  /** Hours before it are backfilled: no figure of trading counts their fills. */
  readonly #liveFromMs: number
  #nextHourMs: number
  /** Start of the gap that the next hour has to carry. */
  #gapFromMs: number | null = null
  history = new History()
  #totals: Executed = nothingExecuted
  #symbols = new Map<string, Executed>()
  #incomes: Incomes = new Map()
  #stated = new Map<number, Stated>()
  /** Positions as of the last stated hour, and as of the beginning of what can still change; null: not opened. */
  #inventory: Inventory | null = null
  #base: Inventory | null = null
  readonly #days = new DayCheckpoints<Inventory>((inventory, writer) => inventory.write(writer))
  /** Made once for every thing stated, however often it is asked for. */
  #view: { readonly version: number; readonly view: AccountView } | null = null
  /** Nobody asks for the figures of most accounts. */
  #memo: FigureMemo | null = null

  constructor(firstHourMs: number, rules: Rules, liveFromMs: number) {
    this.#firstHourMs = firstHourMs
    this.#liveFromMs = liveFromMs
    this.#nextHourMs = firstHourMs
    this.#rules = rules
  }

  get nextHourMs(): number {
    return this.#nextHourMs
  }

  get firstHourMs(): number {
    return this.#firstHourMs
  }

  /** Before anything was stated: it begins later. */
  begin(atMs: number): void {
    if (this.history.count > 0 || this.history.gaps.length > 0 || atMs < this.#nextHourMs) return
    this.#firstHourMs = atMs
    this.#nextHourMs = atMs
  }

  get gapFromMs(): number | null {
    return this.#gapFromMs
  }

  /** Everything that was stated anew: each thing stated makes a version, and what is there was stated once. */
  get corrections(): number {
    const gapHours = this.history.gaps.reduce((sum, gap) => sum + hoursBetween(gap.fromMs, gap.toMs), 0)
    return this.history.version - this.history.count - gapHours
  }

  stated(startMs: number): Stated | null {
    return this.#stated.get(startMs) ?? null
  }

  statedHours(): Stated[] {
    return [...this.#stated.values()]
  }

  put(draft: HourDraft, context: HourContext, ledger: Ledger, book: PriceBook): void {
    const { hour, bucket, startUsd } = draft
    const { startMs } = hour
    this.history.put(hour)
    this.history.sawEquity(startMs, startUsd, this.#rules.peakWindowMs)
    if (hour.equityUsd !== null)
      this.history.sawEquity(startMs + hourMs, hour.equityUsd, this.#rules.peakWindowMs)
    const { bySymbol, incomeUsd } = bucket
    this.#count(bucket.whole, bucket, 1)
    this.#stated.set(startMs, { startMs, context, bySymbol, incomeUsd })
    this.#nextHourMs = startMs + hourMs
    this.#gapFromMs = null
    this.#inventory ??= this.#opened(startMs, ledger, book)
    this.#advance(this.#inventory, this.#nextHourMs, ledger)
  }

  /** Another version of a stated hour; false where it is the same. */
  replace({ hour, bucket }: HourDraft): boolean {
    const before = this.history.find(hour.startMs)
    const stated = this.#stated.get(hour.startMs)
    if (before === null || stated === undefined || sameHour(before, hour)) return false
    this.history.put(hour)
    const { bySymbol, incomeUsd } = bucket
    this.#count(before, stated, -1)
    this.#count(bucket.whole, bucket, 1)
    this.#stated.set(hour.startMs, { ...stated, bySymbol, incomeUsd })
    return true
  }

  #count(whole: Executed, parts: Pick<Stated, 'bySymbol' | 'incomeUsd'>, sign: 1 | -1): void {
    const combine = sign === 1 ? addExecuted : subtractExecuted
    const { trades, volumeBase, volumeQuoteUsd, feesUsd } = combine(this.#totals, whole)
    this.#totals = { trades, volumeBase, volumeQuoteUsd, feesUsd }
    this.#incomes = addIncomes(this.#incomes, parts.incomeUsd, sign)
    for (const [symbol, executed] of parts.bySymbol) {
      this.#symbols.set(symbol, combine(this.#symbols.get(symbol) ?? nothingExecuted, executed))
    }
  }

  /** The next hour can't be observed any more. */
  putGap(reason: string): Gap {
    const gap: Gap = { fromMs: this.#nextHourMs, toMs: this.#nextHourMs + hourMs, reason }
    this.history.putGap(gap.fromMs, gap.toMs, reason)
    this.#gapFromMs ??= gap.fromMs
    this.#nextHourMs = gap.toMs
    return gap
  }

  #opened(startMs: number, ledger: Ledger, book: PriceBook): Inventory {
    const inventory = new Inventory(startMs, book, ledger.contracts, this.#liveFromMs)
    inventory.open(ledger.balancesBefore(startMs) ?? new Map())
    return inventory
  }

  /** Positions anew from an instant on: from the start of its day, or from where nothing can change any more. */
  rebuild(fromMs: number, ledger: Ledger, book: PriceBook): void {
    const first = this.history.hours()[0]
    if (first === undefined || this.#inventory === null) return
    const { untilMs } = this.#inventory
    const day = this.#days.before(fromMs, (reader) =>
      Inventory.read(reader, book, ledger.contracts, this.#liveFromMs),
    )
    this.#days.dropFrom(fromMs + 1)
    this.#inventory = day?.state ?? this.#base?.clone() ?? this.#opened(first.startMs, ledger, book)
    this.#advance(this.#inventory, untilMs, ledger)
  }

  /** Day by day: where each of them begins is kept. */
  #advance(inventory: Inventory, toMs: number, ledger: Ledger): void {
    while (inventory.untilMs < toMs) {
      const dayEndMs = (Math.floor(inventory.untilMs / dayMs) + 1) * dayMs
      advance(inventory, Math.min(dayEndMs, toMs), ledger)
      if (inventory.untilMs === dayEndMs) this.#days.keep(dayEndMs, inventory)
    }
  }

  /** To be called before the ledger forgets. */
  fold(beforeMs: number, ledger: Ledger, book: PriceBook): void {
    const first = this.history.hours()[0]
    if (first !== undefined && first.startMs < beforeMs) {
      this.#base ??= this.#opened(first.startMs, ledger, book)
      advance(this.#base, beforeMs, ledger)
    }
    this.history.fold(beforeMs)
    this.#days.dropBefore(beforeMs)
    for (const startMs of this.#stated.keys()) if (startMs < beforeMs) this.#stated.delete(startMs)
  }

  view(): AccountView {
    if (this.#view?.version !== this.history.version) {
      this.#view = { version: this.history.version, view: this.#makeView() }
    }
    return this.#view.view
  }

  #makeView(): AccountView {
    const hours = this.history.hours()
    const last = hours.at(-1)
    const of = (origin: Hour['origin']): number => hours.filter((hour) => hour.origin === origin).length
    return {
      asOfMs: last === undefined ? null : last.startMs + hourMs,
      totals: this.#totals,
      symbols: this.#symbolViews(),
      coverage: {
        hoursExpected: hoursBetween(this.#firstHourMs, this.#nextHourMs),
        observed: of('observed'),
        recovered: of('recovered'),
        backfilled: of('backfilled'),
        gaps: [...this.history.gaps],
        reconciled: !hours.some((hour) => hour.marks.unreconciled !== undefined),
      },
      portfolio: portfolioOf(
        hours,
        this.history.gaps.filter(({ toMs }) => toMs > this.#liveFromMs),
        (this.#memo ??= new FigureMemo()),
        this.history.changeableFromMs,
        this.history.firstReturns,
      ),
      trading: tradingFigures(this.#inventory?.trading ?? new Trading()),
      incomeUsd: Object.fromEntries(this.#incomes),
      hours,
      equityUsd: last?.equityUsd ?? null,
      method: 'twr',
    }
  }

  #symbolViews(): SymbolView[] {
    const made = this.#inventory?.symbols()
    const none = { realizedUsd: zero, unrealizedUsd: zero, costPeakUsd: zero }
    return [...this.#symbols]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([symbol, executed]) => symbolView(symbol, executed, made?.get(symbol) ?? none))
  }

  write(writer: Writer): void {
    writer.count(this.#firstHourMs)
    writer.count(this.#nextHourMs)
    writer.optional(this.#gapFromMs, (fromMs) => writer.count(fromMs))
    this.history.write(writer)
    writeExecuted(writer, this.#totals)
    writer.map(
      this.#symbols,
      (symbol) => writer.name(symbol),
      (executed) => writeExecuted(writer, executed),
    )
    writer.map(
      this.#stated,
      (startMs) => writer.instant(startMs),
      (stated) => {
        const { context, incomeUsd } = stated
        writer.count(origins.indexOf(context.origin))
        writer.repeated(context.peakUsd)
        writer.optional(context.gapFromMs, (fromMs) => writer.instant(fromMs))
        writer.instant(context.trustedMs)
        this.#writeParts(writer, stated)
        writeIncomes(writer, incomeUsd)
      },
    )
    writeIncomes(writer, this.#incomes)
    writer.optional(this.#inventory, (inventory) => inventory.write(writer))
    writer.optional(this.#base, (base) => base.write(writer))
  }

  /** The one symbol of an hour that traded nothing else: its part is the whole. */
  #onlySymbol({ startMs, bySymbol }: Pick<Stated, 'startMs' | 'bySymbol'>): string | null {
    const [only] = bySymbol
    const whole = this.history.find(startMs)
    return bySymbol.size === 1 && only !== undefined && whole !== null && sameExecuted(only[1], whole)
      ? only[0]
      : null
  }

  #writeParts(writer: Writer, stated: Stated): void {
    const only = this.#onlySymbol(stated)
    writer.optional(only, (symbol) => writer.name(symbol))
    if (only !== null) return
    writer.map(
      stated.bySymbol,
      (symbol) => writer.name(symbol),
      (executed) => writeExecuted(writer, executed),
    )
  }

  #readParts(reader: Reader, startMs: number): ReadonlyMap<string, Executed> {
    const only = reader.optional(() => reader.name())
    if (only !== null) {
      const { trades, volumeBase, volumeQuoteUsd, feesUsd } = this.history.find(startMs) ?? reader.refuse()
      return new Map([[only, { trades, volumeBase, volumeQuoteUsd, feesUsd }]])
    }
    const bySymbol = reader.map(
      () => reader.name(),
      () => readExecuted(reader),
    )
    return this.#onlySymbol({ startMs, bySymbol }) === null ? bySymbol : reader.refuse()
  }

  static read(
    reader: Reader,
    { rules, liveFromMs }: { readonly rules: Rules; readonly liveFromMs: number },
    book: PriceBook,
    contracts: Contracts,
  ): TrackRecord {
    const record = new TrackRecord(reader.count(), rules, liveFromMs)
    record.#nextHourMs = reader.count()
    record.#gapFromMs = reader.optional(() => reader.count())
    record.history = History.read(reader)
    record.#totals = readExecuted(reader)
    record.#symbols = reader.map(
      () => reader.name(),
      () => readExecuted(reader),
    )
    let startMs = 0
    record.#stated = reader.map(
      () => (startMs = reader.instant()),
      () => ({
        startMs,
        context: {
          origin: reader.oneOf(origins),
          peakUsd: reader.repeated(),
          gapFromMs: reader.optional(() => reader.instant()),
          trustedMs: reader.instant(),
        },
        bySymbol: record.#readParts(reader, startMs),
        incomeUsd: readIncomes(reader),
      }),
    )
    record.#incomes = readIncomes(reader)
    record.#inventory = reader.optional(() => Inventory.read(reader, book, contracts, liveFromMs))
    record.#base = reader.optional(() => Inventory.read(reader, book, contracts, liveFromMs))
    return record
  }
}

/** Takes positions on hour by hour: the hours' ends are where costs are seen and first prices come in. */
function advance(inventory: Inventory, toMs: number, ledger: Ledger): void {
  for (let at = inventory.untilMs; at < toMs; at += hourMs) {
    const endMs = at + hourMs
    inventory.advance({
      toMs: endMs,
      entries: ledger.entries(at, endMs),
      residuals: ledger.residuals(at, endMs, Number.MAX_SAFE_INTEGER),
    })
  }
}
