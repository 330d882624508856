import { dayMs } from '@perf-agg/sdk'
import type { Amount, Position } from '../../accounting/observation.ts'
import type { Calls } from '../call.ts'
import type { JobClock } from '../clock.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import type { MarketList } from '../market-list.ts'
import { eachOnce, type Page, walkSpans } from '../span.ts'
import { endpoints } from './endpoint.ts'
import { type Instrument, instrumentOf } from './instrument.ts'
import { balancesOf, type Line, linesOf, logRows, positionsOf, type Trade, tradesOf } from './row.ts'
import { tell } from './tell.ts'

const spans = { spanMs: 365 * dayMs, pagesMax: 24, pagesOfSpanMax: 10 }

/** All accounts of one client at krakenfutures, their log and the fills in it. */
export class KrakenFuturesLedger implements LedgerSource {
  readonly historyMs = null
  readonly unavailable = []
  readonly #caller: Calls
  readonly #listings: MarketList<Instrument>
  readonly #clock: Pick<JobClock, 'exchangeNowMs'>

  constructor(caller: Calls, listings: MarketList<Instrument>, clock: Pick<JobClock, 'exchangeNowMs'>) {
    this.#caller = caller
    this.#listings = listings
    this.#clock = clock
  }

  async balances(): Promise<readonly Amount[]> {
    return balancesOf((await this.#caller.call(endpoints.accounts)).value)
  }

  async positions(): Promise<readonly Position[]> {
    return positionsOf((await this.#caller.call(endpoints.positions)).value, this.#instrumentOf)
  }

  async read(fromMs: number, thorough: boolean): Promise<Reading> {
    const toMs = this.#clock.exchangeNowMs() + 1_000
    const { parts, cutAtMs } = await walkSpans(
      Math.max(fromMs, 0),
      toMs,
      spans,
      async (since, before, readPages) => {
        const lines = await readPages((next) => this.#log(since, before, next))
        if (lines === null) return null
        const traded = lines.some(({ contract, info }) => contract !== '' && !info.startsWith('funding'))
        const trades = thorough || traded ? await readPages((next) => this.#fills(since, before, next)) : []
        return trades === null ? null : { lines, trades }
      },
    )
    const lines: Line[] = eachOnce(parts.flatMap((part) => part.lines))
    const trades: Trade[] = eachOnce(parts.flatMap((part) => part.trades))
    return { ...tell(lines, trades, this.#instrumentOf), cutAtMs }
  }

  readonly #instrumentOf = (id: string): Instrument | undefined =>
    this.#listings.byName(id) ?? instrumentOf(id)

  async #log(since: number, before: number, next: string | null): Promise<Page<Line>> {
    const asked = { since, before: before + 1, sort: 'asc', count: logRows }
    const { value } = await this.#caller.call(
      endpoints.log,
      next === null ? asked : { ...asked, from: Number(next) },
    )
    return linesOf(value, this.#clock.exchangeNowMs())
  }

  /** Back from the end of a span to its beginning; what lies before is passed over. */
  async #fills(since: number, before: number, next: string | null): Promise<Page<Trade>> {
    const lastFillTime = next ?? new Date(before + 1).toISOString()
    const { value } = await this.#caller.call(endpoints.fills, { lastFillTime })
    const page = tradesOf(value, this.#clock.exchangeNowMs())
    const rows = page.rows.filter(({ atMs }) => atMs >= since && atMs <= before)
    return { rows, next: rows.length < page.rows.length ? null : page.next }
  }
}
