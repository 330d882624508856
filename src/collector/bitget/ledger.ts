import {
  absolute,
  compare,
  dayMs,
  minuteMs,
  parseDecimal,
  round,
  signOf,
  subtract,
  toText,
} from '@perf-agg/sdk'
import type { Amount, Wallet, Position } from '../../accounting/observation.ts'
import type { Calls, Endpoint } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { sumOf } from '../holding.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import type { Listed, MarketList } from '../market-list.ts'
import { keptMsOf } from '../reach.ts'
import { eachOnce, type Page, type ReadPages, walkSpans } from '../span.ts'
import {
  type ContractBill,
  contractBalancesOf,
  contractBillsOf,
  type ContractFill,
  contractFillsOf,
  positionsOf,
} from './contract.ts'
import { endpoints } from './endpoint.ts'
import { contractOf, type Product, productsOf } from './product.ts'
import { balancesOf, type Bill, billsOf, type SentPage, type Trade, tradesOf } from './row.ts'
import { type Told, tellAll } from './tell.ts'

/** Some lists tell of no more than a week at once. */
const spans = { spanMs: 7 * dayMs, pagesMax: 60, pagesOfSpanMax: 20 }

type Parameters = Readonly<Record<string, string | number>>

export interface BitgetWatch {
  readonly caller: Calls
  readonly listings: MarketList<Listed>
  readonly clock: Pick<JobClock, 'exchangeNowMs'>
  readonly wallets: readonly Wallet[]
}

/** The spot account and the contracts' wallets of one client, their bills and fills, of all markets at once. */
export class BitgetLedger implements LedgerSource {
  readonly historyMs = keptMsOf('bitget', 'spot', '')
  readonly unavailable = []
  readonly #watch: BitgetWatch
  /** Products whose wallets hold nothing. */
  readonly #empty = new Set<Product>()

  constructor(watch: BitgetWatch) {
    this.#watch = watch
  }

  get #products(): readonly Product[] {
    return productsOf(this.#watch.wallets)
  }

  async balances(): Promise<readonly Amount[]> {
    const { caller, wallets } = this.#watch
    const parts: Amount[] = []
    if (wallets.includes('spot')) {
      parts.push(...balancesOf((await caller.call(endpoints.assets, { assetType: 'hold_only' })).value))
    }
    for (const productType of this.#products) parts.push(...(await this.#walletOf(productType)))
    return sumOf(parts)
  }

  async #walletOf(productType: Product): Promise<readonly Amount[]> {
    const { caller, clock } = this.#watch
    const { value } = await caller.call(endpoints.contractAccounts, { productType })
    const told = contractBalancesOf(value, productType)
    const isEmpty = told.every(({ amount }) => signOf(parseDecimal(amount)) === 0)
    // nothing is open that nothing backs
    if (isEmpty && told.length > 0) this.#empty.add(productType)
    else this.#empty.delete(productType)
    if (isEmpty) return []
    const newest = await caller.call(endpoints.contractBills, { productType, limit: 20 })
    // to the last unit it stands behind the newest bill: equity and profit are rounded each by itself
    const bills = contractBillsOf(newest.value, productType, clock.exchangeNowMs()).rows
    return told.map((each) => exactOf(each, bills))
  }

