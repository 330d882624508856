import { hourMs, hourOf, minuteMs } from '@perf-agg/sdk'
import type { Fill } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Called, Calls } from '../call.ts'
import { CollectorFailure } from '../failure.ts'
import type { Urgency } from '../limiter.ts'
import type { KnownSymbol, Mark } from './cursor.ts'
import { endpoints } from './endpoint.ts'
import { fillsOf, type Listing } from './row.ts'

/** Late fills may come in below the newest one: every read goes back a little, one an hour goes back a day. */
export const nearMs = 10 * minuteMs
export const farMs = 26 * hourMs

const pageRows = 1_000
const windowMs = 24 * hourMs

type Symbol = Omit<Listing, 'active'>

/** Fills of one poll, by symbol and id: binance's ids are unique within a symbol only. */
export class Fills {
  readonly #caller: Calls
  readonly #exchangeNowMs: number
  readonly #known: Map<string, KnownSymbol>
  readonly #read = new Map<string, Map<number, Fill>>()
  #rows = 0
  /** More rows than one poll takes: the rest comes with the next. */
  cut = false
  /** A fill that was seen before is gone from the list: history does not reach back to it. */
  readonly truncated: {
    readonly symbol: string
    readonly knownAtMs: number
    readonly reachesToMs: number
  }[] = []

  constructor(caller: Calls, known: readonly KnownSymbol[], exchangeNowMs: number) {
    this.#caller = caller
    this.#exchangeNowMs = exchangeNowMs
    this.#known = new Map(known.map((symbol) => [symbol.id, symbol]))
  }

