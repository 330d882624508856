import { dayMs, minuteMs, parseDecimal, signOf } from '@perf-agg/sdk'
import type { Amount, Position, Wallet } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Calls, Endpoint } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { invalidAnswer, refuseAccount } from '../failure.ts'
import { sumOf } from '../holding.ts'
import { flowOfLine } from '../ledger-line.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import { type ReadPages, walkSpans } from '../span.ts'
import { endpoints } from './endpoint.ts'
import { type FundLine, fundBalancesOf, fundLinesOf } from './funding-row.ts'
import { tellFunding } from './funding-tell.ts'
import { categoriesOf, type Category } from './instrument.ts'
import { executedTypes } from './kind.ts'
import type { Listings } from './listings.ts'
import { passagesOf } from './passage.ts'
import { positionsOf } from './position.ts'
import { keptMsOf } from '../reach.ts'
import { type Execution, executionsOf, holdingOf, type Line, linesOf, type Page } from './row.ts'
import { tell } from './tell.ts'

/** The exchange answers for seven days at most. */
const spans = { spanMs: 7 * dayMs, pagesMax: 60, pagesOfSpanMax: 20 }

type Parameters = Readonly<Record<string, string | number>>

export interface BybitWatch {
  readonly caller: Calls
  readonly listings: Listings
  readonly clock: Pick<JobClock, 'exchangeNowMs'>
  readonly wallets: readonly Wallet[]
}

interface Part {
  readonly lines: readonly Line[]
  readonly executions: readonly Execution[]
  readonly funding: readonly FundLine[]
}

/** The unified wallet of one account, its positions, its transaction log and its executions; the funding wallet and its history. */
export class BybitLedger implements LedgerSource {
  readonly historyMs = keptMsOf('bybit', 'spot', '')
  readonly #watch: BybitWatch
  readonly #categories: readonly Category[]
  readonly #hasFunding: boolean
  readonly #strange = new Set<string>()
  /** The history of the funding wallet tells whole seconds. */
  readonly granularityMs?: number
  #accrued: readonly Amount[] = []

