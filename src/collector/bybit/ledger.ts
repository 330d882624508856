import { dayMs, minuteMs } from '@perf-agg/sdk'
import type { Amount } from '../../accounting/observation.ts'
import type { Calls, Endpoint } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { CollectorFailure, failureOf } from '../failure.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import { endpoints } from './endpoint.ts'
import { executionsOf, holdingOf, type Line, linesOf, type Listing, type Page } from './row.ts'
import { tell } from './tell.ts'

/** The exchange answers for so long a span at most. */
const spanMs = 7 * dayMs - 1
/** Pages of one poll, all lists together. */
const pagesMax = 60
/** A span with more pages than that is cut into halves. */
const pagesOfSpanMax = 20

/** The unified wallet of one account, its transaction log and its spot executions. */
export class BybitLedger implements LedgerSource {
  /** Two years. */
  readonly historyMs = 730 * dayMs
  readonly unavailable = []
  readonly #caller: Calls
  readonly #listingOf: (id: string) => Listing | undefined
  readonly #clock: Pick<JobClock, 'exchangeNowMs'>
  #pages = 0

  constructor(
    caller: Calls,
    listingOf: (id: string) => Listing | undefined,
    clock: Pick<JobClock, 'exchangeNowMs'>,
  ) {
    this.#caller = caller
    this.#listingOf = listingOf
    this.#clock = clock
  }

  async balances(): Promise<readonly Amount[]> {
    const { value } = await this.#caller.call(endpoints.walletBalance, { accountType: 'UNIFIED' })
    const { balances, more } = holdingOf(value)
    if (more === null) return balances
    throw new CollectorFailure(failureOf('EXCHANGE_ACCOUNT_REFUSED', 'session', { exchangeCode: more }))
  }

  async read(fromMs: number, thorough: boolean): Promise<Reading> {
    const nowMs = this.#clock.exchangeNowMs()
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
      const traded = thorough || own?.some(({ type }) => type === 'TRADE') === true
      const read =
        own === null || !traded
          ? []
          : await this.#span(endpoints.executions, { ...span, category: 'spot', limit: 100 }, executionsOf)
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
      for (const execution of read) executions.set(execution.id, execution)
      startMs = endMs + 1
    }
    return { ...tell([...lines.values()], [...executions.values()], this.#listingOf), cutAtMs }
  }

  /** All rows of one span; null where it has more pages than are read at once. */
  async #span<Each>(
    endpoint: Endpoint,
    parameters: Readonly<Record<string, string | number>>,
    readPage: (value: unknown, exchangeNowMs: number) => Page<Each>,
  ): Promise<Each[] | null> {
    const rows: Each[] = []
    let cursor: string | null = null
    for (let page = 0; page < pagesOfSpanMax; page += 1) {
      if (this.#pages >= pagesMax) return null
      this.#pages += 1
      const next: Readonly<Record<string, string | number>> =
        cursor === null ? parameters : { ...parameters, cursor }
      const { value } = await this.#caller.call(endpoint, next)
      const answer: Page<Each> = readPage(value, this.#clock.exchangeNowMs())
      rows.push(...answer.rows)
      // it gives a cursor for an empty page as well
      if (answer.cursor === null || answer.rows.length === 0 || answer.cursor === cursor) return rows
      cursor = answer.cursor
    }
    return null
  }
}
