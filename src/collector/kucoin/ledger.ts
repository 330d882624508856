import { dayMs, minuteMs } from '@perf-agg/sdk'
import type { Amount } from '../../accounting/observation.ts'
import type { Calls, Endpoint } from '../call.ts'
import type { JobClock } from '../clock.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import type { Listed, MarketList } from '../market-list.ts'
import { type Page, type ReadPages, walkSpans } from '../span.ts'
import { keptMsOf } from '../reach.ts'
import { endpoints } from './endpoint.ts'
import { balancesOf, type Line, linesOf, type Trade, tradesOf } from './row.ts'
import { isTrade, tell } from './tell.ts'

/** The main account's ledger is told a day at a time. */
const spans = { spanMs: dayMs, pagesMax: 60, pagesOfSpanMax: 20 }

type Parameters = Readonly<Record<string, string | number>>

interface Part {
  readonly lines: readonly Line[]
  readonly trades: readonly Trade[]
}

/** The main and the trading account of one client, their ledgers and the fills behind them. */
export class KucoinLedger implements LedgerSource {
  /** A year. */
  readonly historyMs = keptMsOf('kucoin', 'spot', '')
  readonly unavailable = []
  readonly #caller: Calls
  readonly #listings: MarketList<Listed>
  readonly #clock: Pick<JobClock, 'exchangeNowMs'>

  constructor(caller: Calls, listings: MarketList<Listed>, clock: Pick<JobClock, 'exchangeNowMs'>) {
    this.#caller = caller
    this.#listings = listings
    this.#clock = clock
  }

  async balances(): Promise<readonly Amount[]> {
    const { value } = await this.#caller.call(endpoints.accounts)
    return balancesOf(value)
  }

  async read(fromMs: number, thorough: boolean): Promise<Reading> {
    const nowMs = this.#clock.exchangeNowMs()
    const firstMs = Math.max(fromMs, nowMs - this.historyMs + minuteMs)
    // a second ahead: clocks differ, and what comes meanwhile is welcome
    const { parts, cutAtMs } = await walkSpans(firstMs, nowMs + 1_000, spans, (startAt, endAt, readPages) =>
      this.#span({ startAt, endAt }, thorough, readPages),
    )
    // an id is one for its account only
    const lines = new Map(
      parts.flatMap((part) => part.lines.map((line) => [`${line.account} ${line.id}`, line] as const)),
    )
    const trades = new Map(parts.flatMap((part) => part.trades.map((trade) => [trade.id, trade] as const)))
    const span = { fromMs: firstMs, toMs: cutAtMs ?? nowMs, isOpen: cutAtMs === null }
    const listingOf = (id: string) => this.#listings.byName(id)
    return { ...tell([...lines.values()], [...trades.values()], listingOf, span), cutAtMs }
  }

  async #span(span: Parameters, thorough: boolean, readPages: ReadPages): Promise<Part | null> {
    const main = await readPages(this.#pages(endpoints.ledgers, { ...span, pageSize: 500 }, linesOf))
    if (main === null) return null
    const hf = await readPages(this.#after(endpoints.hfLedgers, { ...span, limit: 200 }, linesOf))
    if (hf === null) return null
    const trades: Trade[] = []
    // of the newer trading account they are had by market: its ledger says which
    for (const symbol of new Set(hf.filter(isTrade).map((line) => line.symbol))) {
      if (symbol === '') continue
      const asked = { ...span, symbol, limit: 200 }
      const own = await readPages(this.#after(endpoints.hfFills, asked, tradesOf))
      if (own === null) return null
      trades.push(...own)
    }
    if (thorough || main.some(isTrade)) {
      const asked = { ...span, tradeType: 'TRADE', pageSize: 500 }
      const own = await readPages(this.#pages(endpoints.fills, asked, tradesOf))
      if (own === null) return null
      trades.push(...own)
    }
    return { lines: [...main, ...hf], trades }
  }

  /** Pages by their number. */
  #pages<Each>(
    endpoint: Endpoint,
    parameters: Parameters,
    readPage: (value: unknown, exchangeNowMs: number) => Page<Each>,
  ): (next: string | null) => Promise<Page<Each>> {
    return async (next) => {
      const asked = { ...parameters, currentPage: Number(next ?? 1) }
      const { value } = await this.#caller.call(endpoint, asked)
      return readPage(value, this.#clock.exchangeNowMs())
    }
  }

  /** Pages behind the last id of the one before. */
  #after<Each>(
    endpoint: Endpoint,
    parameters: Parameters,
    readPage: (value: unknown, exchangeNowMs: number) => Page<Each>,
  ): (next: string | null) => Promise<Page<Each>> {
    return async (next) => {
      const asked: Parameters = next === null ? parameters : { ...parameters, lastId: next }
      const { value } = await this.#caller.call(endpoint, asked)
      return readPage(value, this.#clock.exchangeNowMs())
    }
  }
}