  constructor(watch: BybitWatch) {
    this.#watch = watch
    this.#categories = categoriesOf(watch.wallets)
    this.#hasFunding = watch.wallets.includes('funding')
    if (this.#hasFunding) this.granularityMs = 1_000
  }

  /** Kinds of executions that are not known here. */
  get unavailable(): readonly string[] {
    return [...this.#strange].map((type) => `execution.${type}`)
  }

  async balances(): Promise<readonly Amount[]> {
    const unified = this.#categories.length === 0 ? [] : await this.#unified()
    if (!this.#hasFunding) return unified
    const { value } = await this.#watch.caller.call(endpoints.coinsBalance, { accountType: 'FUND' })
    return sumOf([...unified, ...fundBalancesOf(value)])
  }

  async #unified(): Promise<readonly Amount[]> {
    const { caller, wallets } = this.#watch
    const { value } = await caller.call(endpoints.walletBalance, { accountType: 'UNIFIED' })
    const { balances, more, accrued } = holdingOf(value)
    this.#accrued = accrued
    // what is borrowed to trade with is counted where it is watched
    if (more === 'borrowed' && !wallets.includes('margin')) throw refuseAccount(more)
    if (more === 'positions' && this.#categories.every((category) => category === 'spot')) {
      throw refuseAccount(more)
    }
    return balances
  }

  accrued(): readonly Amount[] {
    return this.#accrued
  }

  async positions(): Promise<readonly Position[]> {
    const positions: Position[] = []
    for (const category of this.#categories) {
      if (category === 'spot') continue
      // linear ones are told for one coin at a time
      const settles = category === 'linear' ? this.#watch.listings.settles(category) : [null]
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
    const { caller, clock, listings } = this.#watch
    const nowMs = clock.exchangeNowMs()
    const firstMs = Math.max(fromMs, nowMs - this.historyMs + minuteMs)
    // a second ahead: clocks differ, and what comes meanwhile is welcome
    const { parts, cutAtMs } = await walkSpans(firstMs, nowMs + 1_000, spans, (startMs, endMs, readPages) =>
      this.#span(startMs, endMs, thorough, readPages),
    )
    // spans may touch; an id of the log is one for its coin only
    const lines = parts
      .flatMap((part) => part.lines)
      .map((line) => [`${line.id} ${line.asset}`, line] as const)
    const executions = parts
      .flatMap((part) => part.executions)
      .map((execution) => [`${execution.category} ${execution.id}`, execution] as const)
    const funding = parts.flatMap((part) => part.funding).map((line) => [line.id, line] as const)
    const { strange, transfers, ...told } = tell(
      [...new Map(lines).values()],
      [...new Map(executions).values()],
      { listingOf: (category, id) => listings.byName(category, id), categories: this.#categories },
    )
    for (const type of strange) this.#strange.add(type)
    if (!this.#hasFunding) {
      const moved = transfers.filter(({ change }) => signOf(parseDecimal(change)) !== 0)
      return {
        ...told,
        flows: [...told.flows, ...moved.map((line) => flowOfLine(line, 'transfer'))],
        cutAtMs,
      }
    }
    const span = { fromMs: firstMs, toMs: cutAtMs ?? nowMs, isOpen: cutAtMs === null }
    const hasUnified = this.#categories.length > 0
    const beside = tellFunding([...new Map(funding).values()], span, hasUnified ? transfers : null)
    const direct = beside.outer.filter(({ account }) => account === 'unified')
    const passed = await passagesOf(direct, caller, nowMs)
    return {
      fills: told.fills,
      flows: [
        ...told.flows,
        ...beside.flows,
        ...beside.outer.map((line) => flowOfLine(line, passed.get(line) ?? 'transfer')),
      ],
      conversions: [...told.conversions, ...beside.conversions],
      incomes: [...told.incomes, ...beside.incomes],
      entries: [...told.entries, ...beside.entries],
      pending: told.pending || beside.pending,
      cutAtMs,
    }
  }

  /** Everything of a span; null where that is too much at once. */
  async #span(startMs: number, endMs: number, thorough: boolean, readPages: ReadPages): Promise<Part | null> {
    const lines: Line[] = []
    const executions: Execution[] = []
    const span = { startTime: startMs, endTime: endMs }
    if (this.#categories.length > 0) {
      const asked = { ...span, accountType: 'UNIFIED', limit: 50 }
      const own = await this.#pages(
        readPages,
        endpoints.transactionLog,
        asked,
        linesOf,
        ({ id, asset }) => `${id} ${asset}`,
      )
      if (own === null) return null
      lines.push(...own)
    }
    for (const category of this.#categories) {
      // those that the log points to
      const isTold = lines.some((line) => line.category === category && executedTypes.has(line.type))
      if (!thorough && !isTold) continue
      const asked = { ...span, category, limit: 100 }
      const own = await this.#pages(
        readPages,
        endpoints.executions,
        asked,
        (value, exchangeNowMs) => executionsOf(value, exchangeNowMs, category),
        ({ id }) => id,
      )
      if (own === null) return null
      executions.push(...own)
    }
    if (!this.#hasFunding) return { lines, executions, funding: [] }
    const asked = {
      createTimeFrom: Math.floor(startMs / 1_000),
      createTimeTo: Math.floor(endMs / 1_000),
      limit: 100,
    }
    const funding = await this.#pages(readPages, endpoints.fundingHistory, asked, fundLinesOf, ({ id }) => id)
    return funding === null ? null : { lines, executions, funding }
  }

  async #pages<Each extends { readonly atMs: number }>(
    readPages: ReadPages,
    endpoint: Endpoint,
    parameters: Parameters,
    readPage: (value: unknown, exchangeNowMs: number) => Page<Each>,
    idOf: (row: Each) => string,
  ): Promise<Each[] | null> {
    const { caller, clock } = this.#watch
    const rows = await readPages(async (next) => {
      const asked: Parameters = next === null ? parameters : { ...parameters, cursor: next }
      const { value } = await caller.call(endpoint, asked)
      const { rows: own, sent, cursor } = readPage(value, clock.exchangeNowMs())
      // it gives a cursor for an empty page as well
      const told = own.map((row) => ({ id: idOf(row), atMs: row.atMs, row }))
      return { rows: told, next: sent === 0 ? null : cursor }
    })
    return rows?.map(({ row }) => row) ?? null
  }
}
