import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import type { Amount, Position } from '../../accounting/observation.ts'
import type { Calls, Endpoint } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { refuseAccount } from '../failure.ts'
import { keptMsOf } from '../reach.ts'
import { eachOnce, type ReadPages, walkSpans } from '../span.ts'
import { holdingOf } from './balance.ts'
import type { Converted } from './conversion.ts'
import { sidesOf } from './ended.ts'
import { endpoints } from './endpoint.ts'
import type { Listings } from './listings.ts'
import { familyOf } from './option.ts'
import { familiesOf, type OpenPosition, positionsOf } from './position.ts'
import { type Bill, billsOf, type FillRow, fillsOf, type Page, pageRows } from './row.ts'
import { tell, type Told, type Watched } from './tell.ts'

/** The quick lists reach back so far; beyond that an archive answers, at a slower pace. */
const quickBillsMs = 7 * dayMs - hourMs
const quickFillsMs = 3 * dayMs - hourMs
export const historyMs = keptMsOf('okx', 'spot', 'bills')
/** A span is as long as what is asked for, unless it holds too much. */
const spans = { spanMs: 2 * historyMs, pagesMax: 40, pagesOfSpanMax: 10 }

type Parameters = Readonly<Record<string, string | number>>

export interface TradingWatch {
  readonly caller: Calls
  readonly listings: Listings
  readonly clock: Pick<JobClock, 'exchangeNowMs'>
  /** `SPOT`, `MARGIN`, `SWAP`, `FUTURES`, `OPTION`. */
  readonly watched: Watched
}

export interface TradingHolding {
  readonly balances: readonly Amount[]
  readonly positions: readonly Position[]
  readonly accrued: readonly Amount[]
}

interface Part {
  readonly bills: readonly Bill[]
  readonly fills: readonly FillRow[]
}

/** What was read of a span of time. */
export interface TradingReading extends Told {
  readonly cutAtMs: number | null
}

/** The trading account: its balances with its positions, its bills and its fills. */
export class Trading {
  readonly #watch: TradingWatch

  constructor(watch: TradingWatch) {
    this.#watch = watch
  }

  async holding(): Promise<TradingHolding> {
    const { caller, listings, watched } = this.#watch
    const { value: open } = await caller.call(endpoints.positions)
    await listings.loadOptions(caller, this.#watch.clock.exchangeNowMs(), familiesOf(open))
    const aside: readonly OpenPosition[] = positionsOf(open, (id) => listings.byId(id), watched)
    const { value } = await caller.call(endpoints.balance)
    const { balances, isBorrowed, accrued } = holdingOf(value, aside)
    if (isBorrowed && !watched.has('MARGIN')) throw refuseAccount('borrowed')
    const positions = aside.flatMap(({ position }) => (position === null ? [] : [position]))
    return { balances, positions, accrued }
  }

  /** @param conversions what else is told of those whose bills do not say which belong together */
  async read(
    fromMs: number,
    thorough: boolean,
    conversions: (bills: readonly Bill[]) => Promise<readonly Converted[]>,
  ): Promise<TradingReading> {
    const { clock, listings, watched } = this.#watch
    const nowMs = clock.exchangeNowMs()
    const firstMs = Math.max(fromMs, nowMs - historyMs + minuteMs)
    // a second ahead: clocks differ, and what comes meanwhile is welcome
    const { parts, cutAtMs } = await walkSpans(firstMs, nowMs + 1_000, spans, (begin, end, readPages) =>
      this.#span({ begin, end }, thorough, nowMs, readPages),
    )
    const bills = eachOnce(parts.flatMap((part) => part.bills))
    const fills = new Map(
      parts.flatMap((part) => part.fills.map((fill) => [`${fill.instType} ${fill.billId}`, fill] as const)),
    )
    const met = [...bills, ...fills.values()].filter(({ instType }) => instType === 'OPTION')
    const families = met.map(({ instId }) => familyOf(instId)).filter((family) => family !== null)
    await listings.loadOptions(this.#watch.caller, nowMs, families)
    const listingOf = (id: string) => listings.byId(id)
    const converted = await conversions(bills)
    const held = await sidesOf(bills, this.#watch.caller, nowMs)
    return { ...tell(bills, [...fills.values()], { listingOf, watched, converted, held }), cutAtMs }
  }

  async #span(
    span: { readonly begin: number; readonly end: number },
    thorough: boolean,
    nowMs: number,
    readPages: ReadPages,
  ): Promise<Part | null> {
    const endpoint = span.begin > nowMs - quickBillsMs ? endpoints.bills : endpoints.billsArchive
    const bills = await this.#pages(readPages, endpoint, span, billsOf)
    if (bills === null) return null
    const isTraded = bills.some(({ instType }) => instType !== '')
    if (!thorough && !isTraded) return { bills, fills: [] }
    // the quick list has every kind at once
    if (span.begin > nowMs - quickFillsMs) {
      const fills = await this.#pages(readPages, endpoints.fills, span, fillsOf)
      return fills === null ? null : { bills, fills }
    }
    const fills: FillRow[] = []
    for (const instType of this.#watch.watched) {
      const own = await this.#pages(readPages, endpoints.fillsHistory, { instType, ...span }, fillsOf)
      if (own === null) return null
      fills.push(...own.filter((row) => row.instType === instType))
    }
    return { bills, fills }
  }

  /** Newest first, each behind the last one's number; null where that is more than is read at once. */
  async #pages<Each extends { readonly atMs: number; readonly id?: string; readonly billId?: string }>(
    readPages: ReadPages,
    endpoint: Endpoint,
    parameters: Parameters,
    readPage: (value: unknown, exchangeNowMs: number) => Page<Each>,
  ): Promise<Each[] | null> {
    const { caller, clock } = this.#watch
    const told = await readPages(async (after) => {
      const asked: Parameters = { ...parameters, limit: pageRows, ...(after === null ? {} : { after }) }
      const { value } = await caller.call(endpoint, asked)
      const { rows, sent, last } = readPage(value, clock.exchangeNowMs())
      const named = rows.map((row) => ({ id: row.id ?? row.billId ?? '', atMs: row.atMs, row }))
      return { rows: named, next: sent < pageRows ? null : last }
    })
    return told?.map(({ row }) => row) ?? null
  }
}
