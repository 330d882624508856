import { dayMs, hourMs } from '@perf-agg/sdk'
import type { CashFlow, Conversion, MarketType } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Calls, Endpoint } from '../call.ts'
import { allOf, CollectorFailure, invalidAnswer } from '../failure.ts'
import { keptMsOf } from '../reach.ts'
import { endpoints } from './endpoint.ts'
import { isMissing } from './judge.ts'
import {
  convertsOf,
  depositsOf,
  dividendsOf,
  dustOf,
  futuresTransfersOf,
  type Movement,
  transfersOf,
  withdrawalsOf,
} from './row.ts'
import { walletNames } from './transfers.ts'

/** How far each list is read back again: what can still change, or come in late. */
const lookBackMs = {
  movements: 14 * dayMs,
  converts: dayMs,
  dust: dayMs,
  dividends: 3 * dayMs,
  transfers: hourMs,
}

/** binance answers for so long a span at most. */
const spanMs = {
  movements: 89 * dayMs,
  converts: 29 * dayMs,
  dividends: 89 * dayMs,
  transfers: 6 * dayMs,
}

/** Wallets of the same owner beside spot's. */
const otherWallets = [
  'FUNDING',
  'UMFUTURE',
  'CMFUTURE',
  'MARGIN',
  'ISOLATED_MARGIN',
  'OPTION',
  'PORTFOLIO_MARGIN',
] as const

export interface FlowsOptions {
  readonly caller: Calls
  readonly exchangeNowMs: number
  /** Begin of the poll, exchange time: the instant that an estimate gets. */
  readonly begunAtMs: number
  readonly floorMs: number
  readonly estimates: readonly (readonly [string, number])[]
  /** Null before the first anchor. */
  readonly baseAtMs: number | null
  /** Watched beside spot: what goes between them is no flow. */
  readonly others: readonly MarketType[]
}

/** Everything that moves the spot wallet beside fills. */
export class Flows {
  readonly #options: FlowsOptions
  readonly #estimates: Map<string, number>
  readonly #used = new Map<string, number>()
  readonly #flows = new Map<string, CashFlow>()
  readonly #conversions = new Map<string, Conversion>()
  readonly #internal = new Map<string, CashFlow>()
  /** Lists that the exchange does not have, or not for this key. */
  readonly unavailable = new Set<string>()
  /** Lists that could not be read this time, by the failure's code. */
  readonly failed = new Map<string, string>()

  constructor(options: FlowsOptions) {
    this.#options = options
    this.#estimates = new Map(options.estimates)
  }