  /** Of the same products as the balances that were read before them. */
  async positions(): Promise<readonly Position[]> {
    const positions: Position[] = []
    for (const productType of this.#products) {
      if (this.#empty.has(productType)) continue
      const { value } = await this.#watch.caller.call(endpoints.positions, { productType })
      positions.push(...positionsOf(value, productType, this.#contractBy))
    }
    return positions
  }

  async read(fromMs: number, thorough: boolean): Promise<Reading> {
    const { clock, listings, wallets } = this.#watch
    const nowMs = clock.exchangeNowMs()
    const firstMs = Math.max(fromMs, nowMs - this.historyMs + minuteMs)
    // a second ahead: clocks differ, and what comes meanwhile is welcome
    const { parts, cutAtMs } = await walkSpans(
      firstMs,
      nowMs + 1_000,
      spans,
      (startTime, endTime, readPages) => this.#span({ startTime, endTime }, thorough, readPages),
    )
    const told: Told = {
      bills: eachOnce(parts.flatMap((part) => part.bills)),
      trades: eachOnce(parts.flatMap((part) => part.trades)),
      contractBills: eachOnce(parts.flatMap((part) => part.contractBills)),
      contractFills: eachOnce(parts.flatMap((part) => part.contractFills)),
    }
    const span = { fromMs: firstMs, toMs: cutAtMs ?? nowMs, isOpen: cutAtMs === null }
    const isBoth = wallets.includes('spot') && this.#products.length > 0
    return { ...tellAll(told, (id) => listings.byName(id), isBoth ? span : null), cutAtMs }
  }

  async #span(span: Parameters, thorough: boolean, readPages: ReadPages): Promise<Part | null> {
    const part: Part = { bills: [], trades: [], contractBills: [], contractFills: [] }
    if (this.#watch.wallets.includes('spot')) {
      const bills = await readPages(this.#below(endpoints.bills, { ...span, limit: 500 }, billsOf))
      if (bills === null) return null
      part.bills.push(...bills)
      if (thorough || bills.some(({ group }) => group === 'transaction')) {
        const trades = await readPages(this.#below(endpoints.fills, { ...span, limit: 100 }, tradesOf))
        if (trades === null) return null
        part.trades.push(...trades)
      }
    }
    for (const productType of this.#products) {
      const asked = { ...span, productType, limit: 100 }
      const bills = await readPages(
        this.#below(endpoints.contractBills, asked, (value, exchangeNowMs) =>
          contractBillsOf(value, productType, exchangeNowMs),
        ),
      )
      if (bills === null) return null
      part.contractBills.push(...bills)
      if (!thorough && bills.length === 0) continue
      const fills = await readPages(
        this.#below(endpoints.contractFills, asked, (value, exchangeNowMs) =>
          contractFillsOf(value, productType, this.#contractBy, exchangeNowMs),
        ),
      )
      if (fills === null) return null
      part.contractFills.push(...fills)
    }
    return part
  }

  readonly #contractBy = (id: string, product: Product): Listed =>
    this.#watch.listings.byName(`${product} ${id}`) ?? contractOf(id, product)

  /** Newest first, each page below the last id of the one before. */
  #below<Each>(
    endpoint: Endpoint,
    parameters: Parameters,
    readPage: (value: unknown, exchangeNowMs: number) => SentPage<Each>,
  ): (next: string | null) => Promise<Page<Each>> {
    const { caller, clock } = this.#watch
    return async (next) => {
      const asked: Parameters = next === null ? parameters : { ...parameters, idLessThan: next }
      const { value } = await caller.call(endpoint, asked)
      const page = readPage(value, clock.exchangeNowMs())
      return page.sent < Number(parameters['limit']) ? { ...page, next: null } : page
    }
  }
}

interface Part {
  readonly bills: Bill[]
  readonly trades: Trade[]
  readonly contractBills: ContractBill[]
  readonly contractFills: ContractFill[]
}

/** So much the two may differ by their rounding. */
const roundingMost = '0.001'

/** Places of a wallet's amounts. */
const walletPlaces = 8

function exactOf({ asset, amount }: Amount, bills: readonly ContractBill[]): Amount {
  const last = bills.find((bill) => bill.asset === asset && bill.balance !== '')
  const off = last === undefined ? null : absolute(subtract(parseDecimal(last.balance), parseDecimal(amount)))
  if (last === undefined || off === null || compare(off, parseDecimal(roundingMost)) > 0) {
    return { asset, amount: toText(round(parseDecimal(amount), walletPlaces)) }
  }
  return { asset, amount: last.balance }
}
