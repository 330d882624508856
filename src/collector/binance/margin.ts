import { dayMs, hourMs, minuteMs, negate, parseDecimal, secondMs, signOf, toText } from '@perf-agg/sdk'
import type { Amount, CashFlow, Conversion, Fill, Income, MarketType } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Calls, Endpoint } from '../call.ts'
import { entryOfConversion, entryOfFill, entryOfFlow, entryOfIncome } from '../explain.ts'
import { CollectorFailure, invalidAnswer } from '../failure.ts'
import { rowOf, rowsOf } from '../field.ts'
import { sumOf } from '../holding.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import { keptMsOf } from '../reach.ts'
import { endpoints } from './endpoint.ts'
import type { Listings } from './listings.ts'
import {
  capitalFlowOf,
  crossOf,
  type FlowLine,
  interestOf,
  isolatedOf,
  liquidationsOf,
  type MarginTransfer,
  marginTransfersOf,
  smallDebtsOf,
} from './margin-row.ts'
import { dustOf, fillsOf, type Listing } from './row.ts'

const pageRows = 1_000
/** So long a span one answer of each list covers at most. */
/** Of all its spans of a poll together. */
const flowPagesMax = 256
const spanMs = {
  trades: dayMs,
  flow: 7 * dayMs,
  interest: 29 * dayMs,
  transfers: 29 * dayMs,
  small: 29 * dayMs,
}

/**
 * The margin accounts, cross and of each pair. The flow of capital says without a symbol what was traded at cross
 * margin; a pair's own account trades only that pair. To borrow or to pay back moves nothing: what is owed is taken off
 * the balances.
 */
export class MarginSource implements LedgerSource {
  readonly #caller: Calls
  readonly #listings: Listings
  readonly #watched: ReadonlySet<string>
  readonly #exchangeNowMs: () => number
  #pairs: readonly string[] = []
  readonly historyMs = keptMsOf('binance', 'margin', '')
  readonly unavailable: readonly string[] = []

  constructor(options: {
    caller: Calls
    listings: Listings
    wallets: readonly MarketType[]
    exchangeNowMs: () => number
  }) {
    this.#caller = options.caller
    this.#listings = options.listings
    this.#watched = new Set(options.wallets.flatMap((wallet) => transferNames[wallet]))
    this.#exchangeNowMs = options.exchangeNowMs
  }

