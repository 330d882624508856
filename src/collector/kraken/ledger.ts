import { secondMs } from '@perf-agg/sdk'
import type { Amount } from '../../accounting/observation.ts'
import type { Calls, Endpoint } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { CollectorFailure, failureOf, refuseAccount } from '../failure.ts'
import type { Base, Residual } from '../explain.ts'
import { sumOf } from '../holding.ts'
import type { LedgerSource, Reading, Rest } from '../ledger-poll.ts'
import { endpoints } from './endpoint.ts'
import type { Listings } from './listings.ts'
import { isMargin, type MarginTrade, marginTradesOf, marginTypes, restOfMargin } from './margin.ts'
import { positionsOf } from './position.ts'
import { balancesOf, type Line, linesOf, type Page, pageRows, type Trade, tradesOf } from './row.ts'
import { tell } from './tell.ts'

/**
 * Pages of one poll. The account's counter allows 15 at the lowest tier and each page costs 2; the balances, read
 * twice, take the rest, with margin the open positions beside them.
 */
const pagesMax = { ledgers: 4, trades: 2 }
const marginPagesMax = { ledgers: 3, trades: 2 }
/** Narrower spans tried where there is more than a poll takes. */
const triesMax = 4

/** The ledger of one account, with the trades behind it. */
export class KrakenLedger implements LedgerSource {
  readonly historyMs = null
  readonly unavailable = []
  readonly #caller: Calls
  readonly #listings: Listings
  readonly #clock: Pick<JobClock, 'exchangeNowMs'>
  readonly #hasMargin: boolean
  /** Of the last reading. */
  #margins: readonly MarginTrade[] = []
  #settled: readonly Line[] = []

  /** `hasMargin`: positions are held too. */
  constructor(caller: Calls, listings: Listings, clock: Pick<JobClock, 'exchangeNowMs'>, hasMargin: boolean) {
    this.#caller = caller
    this.#listings = listings
    this.#clock = clock
    this.#hasMargin = hasMargin
  }

  async balances(): Promise<readonly Amount[]> {
    const wallet = balancesOf((await this.#caller.call(endpoints.balance)).value)
    if (!this.#hasMargin) return wallet
    const { value } = await this.#caller.call(endpoints.openPositions)
    return sumOf([...wallet, ...positionsOf(value, this.#listings)])
  }

  restOf(residual: Residual, base: Base): Rest {
    return restOfMargin(residual, base, this.#margins, this.#settled)
  }

  async read(fromMs: number, thorough: boolean): Promise<Reading> {
    const nowMs = this.#clock.exchangeNowMs()
    const span = { from: Math.floor(fromMs / secondMs) - 1, to: Math.ceil(nowMs / secondMs) + 1 }
    const most = this.#hasMargin ? marginPagesMax : pagesMax
    const ledgers = await this.#span(endpoints.ledgers, span, most.ledgers, linesOf)
    const traded = ledgers.rows.some(({ type }) => type === 'trade' || type === 'margin')
    const empty = { rows: [] as Trade[], to: ledgers.to }
    const read = { from: span.from, to: ledgers.to }
    const trades =
      traded || thorough ? await this.#span(endpoints.tradesHistory, read, most.trades, tradesOf) : empty
    const to = Math.min(ledgers.to, trades.to)
    const cutAtMs = to < span.to ? to * secondMs : null
    const within = <Each extends { readonly atMs: number }>(rows: readonly Each[]): Each[] =>
      cutAtMs === null ? [...rows] : rows.filter(({ atMs }) => atMs <= cutAtMs)
    const lines = within(ledgers.rows)
    if (!this.#hasMargin) refuseMargin(lines, trades.rows)
    const told = within(trades.rows)
    this.#margins = marginTradesOf(lines, told, this.#listings)
    this.#settled = lines.filter(({ type }) => type === 'settled')
    return { ...tell(lines, told, this.#margins, this.#listings), cutAtMs }
  }

  /**
   * All rows of a span, newest first as the exchange pages them. Where that is more than one poll takes, the span's
   * beginning: the next poll goes on behind it.
   */
  async #span<Each extends { readonly id: string }>(
    endpoint: Endpoint,
    span: { readonly from: number; readonly to: number },
    most: number,
    readPage: (value: unknown, exchangeNowMs: number) => Page<Each>,
  ): Promise<{ readonly rows: readonly Each[]; readonly to: number }> {
    let to = span.to
    for (let attempt = 0; attempt < triesMax; attempt += 1) {
      const rows = new Map<string, Each>()
      let whole = false
      let count = 0
      for (let page = 0; page < most; page += 1) {
        const parameters = { start: span.from, end: to, ofs: page * pageRows }
        const { value } = await this.#caller.call(endpoint, parameters)
        const answer = readPage(value, this.#clock.exchangeNowMs())
        for (const row of answer.rows) rows.set(row.id, row)
        const read = page * pageRows + answer.sent
        count = answer.count ?? Math.max(read, (most + 1) * pageRows)
        whole = answer.sent === 0 || (answer.count === null ? answer.sent < pageRows : read >= answer.count)
        if (whole || count > most * pageRows) break
      }
      if (whole) return { rows: [...rows.values()], to }
      const share = Math.min(0.5, (most * pageRows * 0.8) / Math.max(count, 1))
      to = span.from + Math.max(1, Math.floor((to - span.from) * share))
    }
    throw new CollectorFailure(failureOf('EXCHANGE_RATE_LIMITED', 'session', { retryAfterMs: 30 * secondMs }))
  }
}

/** Of an account watched as spot: with a position open it is worth more or less than its balances. */
function refuseMargin(lines: readonly Line[], trades: readonly Trade[]): void {
  const found = lines.some(({ type }) => marginTypes.has(type)) || trades.some((trade) => isMargin(trade, []))
  if (!found) return
  throw refuseAccount('margin positions')
}
