import { add, dayMs, type Decimal, hourMs, negate, parseDecimal, signOf, toText, zero } from '@perf-agg/sdk'
import type { Amount, Fill, Position } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Calls, Endpoint } from '../call.ts'
import { contractKey, isContractKey, nameOfKey } from '../../accounting/ledger/contract.ts'
import { type Base, type Entry, entryOfFill } from '../explain.ts'
import { CollectorFailure } from '../failure.ts'
import { sumOf } from '../holding.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import { keptMsOf } from '../reach.ts'
import type { Contracts } from './contract.ts'
import {
  type ContractTrade,
  type Forced,
  forcedKey,
  forcedOf,
  type IncomeLine,
  incomesOf,
  positionRowsOf,
  positionsOf,
  tradesOf,
  walletOf,
} from './futures-row.ts'
import { conversionsOf, flowOf, incomeOf, rewardOf, tradeTypes, transferTypes } from './income.ts'
import { isMissing } from './judge.ts'
import type { Transfers } from './transfers.ts'
import type { Venue } from './venue.ts'

const pageRows = 1_000
const windowMs = 7 * dayMs

/**
 * A futures wallet. One call without a symbol tells every change of it, and with it which contracts were traded: only
 * those are asked for their trades, from the oldest that is told on. A trade that changed no coin (without a fee, and
 * closing nothing) shows in the positions, which the trades must lead to as well.
 */
export class FuturesSource implements LedgerSource {
  readonly #caller: Calls
  readonly #venue: Venue
  readonly #contracts: Contracts
  readonly #transfers: Transfers
  readonly #exchangeNowMs: () => number
  /** What was held when the poll before ended: trades must lead on from it. */
  readonly #base: Base | null
  #positions: readonly Position[] = []
  /** What the account's answer said of positions; null where it does not say enough. */
  #told: readonly unknown[] | null = null
  readonly historyMs = keptMsOf('binance', 'linear', 'incomes')
  readonly unavailable: readonly string[] = []

  constructor(options: {
    caller: Calls
    venue: Venue
    contracts: Contracts
    transfers: Transfers
    base: Base | null
    exchangeNowMs: () => number
  }) {
    this.#caller = options.caller
    this.#venue = options.venue
    this.#contracts = options.contracts
    this.#transfers = options.transfers
    this.#base = options.base
    this.#exchangeNowMs = options.exchangeNowMs
  }

  async balances(): Promise<readonly Amount[]> {
    const value = await this.#firstOf(this.#venue.accounts)
    this.#told = positionRowsOf(value)
    return walletOf(value)
  }

  async positions(): Promise<readonly Position[]> {
    this.#positions = this.#positionsOf(this.#told ?? (await this.#firstOf(this.#venue.positions)))
    return this.#positions
  }

  /** The answer of the first call that the host has. */
  async #firstOf(calls: readonly Endpoint[]): Promise<unknown> {
    for (const [index, endpoint] of calls.entries()) {
      try {
        return (await this.#caller.call(endpoint)).value
      } catch (error) {
        const isLast = index === calls.length - 1
        if (isLast || !(error instanceof CollectorFailure) || !isMissing(error.failure)) throw error
      }
    }
    throw new RangeError('no call to make')
  }

  #positionsOf(value: unknown): Position[] {
    return positionsOf(value, this.#venue.wallet, (id) => this.#contracts.read(id))
  }

