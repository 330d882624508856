import { dayMs, minuteMs } from '@perf-agg/sdk'
import type { Amount, Position } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Calls, Endpoint } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { invalidAnswer } from '../failure.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import { endpoints } from './endpoint.ts'
import type { Category } from './instrument.ts'
import { executedTypes } from './kind.ts'
import type { Listings } from './listings.ts'
import { positionsOf } from './position.ts'
import { keptMsOf } from '../reach.ts'
import { executionsOf, holdingOf, type Line, linesOf, type Page, refuseAccount } from './row.ts'
import { tell } from './tell.ts'

/** The exchange answers for so long a span at most. */
const spanMs = 7 * dayMs - 1
/** Pages of one poll, all lists together. */
const pagesMax = 60
/** A span with more pages than that is cut into halves. */
const pagesOfSpanMax = 20

type Parameters = Readonly<Record<string, string | number>>

export interface BybitWatch {
  readonly caller: Calls
  readonly listings: Listings
  readonly clock: Pick<JobClock, 'exchangeNowMs'>
  readonly categories: readonly Category[]
  /** What is borrowed to trade with is counted; else who owes is refused. */
  readonly mayBorrow: boolean
}

/** The unified wallet of one account, its positions, its transaction log and its executions. */
export class BybitLedger implements LedgerSource {
  readonly historyMs = keptMsOf('bybit', 'spot', '')
  readonly #watch: BybitWatch
  readonly #strange = new Set<string>()
  #accrued: readonly Amount[] = []
  #pages = 0

  constructor(watch: BybitWatch) {
    this.#watch = watch
  }

  /** Kinds of executions that are not known here. */
  get unavailable(): readonly string[] {
    return [...this.#strange].map((type) => `execution.${type}`)
  }

  async balances(): Promise<readonly Amount[]> {
    const { caller, categories, mayBorrow } = this.#watch
    const { value } = await caller.call(endpoints.walletBalance, { accountType: 'UNIFIED' })
    const { balances, more, accrued } = holdingOf(value)
    this.#accrued = accrued
    if (more === 'borrowed' && !mayBorrow) throw refuseAccount(more)
    if (more === 'positions' && !categories.some((category) => category !== 'spot')) throw refuseAccount(more)
    return balances
  }

  accrued(): readonly Amount[] {
    return this.#accrued
  }

  async positions(): Promise<readonly Position[]> {
    const positions: Position[] = []
    const { categories, listings } = this.#watch
    for (const category of categories) {
      if (category === 'spot') continue
      // linear ones are told for one coin at a time
      const settles = category === 'linear' ? listings.settles(category) : [null]
      for (const settle of settles) positions.push(...(await this.#positionsOf(category, settle)))
    }
    return positions
  }

  async #positionsOf(category: 'linear' | 'inverse', settle: string | null): Promise<Position[]> {
    const { caller, listings } = this.#watch
    // a page that comes twice is one
    const rows = new Map<string, Position>()
    const first: Parameters = { category, limit: 200, ...(settle === null ? {} : { settleCoin: settle }) }
    let cursor: string | null = null
    for (let page = 0; page < limits.collector.pagesMax; page += 1) {
      const asked: Parameters = cursor === null ? first : { ...first, cursor }
      const { value } = await caller.call(endpoints.positions, asked)
      const answer: Page<Position> = positionsOf(value, category, (of, id) => listings.byName(of, id), settle)
      for (const row of answer.rows) rows.set(`${row.symbol} ${row.quantity} ${row.entry}`, row)
      if (answer.cursor === null || answer.sent === 0 || answer.cursor === cursor) return [...rows.values()]
      cursor = answer.cursor
    }
    throw invalidAnswer('positions.nextPageCursor')
  }

  async read(fromMs: number, thorough: boolean): Promise<Reading> {
    const { clock, categories, listings } = this.#watch
    const nowMs = clock.exchangeNowMs()
    const lines = new Map<string, Line>()
    const executions = new Map<string, ReturnType<typeof executionsOf>['rows'][number]>()
    let startMs = Math.max(fromMs, nowMs - this.historyMs + minuteMs)
    let lengthMs = spanMs
    let cutAtMs: number | null = null
    this.#pages = 0
    while (startMs <= nowMs) {
      // a second ahead: clocks differ, and what comes meanwhile is welcome
      const endMs = Math.min(startMs + lengthMs, nowMs + 1_000)
      const span = { startTime: startMs, endTime: endMs }
      const own = await this.#span(
        endpoints.transactionLog,
        { ...span, accountType: 'UNIFIED', limit: 50 },
        linesOf,
      )
      const read = own === null ? null : await this.#executions(span, own, thorough)
      if (own === null || read === null) {
        if (this.#pages >= pagesMax || lengthMs < 2_000) {
          cutAtMs = startMs - 1
          break
        }
        lengthMs = Math.floor(lengthMs / 2)
        if (endMs - startMs < lengthMs) lengthMs = Math.floor((endMs - startMs) / 2)
        continue
      }
      // an id of the log is one for its coin only
      for (const line of own) lines.set(`${line.id} ${line.asset}`, line)
      for (const execution of read) executions.set(`${execution.category} ${execution.id}`, execution)
      startMs = endMs + 1
    }
    const { strange, ...told } = tell([...lines.values()], [...executions.values()], {
      listingOf: (category, id) => listings.byName(category, id),
      categories,
    })
    for (const type of strange) this.#strange.add(type)
    return { ...told, cutAtMs }
  }

  /** Of the categories that the log points to, of all where it is thorough; null where that is too much at once. */
  async #executions(
    span: Parameters,
    lines: readonly Line[],
    thorough: boolean,
  ): Promise<ReturnType<typeof executionsOf>['rows'] | null> {
    const all: ReturnType<typeof executionsOf>['rows'][number][] = []
    for (const category of this.#watch.categories) {
      const isTold = lines.some((line) => line.category === category && executedTypes.has(line.type))
      if (!thorough && !isTold) continue
      const rows = await this.#span(
        endpoints.executions,
        { ...span, category, limit: 100 },
        (value, exchangeNowMs) => executionsOf(value, exchangeNowMs, category),
      )
      if (rows === null) return null
      all.push(...rows)
    }
    return all
  }

  /** All rows of one span; null where it has more pages than are read at once. */
  async #span<Each>(
    endpoint: Endpoint,
    parameters: Parameters,
    readPage: (value: unknown, exchangeNowMs: number) => Page<Each>,
  ): Promise<Each[] | null> {
    const { caller, clock } = this.#watch
    const rows: Each[] = []
    let cursor: string | null = null
    for (let page = 0; page < pagesOfSpanMax; page += 1) {
      if (this.#pages >= pagesMax) return null
      this.#pages += 1
      const next: Parameters = cursor === null ? parameters : { ...parameters, cursor }
      const { value } = await caller.call(endpoint, next)
      const answer: Page<Each> = readPage(value, clock.exchangeNowMs())
      rows.push(...answer.rows)
      // it gives a cursor for an empty page as well
      if (answer.cursor === null || answer.sent === 0 || answer.cursor === cursor) return rows
      cursor = answer.cursor
    }
    return null
  }
}
