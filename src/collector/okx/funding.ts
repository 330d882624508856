import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import type { Amount } from '../../accounting/observation.ts'
import type { Calls } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { eachOnce, type Page, walkSpans } from '../span.ts'
import type { Converted, Side } from './conversion.ts'
import { endpoints } from './endpoint.ts'
import {
  convertsOf,
  depositsOf,
  easyConvertsOf,
  type FundingBill,
  fundingBalancesOf,
  fundingBillsOf,
  type Passage,
  withdrawalsOf,
} from './funding-row.ts'
import { pageRows } from './row.ts'

/** The quick list reaches back a month; a slower one has everything. */
const quickMs = 29 * dayMs
/** One span is all there is, unless it holds too much. */
const spans = { spanMs: 20 * 366 * dayMs, pagesMax: 40, pagesOfSpanMax: 10 }
/** A deposit may be credited so long after it was first seen, a withdrawal undone so long after it was asked for. */
const passageMs = 3 * dayMs

interface Watch {
  readonly caller: Calls
  readonly clock: Pick<JobClock, 'exchangeNowMs'>
}

/** The funding account, through which deposits and withdrawals pass, and the lists that name what its bills do not. */
export class Funding {
  readonly #watch: Watch

  constructor(watch: Watch) {
    this.#watch = watch
  }

  async balances(): Promise<readonly Amount[]> {
    const { value } = await this.#watch.caller.call(endpoints.fundingBalances)
    return fundingBalancesOf(value)
  }

  async read(
    fromMs: number,
  ): Promise<{ readonly bills: readonly FundingBill[]; readonly cutAtMs: number | null }> {
    const nowMs = this.#watch.clock.exchangeNowMs()
    // a second ahead: clocks differ, and what comes meanwhile is welcome
    const { parts, cutAtMs } = await walkSpans(fromMs, nowMs + 1_000, spans, (startMs, endMs, readPages) =>
      readPages((after) => this.#page(startMs, endMs, after)),
    )
    return { bills: eachOnce(parts.flat()), cutAtMs }
  }

  /** Newest first: the first page by time, those behind it by number, for bills of one instant have none between them. */
  async #page(startMs: number, endMs: number, after: string | null): Promise<Page<FundingBill>> {
    const { caller, clock } = this.#watch
    const nowMs = clock.exchangeNowMs()
    const endpoint = startMs > nowMs - quickMs ? endpoints.fundingBills : endpoints.fundingBillsHistory
    // bounds are left out of what is told
    const asked =
      after === null
        ? { pagingType: '1', after: endMs + 1, before: startMs - 1, limit: pageRows }
        : { pagingType: '2', after, limit: pageRows }
    const { rows, sent, last } = fundingBillsOf((await caller.call(endpoint, asked)).value, nowMs)
    const isOver = sent < pageRows || rows.some(({ atMs }) => atMs < startMs)
    return {
      rows: rows.filter(({ atMs }) => atMs >= startMs && atMs <= endMs),
      next: isOver ? null : last,
    }
  }

  /** Conversions that are told whole, around the time of what may be their sides. */
  async converted(sides: readonly Side[], account: '6' | '18'): Promise<readonly Converted[]> {
    if (sides.length === 0) return []
    const { caller, clock } = this.#watch
    const asked = around(sides, 10 * minuteMs)
    const converts = await caller.call(endpoints.converts, asked)
    const small = await caller.call(endpoints.easyConverts, asked)
    const nowMs = clock.exchangeNowMs()
    return [...convertsOf(converts.value, nowMs), ...easyConvertsOf(small.value, nowMs, account)]
  }

  /** Deposits and withdrawals that may stand behind bills of an unknown kind. */
  async passages(sides: readonly Side[]): Promise<readonly Passage[]> {
    if (sides.length === 0) return []
    const { caller, clock } = this.#watch
    const asked = around(sides, passageMs)
    const deposits = await caller.call(endpoints.deposits, asked)
    const withdrawals = await caller.call(endpoints.withdrawals, asked)
    const nowMs = clock.exchangeNowMs()
    return [...depositsOf(deposits.value, nowMs), ...withdrawalsOf(withdrawals.value, nowMs)]
  }
}

function around(sides: readonly Side[], beforeMs: number): Readonly<Record<string, number>> {
  const times = sides.map(({ atMs }) => atMs)
  const [first, last] = [Math.min(...times), Math.max(...times)]
  return { after: last + hourMs, before: first - beforeMs, limit: pageRows }
}
