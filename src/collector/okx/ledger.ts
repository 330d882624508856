import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import type { Amount, Position } from '../../accounting/observation.ts'
import type { Calls, Endpoint } from '../call.ts'
import type { JobClock } from '../clock.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import { keptMsOf } from '../reach.ts'
import { holdingOf } from './balance.ts'
import { endpoints } from './endpoint.ts'
import type { Listings } from './listings.ts'
import { type OpenPosition, positionsOf } from './position.ts'
import { type Bill, billsOf, type FillRow, fillsOf, type Page, pageRows } from './row.ts'
import { tell, type Watched } from './tell.ts'
import { refuseAccount } from './text.ts'

/** The quick lists reach back so far; beyond that an archive answers, at a slower pace. */
const quickBillsMs = 7 * dayMs - hourMs
const quickFillsMs = 3 * dayMs - hourMs
/** Pages of one poll, all lists together, and of one list of one span before that is cut into halves. */
const pagesMax = 40
const pagesOfSpanMax = 10

type Parameters = Readonly<Record<string, string | number>>

export interface OkxWatch {
  readonly caller: Calls
  readonly listings: Listings
  readonly clock: Pick<JobClock, 'exchangeNowMs'>
  /** `SPOT`, `MARGIN`, `SWAP`, `FUTURES`. */
  readonly watched: Watched
}

/** The trading account: its balances with its positions, its bills and its fills. */
export class OkxLedger implements LedgerSource {
  readonly historyMs = keptMsOf('okx', 'spot', '')
  readonly #unknown = new Set<string>()
  readonly #watch: OkxWatch
  #positions: readonly OpenPosition[] = []
  #accrued: readonly Amount[] = []
  #pages = 0

  constructor(watch: OkxWatch) {
    this.#watch = watch
  }

  /** Instruments whose terms are not known: what was filled of them is not told. */
  get unavailable(): readonly string[] {
    return [...this.#unknown].map((id) => `instrument.${id}`)
  }

  async balances(): Promise<readonly Amount[]> {
    const { caller, listings, watched } = this.#watch
    const { value: open } = await caller.call(endpoints.positions)
    this.#positions = positionsOf(open, (id) => listings.byId(id), watched)
    const { value } = await caller.call(endpoints.balance)
    const { balances, isBorrowed, accrued } = holdingOf(value, this.#positions)
    this.#accrued = accrued
    if (isBorrowed && !watched.has('MARGIN')) throw refuseAccount('borrowed')
    return balances
  }

  accrued(): readonly Amount[] {
    return this.#accrued
  }

  /** Of the same reading as the balances: what single ones hold is among those. */
  positions(): Promise<readonly Position[]> {
    return Promise.resolve(this.#positions.flatMap(({ position }) => (position === null ? [] : [position])))
  }

  async read(fromMs: number, thorough: boolean): Promise<Reading> {
    const { clock, listings, watched } = this.#watch
    const nowMs = clock.exchangeNowMs()
    const bills = new Map<string, Bill>()
    const fills = new Map<string, FillRow>()
    let startMs = Math.max(fromMs, nowMs - this.historyMs + minuteMs)
    let lengthMs = Number.POSITIVE_INFINITY
    let cutAtMs: number | null = null
    this.#pages = 0
    while (startMs <= nowMs) {
      // a second ahead: clocks differ, and what comes meanwhile is welcome
      const endMs = Math.min(startMs + lengthMs, nowMs + 1_000)
      const own = await this.#bills(startMs, endMs, nowMs)
      const isTraded = own?.some(({ instType }) => instType !== '') === true
      const read = own === null ? null : thorough || isTraded ? await this.#fills(startMs, endMs, nowMs) : []
      if (own === null || read === null) {
        if (this.#pages >= pagesMax || endMs - startMs < 2_000) {
          cutAtMs = startMs - 1
          break
        }
        lengthMs = Math.floor((endMs - startMs) / 2)
        continue
      }
      for (const bill of own) bills.set(bill.id, bill)
      for (const fill of read) fills.set(`${fill.instType} ${fill.billId}`, fill)
      startMs = endMs + 1
    }
    const { unknown, ...told } = tell([...bills.values()], [...fills.values()], {
      listingOf: (id) => listings.byId(id),
      watched,
    })
    for (const id of unknown) this.#unknown.add(id)
    return { ...told, cutAtMs }
  }

  #bills(begin: number, end: number, nowMs: number): Promise<Bill[] | null> {
    const endpoint = begin > nowMs - quickBillsMs ? endpoints.bills : endpoints.billsArchive
    return this.#span(endpoint, { begin, end }, billsOf)
  }

  /** The quick list has every kind at once. */
  async #fills(begin: number, end: number, nowMs: number): Promise<FillRow[] | null> {
    if (begin > nowMs - quickFillsMs) return this.#span(endpoints.fills, { begin, end }, fillsOf)
    const all: FillRow[] = []
    for (const instType of this.#watch.watched) {
      const rows = await this.#span(endpoints.fillsHistory, { instType, begin, end }, fillsOf)
      if (rows === null) return null
      all.push(...rows.filter((row) => row.instType === instType))
    }
    return all
  }

  /** All rows of one span, newest first as the exchange pages them; null where that is more than is read at once. */
  async #span<Each extends { readonly atMs: number }>(
    endpoint: Endpoint,
    parameters: Parameters,
    readPage: (value: unknown, exchangeNowMs: number) => Page<Each>,
  ): Promise<Each[] | null> {
    const { caller, clock } = this.#watch
    const rows: Each[] = []
    let after: string | null = null
    for (let page = 0; page < pagesOfSpanMax; page += 1) {
      if (this.#pages >= pagesMax) return null
      this.#pages += 1
      const asked: Parameters = { ...parameters, limit: pageRows, ...(after === null ? {} : { after }) }
      const { value } = await caller.call(endpoint, asked)
      const answer: Page<Each> = readPage(value, clock.exchangeNowMs())
      rows.push(...answer.rows)
      if (answer.sent < pageRows || answer.last === null || answer.last === after) return rows
      after = answer.last
    }
    return null
  }
}