  get known(): readonly KnownSymbol[] {
    return [...this.#known.values()]
  }

  isKnown(id: string): boolean {
    return this.#known.has(id)
  }

  wasRead(id: string): boolean {
    return this.#read.has(id)
  }

  /** All fills read, oldest first. */
  all(): Fill[] {
    return [...this.#read.values()]
      .flatMap((fills) => [...fills.values()])
      .toSorted((a, b) => a.atMs - b.atMs || Number(a.id) - Number(b.id))
  }

  /**
   * Reads on from where the symbol's marks say: `near` from shortly before `fromMs` (what is unexplained began
   * there), `far` from a day back, `on` from the last one (the poll before was cut off there).
   */
  async readKnown(id: string, reach: 'near' | 'far' | 'on', fromMs: number): Promise<void> {
    const symbol = this.#known.get(id)
    if (symbol === undefined) throw new RangeError('not a known symbol')
    const startMs = Math.min(fromMs, symbol.lastAtMs) - nearMs
    const near = symbol.marks.findLast(({ atMs }) => atMs <= startMs)
    const far = symbol.marks[0]
    const start = reach === 'on' ? symbol.marks.at(-1) : reach === 'near' ? (near ?? far) : far
    // Where even the oldest mark is younger than what is looked for, a late fill may lie below it.
    if (start === undefined || (reach !== 'on' && start.atMs > fromMs))
      return this.readUnknown(symbol, fromMs)
    try {
      const rows = await this.#onFrom(symbol, start.id)
      // `fromId` includes that id itself
      if (rows[0]?.id === String(start.id)) return
      this.truncated.push({
        symbol: id,
        knownAtMs: start.atMs,
        reachesToMs: rows[0]?.atMs ?? this.#exchangeNowMs,
      })
      this.#known.set(id, { ...symbol, marks: this.#marks(symbol, false) })
    } catch (error) {
      if (!isGone(error)) throw error
      this.#read.set(id, this.#read.get(id) ?? new Map())
    }
  }

  /** Again from the last fill on: something happened since. */
  async readAgain(id: string): Promise<void> {
    const last = [...(this.#read.get(id)?.keys() ?? [])].at(-1)
    const symbol = this.#known.get(id)
    if (symbol !== undefined && last !== undefined) await this.#onFrom(symbol, last)
  }

  /** A symbol of which nothing is known: its newest fills, and what lies between them and `fromMs`. */
  async readUnknown(symbol: Symbol, fromMs: number, urgency: Urgency = 'needed'): Promise<void> {
    try {
      const newest = await this.#page(symbol, {}, urgency)
      const oldest = newest[0]
      if (newest.length < pageRows || oldest === undefined || oldest.atMs <= fromMs) return
      for (let startMs = fromMs; startMs < oldest.atMs; startMs += windowMs) {
        const window = { startTime: startMs, endTime: Math.min(startMs + windowMs - 1, oldest.atMs) }
        const first = (await this.#page(symbol, window, urgency)).at(-1)
        if (first !== undefined) {
          await this.#onFrom(symbol, Number(first.id), Number(oldest.id))
          return
        }
      }
    } catch (error) {
      if (!isGone(error)) throw error
      this.#read.set(symbol.id, this.#read.get(symbol.id) ?? new Map())
    }
  }

  /** Pages by id: equal times can't be lost at a page's edge. Gives the rows read, in order. */
  async #onFrom(symbol: Symbol, fromId: number, untilId = Number.POSITIVE_INFINITY): Promise<Fill[]> {
    const rows: Fill[] = []
    let nextId = fromId
    for (let page = 0; nextId < untilId; page += 1) {
      if (page >= limits.collector.pagesMax || this.#rows >= limits.collector.fillsMax) {
        this.cut = true
        break
      }
      const fills = await this.#page(symbol, { fromId: nextId })
      rows.push(...fills)
      const last = fills.at(-1)
      if (fills.length < pageRows || last === undefined) break
      nextId = Number(last.id) + 1
    }
    return rows
  }

  async #page(
    symbol: Symbol,
    parameters: Readonly<Record<string, number>>,
    urgency: Urgency = 'needed',
  ): Promise<Fill[]> {
    const called: Called = await this.#caller.call(
      endpoints.myTrades,
      { symbol: symbol.id, limit: pageRows, ...parameters },
      urgency,
    )
    const fills = fillsOf(called.value, symbol, this.#exchangeNowMs).toSorted(
      (a, b) => Number(a.id) - Number(b.id),
    )
    const read = this.#read.get(symbol.id) ?? new Map<number, Fill>()
    for (const fill of fills) {
      if (!read.has(Number(fill.id))) this.#rows += 1
      read.set(Number(fill.id), fill)
    }
    this.#read.set(symbol.id, new Map([...read].toSorted(([a], [b]) => a - b)))
    this.#remember(symbol)
    return fills
  }

  #remember(symbol: Symbol): void {
    const fills = this.#read.get(symbol.id)
    if (fills === undefined || fills.size === 0) return
    const before = this.#known.get(symbol.id)
    let lastAtMs = before?.lastAtMs ?? 0
    for (const { atMs } of fills.values()) lastAtMs = Math.max(lastAtMs, atMs)
    const known = {
      id: symbol.id,
      base: symbol.base,
      quote: symbol.quote,
      lastAtMs,
      marks: before?.marks ?? [],
    }
    this.#known.set(symbol.id, { ...known, marks: this.#marks(known, true) })
  }

  /** One mark an hour for a day back, and the last one before that. */
  #marks(symbol: KnownSymbol, withOlder: boolean): readonly Mark[] {
    const marks = new Map<number, Mark>()
    const offer = (mark: Mark): void => {
      const hour = hourOf(mark.atMs)
      const present = marks.get(hour)
      if (present === undefined || mark.id < present.id) marks.set(hour, mark)
    }
    if (withOlder) for (const mark of symbol.marks) offer(mark)
    for (const [id, { atMs }] of this.#read.get(symbol.id) ?? []) offer({ id, atMs })
    const sorted = [...marks.values()].toSorted((a, b) => a.id - b.id)
    const firstRecent = sorted.findIndex(({ atMs }) => atMs >= this.#exchangeNowMs - farMs)
    return firstRecent === -1 ? sorted.slice(-1) : sorted.slice(Math.max(firstRecent - 1, 0))
  }
}

/** `-1121`: a symbol that has left the exchange for good. Its fills can't be read any more; residuals catch them. */
function isGone(error: unknown): boolean {
  return error instanceof CollectorFailure && error.failure.exchangeCode === '-1121'
}