  async read(sinceMs: number): Promise<Reading> {
    // what is forgotten costs as much to ask for as what is not
    const fromMs = Math.max(sinceMs, this.#exchangeNowMs() - this.historyMs)
    const { lines, cutAtMs } = await this.#incomes(fromMs)
    const trades = await this.#trades(lines, fromMs, cutAtMs ?? Number.POSITIVE_INFINITY)
    const fills = await this.#fills(trades, lines)
    const told = lines.filter(({ tradeId, type }) => tradeId !== '' && tradeTypes.has(type))
    const moved = lines.filter(({ type }) => transferTypes.has(type))
    const external = await this.#transfers.external(
      this.#venue.wallet,
      moved.map((line) => ({
        id: line.transferId,
        asset: line.asset,
        amount: line.amount,
        atMs: line.atMs,
        line,
      })),
    )
    const known = new Map(trades.map(({ contractId, fill }) => [`${contractId} ${fill.id}`, fill]))
    return {
      fills,
      flows: [...external.map(({ line }) => flowOf(line, 'transfer')), ...lines.flatMap(rewardOf)],
      conversions: conversionsOf(lines),
      incomes: lines.flatMap(incomeOf),
      entries: [
        ...lines.map((line): Entry => {
          const fill = tradeTypes.has(line.type) ? known.get(`${line.contractId} ${line.tradeId}`) : undefined
          // a trade and what it moved are one instant
          return { atMs: fill?.atMs ?? line.atMs, changes: [[line.asset, parseDecimal(line.amount)]] }
        }),
        ...fills.map(entryOfFill),
      ],
      pending: told.some(({ contractId, tradeId }) => !known.has(`${contractId} ${tradeId}`)),
      cutAtMs,
    }
  }