  async balances(): Promise<readonly Amount[]> {
    const cross = crossOf((await this.#caller.call(endpoints.marginAccount)).value)
    const isolated = isolatedOf((await this.#caller.call(endpoints.isolatedAccount)).value)
    this.#pairs = isolated.pairs
    return sumOf([...cross, ...isolated.balances])
  }

  async read(sinceMs: number): Promise<Reading> {
    const fromMs = Math.max(sinceMs, this.#exchangeNowMs() - this.historyMs)
    const lines = await this.#flow(fromMs)
    const fills = await this.#fills(lines, fromMs)
    const interest: Income[] = []
    const moved = new Map<string, MarginTransfer>()
    for (const pair of [null, ...this.#pairs]) {
      interest.push(...(await this.#interest(pair, fromMs)))
      for (const transfer of await this.#transfers(pair, fromMs)) {
        moved.set(`${transfer.id} ${transfer.amount}`, transfer)
      }
    }
    const incomes = [...interest, ...lines.flatMap(incomeOf)]
    const hasSmall = lines.some(({ type }) => type.includes('SMALL'))
    const conversions = hasSmall ? await this.#small(fromMs) : []
    const known = new Set(fills.map(({ atMs }) => Math.floor(atMs / secondMs)))
    // between accounts of margin nothing comes and nothing goes
    const outside = [...moved.values()].filter(({ other }) => !/MARGIN/.test(other))
    const flows = outside.filter(({ other }) => !this.#watched.has(other)).map(flowOf)
    return {
      fills,
      flows,
      conversions,
      incomes,
      entries: [
        ...fills.map(entryOfFill),
        ...conversions.map(entryOfConversion),
        ...incomes.map(entryOfIncome),
        ...outside.map(flowOf).map(entryOfFlow),
      ],
      pending: lines.filter(isTrade).some((line) => {
        const second = Math.floor(line.atMs / secondMs)
        return ![second - 1, second, second + 1].some((near) => known.has(near))
      }),
      cutAtMs: null,
    }
  }

  /** Of cross margin; a list without pages: where an answer is full, its halves are asked. */
  async #flow(fromMs: number): Promise<FlowLine[]> {
    const lines = new Map<string, FlowLine>()
    const nowMs = this.#exchangeNowMs()
    let pages = 0
    const read = async (startTime: number, endTime: number): Promise<void> => {
      pages += 1
      // one of which every part is full has no end
      if (pages > flowPagesMax) throw invalidAnswer('capitalFlow.pages')
      const { value } = await this.#caller.call(endpoints.marginFlow, { startTime, endTime, limit: pageRows })
      const rows = capitalFlowOf(value, nowMs)
      for (const row of rows) lines.set(row.id, row)
      if (rows.length < pageRows) return
      if (endTime - startTime < 2) throw invalidAnswer('capitalFlow.pages')
      const middle = Math.floor((startTime + endTime) / 2)
      await read(startTime, middle)
      await read(middle + 1, endTime)
    }
    for (let start = fromMs; start <= nowMs; start += spanMs.flow + 1) {
      await read(start, Math.min(start + spanMs.flow, nowMs))
    }
    return [...lines.values()].toSorted((a, b) => a.atMs - b.atMs)
  }

  async #fills(lines: readonly FlowLine[], fromMs: number): Promise<Fill[]> {
    const fills: { readonly fill: Fill; readonly order: string }[] = []
    const traded = lines.filter(isTrade)
    for (const listing of this.#candidates(traded)) {
      const first = Math.min(...traded.map(({ atMs }) => atMs))
      fills.push(...(await this.#trades(listing, 'FALSE', Math.max(fromMs, first - minuteMs))))
    }
    for (const pair of this.#pairs) {
      const listing = this.#listings.byId(pair)
      if (listing !== undefined) fills.push(...(await this.#trades(listing, 'TRUE', fromMs)))
    }
    const closed = lines.some(({ type }) => type.includes('LIQUIDATION')) || this.#pairs.length > 0
    const forced = closed && fills.length > 0 ? await this.#liquidations(fromMs) : new Set<string>()
    return fills.map(({ fill, order }) => (forced.has(order) ? { ...fill, execution: 'liquidation' } : fill))
  }

  /** Markets between the coins that were bought or sold at one instant. */
  #candidates(traded: readonly FlowLine[]): readonly Listing[] {
    const found = new Map<string, Listing>()
    for (const group of Map.groupBy(traded, ({ atMs }) => Math.floor(atMs / secondMs)).values()) {
      const coins = new Set(group.map(({ asset }) => asset))
      const named = new Set(group.map(({ pair }) => pair))
      for (const listing of this.#listings.all) {
        const between = coins.has(listing.base) && coins.has(listing.quote)
        if (between || named.has(listing.id)) found.set(listing.id, listing)
      }
    }
    return [...found.values()]
  }

  /** A day at a time until the first is found, from there on by number. */
  async #trades(
    listing: Listing,
    isIsolated: 'TRUE' | 'FALSE',
    fromMs: number,
  ): Promise<{ readonly fill: Fill; readonly order: string }[]> {
    const nowMs = this.#exchangeNowMs()
    const page = async (parameters: Readonly<Record<string, number>>) => {
      const asked = { symbol: listing.id, isIsolated, limit: pageRows, ...parameters }
      const { value } = await this.#caller.call(endpoints.marginTrades, asked)
      const orders = rowsOf(value, 'myTrades', pageRows).map((each) =>
        String(rowOf(each, 'myTrades')['orderId']),
      )
      return fillsOf(value, listing, nowMs).map((fill, index) => ({
        fill: { ...fill, market: 'margin' as const },
        order: `${listing.id} ${orders[index] ?? ''}`,
      }))
    }
    for (let startTime = fromMs; startTime <= nowMs; startTime += spanMs.trades) {
      const rows = await page({ startTime, endTime: Math.min(startTime + spanMs.trades - 1, nowMs) })
      const first = rows[0]
      if (first === undefined) continue
      const all = new Map(rows.map((row) => [row.fill.id, row]))
      let nextId = Math.max(...rows.map(({ fill }) => Number(fill.id))) + 1
      for (let count = 0; count < limits.collector.pagesMax; count += 1) {
        const more = await page({ fromId: nextId })
        for (const row of more) all.set(row.fill.id, row)
        if (more.length < pageRows) break
        nextId = Math.max(...more.map(({ fill }) => Number(fill.id))) + 1
      }
      return [...all.values()]
    }
    return []
  }

  async #liquidations(fromMs: number): Promise<ReadonlySet<string>> {
    const nowMs = this.#exchangeNowMs()
    const { pages } = this.#paged(endpoints.marginLiquidations, fromMs - hourMs, nowMs, {})
    const orders = new Set<string>()
    for await (const value of pages) for (const order of liquidationsOf(value)) orders.add(order)
    return orders
  }

  /** Rests of coins that became others, and debts too small to be paid back. */
  async #small(fromMs: number): Promise<Conversion[]> {
    const nowMs = this.#exchangeNowMs()
    const found = new Map<string, Conversion>()
    for (let start = fromMs; start <= nowMs; start += spanMs.small + 1) {
      const span = { startTime: start, endTime: Math.min(start + spanMs.small, nowMs) }
      // a hundred at most: what became BNB by more at once stays a residual
      const { value } = await this.#caller.call(endpoints.marginDust, span)
      for (const dust of dustOf(value, nowMs)) found.set(`dust ${dust.id}`, dust)
      const { pages } = this.#paged(endpoints.marginSmallDebts, span.startTime, span.endTime, {})
      for await (const page of pages) for (const debt of smallDebtsOf(page, nowMs)) found.set(debt.id, debt)
    }
    return [...found.values()]
  }

  async #interest(pair: string | null, fromMs: number): Promise<Income[]> {
    const nowMs = this.#exchangeNowMs()
    const incomes = new Map<string, Income>()
    const of = pair === null ? {} : { isolatedSymbol: pair }
    for (let start = fromMs; start <= nowMs; start += spanMs.interest + 1) {
      const end = Math.min(start + spanMs.interest, nowMs)
      const { pages } = this.#paged(endpoints.marginInterest, start, end, of)
      for await (const value of pages) {
        for (const income of interestOf(value, nowMs)) {
          if (signOf(parseDecimal(income.amount)) !== 0) incomes.set(income.id, income)
        }
      }
    }
    return [...incomes.values()]
  }

  async #transfers(pair: string | null, fromMs: number): Promise<MarginTransfer[]> {
    const nowMs = this.#exchangeNowMs()
    const transfers: MarginTransfer[] = []
    const of = pair === null ? {} : { isolatedSymbol: pair }
    for (let start = fromMs; start <= nowMs; start += spanMs.transfers + 1) {
      const end = Math.min(start + spanMs.transfers, nowMs)
      const { pages } = this.#paged(endpoints.marginTransfers, start, end, of)
      for await (const value of pages) transfers.push(...marginTransfersOf(value, nowMs))
    }
    return transfers
  }

  /** Lists of at most a hundred rows a page. */
  #paged(
    endpoint: Endpoint,
    startTime: number,
    endTime: number,
    more: Readonly<Record<string, string>>,
  ): { readonly pages: AsyncGenerator<unknown> } {
    const caller = this.#caller
    async function* pages(): AsyncGenerator<unknown> {
      for (let current = 1; current <= limits.collector.pagesMax; current += 1) {
        const { value } = await caller.call(endpoint, { startTime, endTime, current, size: 100, ...more })
        yield value
        const { rows } = rowOf(value, 'page')
        if (!Array.isArray(rows) || rows.length < 100) return
      }
      throw new CollectorFailure({
        kind: 'failed',
        code: 'EXCHANGE_ANSWER_INVALID',
        exchangeCode: 'pages',
        retryAfterMs: null,
        scope: 'session',
      })
    }
    return { pages: pages() }
  }
}

/** As a margin account's transfers name the other end. */
const transferNames: Readonly<Record<MarketType, readonly string[]>> = {
  spot: ['SPOT', 'MAIN'],
  linear: ['FUTURES', 'UMFUTURE'],
  inverse: ['DELIVERY', 'CMFUTURE'],
  margin: [],
}

function isTrade({ type }: FlowLine): boolean {
  return /^(BUY|SELL)_/.test(type) || type === 'TRADING_COMMISSION'
}

function incomeOf({ id, type, asset, amount, atMs }: FlowLine): Income[] {
  if (signOf(parseDecimal(amount)) === 0) return []
  const common = { id: `${type}:${id}`, asset, atMs }
  if (type === 'LIQUIDATION_FEE') {
    return [{ ...common, income: 'liquidation-fee', amount: toText(negate(parseDecimal(amount))) }]
  }
  return type === 'COMMISSION_RETURN' ? [{ ...common, income: 'rebate', amount }] : []
}

function flowOf({ id, asset, amount, atMs }: MarginTransfer): CashFlow {
  return { id: `MARGIN:${id}`, flow: 'transfer', asset, amount, atMs, atEstimated: false }
}
