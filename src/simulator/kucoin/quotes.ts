import { minuteMs } from '@perf-agg/sdk'
import type { ContractDesk } from '../contract-desk.ts'
import { type Listing, listings } from '../listing.ts'
import { type Market, priceText } from '../market.ts'
import type { TruthWriter } from '../truth.ts'
import { fromUnits } from '../units.ts'
import { contractId, contractInfo, indexId, numberOf } from './contract.ts'
import { refusals } from './refusal.ts'

/** What anybody may read of kucoin's markets: spot's and their minutes, the newest first, and those of contracts. */

const rowsMax = 1_500

interface Place {
  readonly market: Market
  readonly contracts: ContractDesk
  readonly truth: TruthWriter
}

export function symbolOf({ base, quote }: Pick<Listing, 'base' | 'quote'>): string {
  return `${base}-${quote}`
}

const bySymbol = new Map(listings.map((listing) => [symbolOf(listing), listing]))

export function symbols({ market }: Place, nowMs: number): unknown {
  return listings.map((listing) => ({
    symbol: symbolOf(listing),
    name: symbolOf(listing),
    baseCurrency: listing.base,
    quoteCurrency: listing.quote,
    feeCurrency: listing.quote,
    market: listing.quote,
    baseIncrement: String(10 ** -listing.stepDecimals),
    priceIncrement: String(10 ** -listing.tickDecimals),
    enableTrading: market.isTrading(listing, nowMs),
    isMarginEnabled: true,
  }))
}

/** From `startAt` to `endAt`, both in seconds and both included. */
export function candles({ market, truth }: Place, query: URLSearchParams, nowMs: number): unknown {
  const listing = bySymbol.get(query.get('symbol') ?? '')
  if (listing === undefined) throw refusals.parameter('symbol')
  if (query.get('type') !== '1min') throw refusals.parameter('type')
  const fromMs = Math.max(integerOf(query, 'startAt', 0) * 1_000, market.openedMs)
  const toMs = Math.min(integerOf(query, 'endAt', Math.floor(nowMs / 1_000)) * 1_000, nowMs)
  const rows: unknown[] = []
  for (
    let atMs = Math.floor(toMs / minuteMs) * minuteMs;
    atMs >= fromMs && rows.length < rowsMax;
    atMs -= minuteMs
  ) {
    const minute = market.partialMinute(listing, atMs, nowMs)
    // without a trade there is no row
    if (minute === null || minute.trades === 0) continue
    if (atMs + minuteMs <= nowMs) truth.used(listing.symbol, atMs)
    const prices = [minute.open, minute.close, minute.high, minute.low].map(priceText)
    rows.push([String(atMs / 1_000), ...prices, fromUnits(minute.base), fromUnits(minute.quote)])
  }
  return rows
}

/** What is delivered leaves the list. */
export function activeContracts({ contracts: { contracts, marks } }: Place, nowMs: number): unknown {
  return contracts
    .filter((contract) => marks.isTrading(contract, nowMs))
    .map((contract) => contractInfo(contract, numberOf(BigInt(marks.at(contract, nowMs)))))
}

const contractRowsMax = 200

/** Of an index, the oldest first: the past of a mark is told nowhere, and here it is what it follows. */
export function contractCandles(
  { market, contracts, truth }: Place,
  query: URLSearchParams,
  nowMs: number,
): unknown {
  const symbol = query.get('symbol')
  const contract = contracts.contracts.find((each) =>
    [indexId(each), contractId(each)].includes(symbol ?? ''),
  )
  if (contract === undefined) throw refusals.parameter('symbol')
  if (query.get('granularity') !== '1') throw refusals.parameter('granularity')
  // the contract's own prints are not simulated
  if (symbol !== indexId(contract)) return []
  const fromMs = Math.max(integerOf(query, 'from', 0), market.openedMs)
  const toMs = Math.min(integerOf(query, 'to', nowMs), nowMs)
  const rows: unknown[] = []
  for (
    let atMs = Math.ceil(fromMs / minuteMs) * minuteMs;
    atMs <= toMs && rows.length < contractRowsMax;
    atMs += minuteMs
  ) {
    const mark = truth.mark(contract.symbol, atMs)
    if (mark === null) continue
    if (atMs + minuteMs <= nowMs) truth.marked(contract.symbol, atMs)
    rows.push([atMs, ...[mark.open, mark.high, mark.low, mark.close].map(Number), 0])
  }
  return rows
}

/** @throws {Refusal} */
export function integerOf(query: URLSearchParams, name: string, usual: number): number {
  const text = query.get(name)
  if (text === null || text === '') return usual
  if (!/^\d{1,15}$/.test(text)) throw refusals.parameter(name)
  return Number(text)
}
