import { dayMs } from '@perf-agg/sdk'
import type { Amount } from '../../accounting/observation.ts'
import type { Calls, Endpoint } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { type Base, type Residual, sameBalances } from '../explain.ts'
import { limits } from '../../limits.ts'
import { CollectorFailure, invalidAnswer } from '../failure.ts'
import { refuseTwice } from '../field.ts'
import { sumOf } from '../holding.ts'
import type { LedgerSource, Reading, Rest } from '../ledger-poll.ts'
import { type Page, type ReadPages, walkSpans } from '../span.ts'
import { endpoints } from './endpoint.ts'
import { type FillRow, fillsOf, type Wallet, walletsOf } from './row.ts'
import { isSlow, restOfSlow } from './slow.ts'
import { tell } from './tell.ts'
import { bankTransfersOf, pageRows, type Transaction, transactionsOf } from './transaction.ts'

const spans = { spanMs: 365 * dayMs, pagesMax: 64, pagesOfSpanMax: 24 }
/** What a bank or a chain takes so long to bring stands in the list where it began. */
const slowMs = 5 * dayMs
/** For those that are slow, no more pages than that behind what must be read. */
const slowPagesMax = 2

/** The wallets of one portfolio, its fills and the transactions behind them. */
export class CoinbaseLedger implements LedgerSource {
  readonly historyMs = null
  /** Transactions tell whole seconds. */
  readonly granularityMs = 1_000
  readonly unavailable: string[] = []
  readonly #caller: Calls
  readonly #clock: Pick<JobClock, 'exchangeNowMs'>
  readonly #base: Base | null
  #wallets: readonly Wallet[] = []
  /** A list was not read to its end. */
  #isCut = false
  /** Of the last reading, what the rest alone can tell about. */
  #slow: readonly Transaction[] = []

  /** `base`: balances that are explained already. */
  constructor(caller: Calls, clock: Pick<JobClock, 'exchangeNowMs'>, base: Base | null) {
    this.#caller = caller
    this.#clock = clock
    this.#base = base
  }

  async balances(): Promise<readonly Amount[]> {
    const wallets: Wallet[] = []
    for (let page = 0, cursor: string | null = ''; cursor !== null; page += 1) {
      if (page === spans.pagesMax) throw invalidAnswer('accounts')
      const asked: Readonly<Record<string, string | number>> =
        cursor === '' ? { limit: 250 } : { limit: 250, cursor }
      const answer = walletsOf((await this.#caller.call(endpoints.accounts, asked)).value)
      wallets.push(...answer.rows)
      cursor = answer.next
      if (wallets.length > limits.collector.assetsMax) throw invalidAnswer('accounts')
    }
    refuseTwice(
      wallets.map(({ id }) => id),
      'accounts',
    )
    this.#wallets = wallets
    return sumOf(wallets.map(({ asset, amount }) => ({ asset, amount })))
  }

  async read(fromMs: number, thorough: boolean): Promise<Reading> {
    this.#isCut = false
    const toMs = this.#clock.exchangeNowMs() + 1_000
    const walked = await walkSpans(fromMs, toMs, spans, (startMs, endMs, readPages) =>
      this.#fills(startMs, endMs, readPages),
    )
    const rows = walked.parts.flat()
    const fills = new Map(rows.flatMap(({ fill }) => (fill === null ? [] : [[fill.id, fill] as const])))
    const untilMs = walked.cutAtMs ?? toMs
    // those of banks come last: they say more of the same
    const transactions = new Map<string, Transaction>()
    for (const wallet of this.#wallets) {
      if (!thorough && !this.#moved(wallet.asset)) continue
      for (const row of await this.#transactions(wallet, fromMs)) {
        // what was done within the span, wherever it began
        const isWithin = row.changedAtMs >= fromMs || isSlow(row, this.#base)
        if (isWithin && row.atMs <= untilMs) transactions.set(row.id, row)
      }
    }
    const walletIds = new Set(this.#wallets.map(({ id }) => id))
    const all = [...transactions.values()]
    this.#slow = all.filter((each) => isSlow(each, this.#base))
    const others = all.filter((each) => !this.#slow.includes(each))
    const told = tell([...fills.values()], others, walletIds, { fromMs, toMs })
    return { ...told, pending: told.pending || this.#isCut, cutAtMs: walked.cutAtMs }
  }

  restOf(residual: Residual, _base: Base, readMs: number): Rest {
    return restOfSlow(residual, this.#slow, readMs)
  }

  #fills(startMs: number, endMs: number, readPages: ReadPages): Promise<FillRow[] | null> {
    const span = {
      start_sequence_timestamp: new Date(startMs).toISOString(),
      end_sequence_timestamp: new Date(endMs).toISOString(),
      limit: 100,
    }
    return readPages(async (next) => {
      const { value } = await this.#caller.call(
        endpoints.fills,
        next === null ? span : { ...span, cursor: next },
      )
      return fillsOf(value, this.#clock.exchangeNowMs())
    })
  }

  #moved(asset: string): boolean {
    const held = (amounts: readonly Amount[]) => amounts.filter((each) => each.asset === asset)
    return this.#base === null || !sameBalances(held(this.#base.balances), held(sumOf(this.#wallets)))
  }

  async #transactions(wallet: Wallet, fromMs: number): Promise<Transaction[]> {
    const rows = await this.#list(endpoints.transactions, wallet, fromMs, (value, nowMs) =>
      transactionsOf(value, wallet.id, nowMs),
    )
    if (!wallet.isFiat) return rows
    for (const direction of ['deposit', 'withdrawal'] as const) {
      const list = `${direction}s` as const
      try {
        const own = await this.#list(endpoints[list], wallet, fromMs, (value, nowMs) =>
          bankTransfersOf(value, direction, wallet.id, nowMs),
        )
        rows.push(...own)
      } catch (error) {
        // the transactions tell of them too, if with less
        const code = error instanceof CollectorFailure ? error.failure.code : null
        if (code !== 'EXCHANGE_REQUEST_REFUSED' && code !== 'EXCHANGE_KEY_REFUSED') throw error
        if (!this.unavailable.includes(list)) this.unavailable.push(list)
      }
    }
    return rows
  }

  /** Newest first, back to `fromMs` and a little beyond. */
  async #list<Each extends { readonly atMs: number }>(
    endpoint: Endpoint,
    wallet: Wallet,
    fromMs: number,
    readPage: (value: unknown, exchangeNowMs: number) => Page<Each>,
  ): Promise<Each[]> {
    const rows: Each[] = []
    let next: string | null = null
    for (let page = 0, behind = 0; page < spans.pagesMax; page += 1) {
      const asked = { account_id: wallet.id, limit: pageRows }
      const parameters: Readonly<Record<string, string | number>> =
        next === null ? asked : { ...asked, starting_after: next }
      const { value } = await this.#caller.call(endpoint, parameters)
      const answer = readPage(value, this.#clock.exchangeNowMs())
      rows.push(...answer.rows)
      const oldestMs = answer.rows.at(-1)?.atMs ?? 0
      if (oldestMs < fromMs) behind += 1
      if (answer.next === null || answer.rows.length === 0 || answer.next === next) return rows
      if (oldestMs < fromMs - slowMs || behind >= slowPagesMax) return rows
      next = answer.next
    }
    this.#isCut = true
    return rows
  }
}
