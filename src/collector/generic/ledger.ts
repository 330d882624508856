import { dayMs } from '@perf-agg/sdk'
import type { Amount, CashFlow, Fill } from '../../accounting/observation.ts'
import type { UnifiedCalls } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { entryOfFill, entryOfFlow } from '../explain.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import { type ReadPages, walkSpans } from '../span.ts'
import { balancesOf, fillsOf, flowsOf, type Told } from './row.ts'
import { methods } from './venue.ts'

const spans = { spanMs: 7 * dayMs, pagesMax: 60, pagesOfSpanMax: 1 }
/** Rows asked for; as many as that may be fewer than there are. */
const rowsMost = 100

/**
 * Fills, deposits, withdrawals and balances, and nothing else: transfers, rewards, converts and whatever else moves a
 * balance come to light as what is unexplained.
 */
export class GenericLedger implements LedgerSource {
  readonly historyMs = null
  readonly unavailable = ['transfers', 'rewards', 'conversions', 'interest']
  readonly #caller: UnifiedCalls
  readonly #clock: Pick<JobClock, 'exchangeNowMs'>

  constructor(caller: UnifiedCalls, clock: Pick<JobClock, 'exchangeNowMs'>) {
    this.#caller = caller
    this.#clock = clock
  }

  async balances(): Promise<readonly Amount[]> {
    return balancesOf((await this.#caller.unified(methods.fetchBalance, [])).value)
  }

  async read(fromMs: number): Promise<Reading> {
    const { parts, cutAtMs } = await walkSpans(
      Math.max(fromMs, 0),
      this.#clock.exchangeNowMs() + 1_000,
      spans,
      (since, until, readPages) => this.#span(since, until, readPages),
    )
    const fills = once(parts.flatMap((part) => part.fills))
    const flows = once(parts.flatMap((part) => part.flows)).filter((flow) => flow !== null)
    const entries = [...fills.map(entryOfFill), ...flows.map(entryOfFlow)]
    return { fills, flows, conversions: [], incomes: [], entries, pending: false, cutAtMs }
  }

  async #span(
    since: number,
    until: number,
    readPages: ReadPages,
  ): Promise<{ fills: Told<Fill>[]; flows: Told<CashFlow | null>[] } | null> {
    // one page each: whether the next would go on or begin anew differs from one exchange to another
    const page = async <Value>(
      method: (typeof methods)[keyof typeof methods],
      read: (value: unknown) => Told<Value>[],
    ): Promise<Told<Value>[] | null> => {
      const rows = await readPages(async () => {
        const { value } = await this.#caller.unified(method, [undefined, since, rowsMost, { until }])
        const all = read(value)
        return { rows: all, next: all.length < rowsMost ? null : 'more' }
      })
      return rows?.filter(({ atMs }) => atMs >= since && atMs <= until) ?? null
    }
    const nowMs = this.#clock.exchangeNowMs()
    const fills = await page(methods.fetchMyTrades, (value) => fillsOf(value, nowMs))
    if (fills === null) return null
    const deposits = await page(methods.fetchDeposits, (value) => flowsOf(value, 'deposit', nowMs))
    if (deposits === null) return null
    const withdrawals = await page(methods.fetchWithdrawals, (value) => flowsOf(value, 'withdrawal', nowMs))
    return withdrawals === null ? null : { fills, flows: [...deposits, ...withdrawals] }
  }
}

function once<Value>(rows: readonly Told<Value>[]): Value[] {
  return [...new Map(rows.map(({ id, value }) => [id, value])).values()]
}