  /** Oldest first; where there are more than one poll takes, those up to an instant. */
  async #incomes(fromMs: number): Promise<{ lines: readonly IncomeLine[]; cutAtMs: number | null }> {
    const lines = new Map<string, IncomeLine>()
    const nowMs = this.#exchangeNowMs()
    for (let startTime = fromMs; startTime <= nowMs; startTime += windowMs + 1) {
      const endTime = Math.min(startTime + windowMs, nowMs)
      for (let page = 1; ; page += 1) {
        const parameters = { startTime, endTime, limit: pageRows, page }
        const { value } = await this.#caller.call(this.#venue.income, parameters)
        const rows = incomesOf(value, nowMs)
        for (const line of rows) lines.set(line.id, line)
        if (rows.length < pageRows) break
        if (page >= limits.collector.pagesMax || lines.size >= limits.collector.fillsMax) {
          const cutAtMs = Math.max(...rows.map(({ atMs }) => atMs)) - 1
          return { lines: [...lines.values()].filter(({ atMs }) => atMs <= cutAtMs), cutAtMs }
        }
      }
    }
    return { lines: [...lines.values()].toSorted((a, b) => a.atMs - b.atMs), cutAtMs: null }
  }

  /** Trades of the contracts that the incomes name, and of those whose position they do not lead to. */
  async #trades(
    lines: readonly IncomeLine[],
    fromMs: number,
    untilMs: number,
  ): Promise<readonly ContractTrade[]> {
    const first = new Map<string, number>()
    for (const { type, contractId, tradeId } of lines) {
      if (contractId === '' || !tradeTypes.has(type) || !/^\d{1,15}$/.test(tradeId)) continue
      first.set(contractId, Math.min(first.get(contractId) ?? Number.POSITIVE_INFINITY, Number(tradeId)))
    }
    const trades: ContractTrade[] = []
    for (const [contractId, fromId] of first) trades.push(...(await this.#onFrom(contractId, fromId)))
    for (const contractId of this.#unexplained(trades)) {
      const known = trades.filter((trade) => trade.contractId === contractId).map(({ fill }) => fill.id)
      const more = await this.#since(contractId, fromMs)
      trades.push(...more.filter(({ fill }) => !known.includes(fill.id)))
    }
    return trades.filter(({ fill }) => fill.atMs >= fromMs - hourMs && fill.atMs <= untilMs)
  }

  /** Contracts of which more, or less, is held than the trades since the poll before lead to. */
  #unexplained(trades: readonly ContractTrade[]): readonly string[] {
    const base = this.#base
    const rest = new Map<string, Decimal>()
    const put = (key: string, amount: Decimal): void => {
      rest.set(key, add(rest.get(key) ?? zero, amount))
    }
    for (const { market, symbol, quantity } of this.#positions) {
      put(contractKey(market, symbol), parseDecimal(quantity))
    }
    for (const { asset, amount } of base?.balances ?? []) {
      if (isContractKey(asset)) put(asset, negate(parseDecimal(amount)))
    }
    for (const { fill } of trades) {
      if (base === null || fill.atMs <= base.atMs) continue
      for (const [key, amount] of entryOfFill(fill).changes) put(key, negate(amount))
    }
    return [...rest]
      .filter(([, amount]) => signOf(amount) !== 0)
      .flatMap(([key]) => this.#contracts.bySymbol(nameOfKey(key))?.id ?? [])
  }

  /** By number: equal times can't be lost at a page's edge. */
  async #onFrom(contractId: string, fromId: number): Promise<ContractTrade[]> {
    const trades: ContractTrade[] = []
    for (let page = 0, nextId = fromId; page < limits.collector.pagesMax; page += 1) {
      const rows = await this.#page(contractId, { fromId: nextId })
      trades.push(...rows)
      const last = rows.at(-1)
      if (rows.length < pageRows || last === undefined) break
      nextId = Number(last.fill.id) + 1
    }
    return trades
  }

  /** Where no income names a trade: seven days at a time. */
  async #since(contractId: string, fromMs: number): Promise<ContractTrade[]> {
    const nowMs = this.#exchangeNowMs()
    for (let startTime = fromMs; startTime <= nowMs; startTime += windowMs) {
      const endTime = Math.min(startTime + windowMs - 1, nowMs)
      const [first] = await this.#page(contractId, { startTime, endTime })
      if (first !== undefined) return this.#onFrom(contractId, Number(first.fill.id))
    }
    return []
  }

  async #page(contractId: string, parameters: Readonly<Record<string, number>>): Promise<ContractTrade[]> {
    try {
      const asked = { symbol: contractId, limit: pageRows, ...parameters }
      const { value } = await this.#caller.call(this.#venue.trades, asked)
      const find = (id: string) => this.#contracts.read(id)
      return tradesOf(value, this.#venue.wallet, find, this.#exchangeNowMs()).toSorted(
        (a, b) => Number(a.fill.id) - Number(b.fill.id),
      )
    } catch (error) {
      // a contract that has left for good: what it moved stands in the incomes
      if (error instanceof CollectorFailure && error.failure.exchangeCode === '-1121') return []
      throw error
    }
  }

  /** With the fee that the wallet really paid, and with what the exchange did of its own accord named so. */
  async #fills(trades: readonly ContractTrade[], lines: readonly IncomeLine[]): Promise<Fill[]> {
    const forced = trades.some(({ closed }) => closed) ? await this.#forced(trades) : new Map<string, never>()
    const paid = Map.groupBy(
      lines.filter(({ type }) => type === 'COMMISSION'),
      ({ contractId, tradeId }) => `${contractId} ${tradeId}`,
    )
    return trades.map(({ fill, contractId, orderId }) => {
      const booked = paid.get(`${contractId} ${fill.id}`)
      const fees =
        booked === undefined
          ? fill.fees
          : sumOf(
              booked.map(({ asset, amount }) => ({ asset, amount: toText(negate(parseDecimal(amount))) })),
            )
      const execution = forced.get(forcedKey(contractId, orderId)) ?? fill.execution
      return { ...fill, fees, execution }
    })
  }

  async #forced(trades: readonly ContractTrade[]): Promise<ReadonlyMap<string, Forced>> {
    const closing = trades.filter(({ closed }) => closed).map(({ fill }) => fill.atMs)
    const nowMs = this.#exchangeNowMs()
    const forced = new Map<string, Forced>()
    // an order is there before its trades
    const oldestMs = Math.max(Math.min(...closing) - hourMs, nowMs - this.historyMs)
    for (let startTime = oldestMs; startTime <= nowMs; startTime += windowMs) {
      const endTime = Math.min(startTime + windowMs - 1, nowMs)
      const { value } = await this.#caller.call(this.#venue.forced, { startTime, endTime, limit: 100 })
      for (const [key, execution] of forcedOf(value)) forced.set(key, execution)
    }
    return forced
  }
}
