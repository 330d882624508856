import { dayMs, minuteMs } from '@perf-agg/sdk'
import type { Amount } from '../../accounting/observation.ts'
import type { Calls, Endpoint } from '../call.ts'
import type { JobClock } from '../clock.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import type { Listed, MarketList } from '../market-list.ts'
import { type Page, walkSpans } from '../span.ts'
import { endpoints } from './endpoint.ts'
import { balancesOf, billsOf, tradesOf } from './row.ts'
import { tell } from './tell.ts'

const spans = { spanMs: 30 * dayMs, pagesMax: 60, pagesOfSpanMax: 20 }

type Parameters = Readonly<Record<string, string | number>>

/** The spot account of one client, its bills and its fills, of all markets at once. */
export class BitgetLedger implements LedgerSource {
  readonly historyMs = 90 * dayMs
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
    const { value } = await this.#caller.call(endpoints.assets, { assetType: 'hold_only' })
    return balancesOf(value)
  }

  async read(fromMs: number, thorough: boolean): Promise<Reading> {
    const nowMs = this.#clock.exchangeNowMs()
    const firstMs = Math.max(fromMs, nowMs - this.historyMs + minuteMs)
    // a second ahead: clocks differ, and what comes meanwhile is welcome
    const { parts, cutAtMs } = await walkSpans(
      firstMs,
      nowMs + 1_000,
      spans,
      async (startTime, endTime, readPages) => {
        const span = { startTime, endTime }
        const bills = await readPages(this.#below(endpoints.bills, { ...span, limit: 500 }, billsOf))
        if (bills === null) return null
        const isTraded = bills.some(({ group }) => group === 'transaction')
        const trades =
          thorough || isTraded
            ? await readPages(this.#below(endpoints.fills, { ...span, limit: 100 }, tradesOf))
            : []
        return trades === null ? null : { bills, trades }
      },
    )
    const bills = new Map(parts.flatMap((part) => part.bills.map((bill) => [bill.id, bill] as const)))
    const trades = new Map(parts.flatMap((part) => part.trades.map((trade) => [trade.id, trade] as const)))
    const listingOf = (id: string) => this.#listings.byName(id)
    return { ...tell([...bills.values()], [...trades.values()], listingOf), cutAtMs }
  }

  /** Newest first, each page below the last id of the one before. */
  #below<Each>(
    endpoint: Endpoint,
    parameters: Parameters,
    readPage: (value: unknown, exchangeNowMs: number) => Page<Each>,
  ): (next: string | null) => Promise<Page<Each>> {
    return async (next) => {
      const asked: Parameters = next === null ? parameters : { ...parameters, idLessThan: next }
      const { value } = await this.#caller.call(endpoint, asked)
      const page = readPage(value, this.#clock.exchangeNowMs())
      return page.rows.length < Number(parameters['limit']) ? { ...page, next: null } : page
    }
  }
}