  get flows(): CashFlow[] {
    return [...this.#flows.values()].toSorted((a, b) => a.atMs - b.atMs)
  }

  /** From and to other wallets that are watched: they move this one, and are no flows of the account. */
  get internal(): CashFlow[] {
    return [...this.#internal.values()]
  }

  get conversions(): Conversion[] {
    return [...this.#conversions.values()].toSorted((a, b) => a.atMs - b.atMs)
  }

  /** Those that this poll met again; older ones are past asking. */
  get estimates(): readonly (readonly [string, number])[] {
    return [...this.#used]
  }

  async read(fromMs: number): Promise<void> {
    await allOf([
      this.#source('deposits', () => this.#deposits(fromMs)),
      this.#source('withdrawals', () => this.#withdrawals(fromMs)),
      this.#source('dust', () => this.#dust(fromMs)),
      this.#source('converts', () => this.#converts(fromMs)),
      this.#source('dividends', () => this.#dividends(fromMs)),
    ])
  }

  async readTransfers(fromMs: number): Promise<void> {
    await this.#source('transfers', async () => {
      const watched = new Set(this.#options.others.map((other) => walletNames[other]))
      const reads = otherWallets.flatMap((wallet) => {
        const into = watched.has(wallet.replace('ISOLATED_', '')) ? this.#internal : this.#flows
        return [
          this.#transfers(`MAIN_${wallet}`, 'out', fromMs, into),
          this.#transfers(`${wallet}_MAIN`, 'in', fromMs, into),
        ]
      })
      await allOf(reads)
    })
    if (this.unavailable.has('transfers')) {
      await this.#source('futures-transfers', () => this.#futuresTransfers(fromMs))
    }
  }

  async #futuresTransfers(fromMs: number): Promise<void> {
    const { caller, exchangeNowMs, others } = this.#options
    for (const [startTime, endTime] of this.#spans(fromMs - lookBackMs.transfers, spanMs.movements)) {
      for (let current = 1; ; current += 1) {
        refuseEndless(current)
        const { value } = await caller.call(endpoints.futuresTransfers, {
          startTime,
          endTime,
          current,
          size: 100,
        })
        for (const { flow, wallet } of futuresTransfersOf(value, exchangeNowMs)) {
          this.#add(flow, others.includes(wallet) ? this.#internal : this.#flows)
        }
        const { rows } = value as { readonly rows?: unknown }
        if (!Array.isArray(rows) || rows.length < 100) break
      }
    }
  }

  async #source(name: string, read: () => Promise<void>): Promise<void> {
    try {
      await read()
    } catch (error) {
      if (!(error instanceof CollectorFailure)) throw error
      const { failure } = error
      // The key has just read the account: that it is refused here means that this list is not for it.
      if (isMissing(failure) || failure.code === 'EXCHANGE_KEY_REFUSED') this.unavailable.add(name)
      else if (failure.code === 'EXCHANGE_UNREACHABLE') this.failed.set(name, failure.code)
      else throw error
    }
  }

  async #deposits(fromMs: number): Promise<void> {
    for (const deposit of await this.#movements(endpoints.deposits, fromMs, depositsOf)) {
      if (deposit.state !== 'done') continue
      const estimated = deposit.completedAtMs === null
      this.#add({
        id: deposit.id,
        flow: 'deposit',
        asset: deposit.asset,
        amount: deposit.amount,
        atMs: deposit.completedAtMs ?? this.#estimate(`deposit ${deposit.id}`, deposit.startedAtMs),
        atEstimated: estimated,
      })
    }
  }

  /** Coins leave when applied for; refused, they come back as a flow of their own. */
  async #withdrawals(fromMs: number): Promise<void> {
    for (const withdrawal of await this.#movements(endpoints.withdrawals, fromMs, withdrawalsOf)) {
      const { id, asset, amount, startedAtMs, completedAtMs, state } = withdrawal
      const flow = 'withdrawal'
      this.#add({ id, flow, asset, amount: `-${amount}`, atMs: startedAtMs, atEstimated: false })
      if (state !== 'refused') continue
      this.#add({
        id: `${id}:returned`,
        flow,
        asset,
        amount,
        atMs: completedAtMs ?? this.#estimate(`returned ${id}`, startedAtMs),
        atEstimated: completedAtMs === null,
      })
    }
  }

  /**
   * Without a time of its own a credit came between the anchor before and now: it gets the instant of the poll
   * that first saw it, and keeps it.
   */
  #estimate(key: string, startedAtMs: number): number {
    const { begunAtMs, baseAtMs } = this.#options
    const known = this.#estimates.get(key)
    const atMs = known ?? (baseAtMs === null ? startedAtMs : Math.max(begunAtMs, startedAtMs))
    this.#used.set(key, atMs)
    return atMs
  }

  async #movements(
    endpoint: Endpoint,
    fromMs: number,
    readRows: (value: unknown, exchangeNowMs: number) => Movement[],
  ): Promise<Movement[]> {
    const { caller, exchangeNowMs } = this.#options
    const movements: Movement[] = []
    for (const [startTime, endTime] of this.#spans(fromMs - lookBackMs.movements, spanMs.movements)) {
      for (let page = 0; ; page += 1) {
        refuseEndless(page)
        const parameters = { startTime, endTime, limit: 1_000, offset: page * 1_000 }
        const { value } = await caller.call(endpoint, parameters)
        movements.push(...readRows(value, exchangeNowMs))
        if (!Array.isArray(value) || value.length < 1_000) break
      }
    }
    return movements
  }

  async #dust(fromMs: number): Promise<void> {
    const { caller, exchangeNowMs } = this.#options
    await this.#halving(
      oldestOf('dust', fromMs, exchangeNowMs),
      exchangeNowMs,
      100,
      async (startTime, endTime) => {
        const { value } = await caller.call(endpoints.dust, { startTime, endTime })
        const rows = dustOf(value, exchangeNowMs)
        for (const conversion of rows) this.#convert(conversion)
        return rows.length
      },
    )
  }

  async #converts(fromMs: number): Promise<void> {
    const { caller, exchangeNowMs } = this.#options
    for (const [start, end] of this.#spans(fromMs - lookBackMs.converts, spanMs.converts)) {
      await this.#halving(start, end, 1_000, async (startTime, endTime) => {
        const { value } = await caller.call(endpoints.converts, { startTime, endTime, limit: 1_000 })
        const { rows, more } = convertsOf(value, exchangeNowMs)
        for (const conversion of rows) this.#convert(conversion)
        return more ? 1_000 : 0
      })
    }
  }

  async #dividends(fromMs: number): Promise<void> {
    const { caller, exchangeNowMs } = this.#options
    for (const [start, end] of this.#spans(fromMs - lookBackMs.dividends, spanMs.dividends)) {
      await this.#halving(start, end, 500, async (startTime, endTime) => {
        const { value } = await caller.call(endpoints.dividends, { startTime, endTime, limit: 500 })
        const rows = dividendsOf(value, exchangeNowMs)
        for (const flow of rows) this.#add(flow)
        return rows.length
      })
    }
  }

  async #transfers(
    type: string,
    direction: 'in' | 'out',
    fromMs: number,
    into: Map<string, CashFlow>,
  ): Promise<void> {
    const { caller, exchangeNowMs } = this.#options
    const oldestMs = oldestOf('transfers', fromMs, exchangeNowMs)
    for (const [startTime, endTime] of this.#spans(oldestMs, spanMs.transfers)) {
      for (let current = 1; ; current += 1) {
        refuseEndless(current)
        const { value } = await caller.call(endpoints.transfers, {
          type,
          startTime,
          endTime,
          current,
          size: 100,
        })
        for (const flow of transfersOf(value, direction, exchangeNowMs)) this.#add(flow, into)
        const { rows } = value as { readonly rows?: unknown }
        if (!Array.isArray(rows) || rows.length < 100) break
      }
    }
  }

  /** A list without pages: where an answer is full, its halves are asked. */
  async #halving(
    startMs: number,
    endMs: number,
    rowsMax: number,
    read: (startMs: number, endMs: number) => Promise<number>,
    count = { pages: 0 },
  ): Promise<void> {
    refuseEndless((count.pages += 1))
    const rows = await read(startMs, endMs)
    if (rows < rowsMax) return
    // so many at one instant can't be told apart
    if (endMs - startMs < 2) throw invalidAnswer('flows.pages')
    const middleMs = Math.floor((startMs + endMs) / 2)
    await this.#halving(startMs, middleMs, rowsMax, read, count)
    await this.#halving(middleMs + 1, endMs, rowsMax, read, count)
  }

  *#spans(fromMs: number, lengthMs: number): Generator<[number, number]> {
    const { exchangeNowMs } = this.#options
    for (let startMs = fromMs; startMs <= exchangeNowMs; startMs += lengthMs + 1) {
      yield [startMs, Math.min(startMs + lengthMs, exchangeNowMs)]
    }
  }

  #add(flow: CashFlow, into = this.#flows): void {
    if (flow.atMs >= this.#options.floorMs) into.set(`${flow.flow} ${flow.id}`, flow)
  }

  #convert(conversion: Conversion): void {
    if (conversion.atMs < this.#options.floorMs) return
    this.#conversions.set(`${conversion.conversion} ${conversion.id}`, conversion)
  }
}

/** A list that has no end is no answer. @throws {CollectorFailure} */
function refuseEndless(page: number): void {
  if (page > limits.collector.pagesMax) throw invalidAnswer('flows.pages')
}

/** Of a list that forgets: what it does not tell any more is not asked for. */
function oldestOf(list: 'dust' | 'transfers', fromMs: number, exchangeNowMs: number): number {
  return Math.max(fromMs - lookBackMs[list], exchangeNowMs - keptMsOf('binance', 'spot', list))
}
