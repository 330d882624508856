import { minuteMs } from '@perf-agg/sdk'
import type { ContractDesk } from '../contract-desk.ts'
import { listings } from '../listing.ts'
import { listingOf } from '../listing.ts'
import { type Market, priceText } from '../market.ts'
import type { TruthWriter } from '../truth.ts'
import { fromUnits } from '../units.ts'
import { contractInfo, contractOf } from './contract.ts'
import { refusals } from './refusal.ts'

/** What anybody may read at bybit: its instruments and their minutes, the newest first. */

const rowsMax = 1_000

interface Place {
  readonly market: Market
  readonly contracts: ContractDesk
  readonly truth: TruthWriter
}

export function instrumentsInfo(
  { market, contracts }: Place,
  query: URLSearchParams,
  nowMs: number,
): unknown {
  const category = query.get('category')
  if (category === 'linear' || category === 'inverse') {
    // what is delivered leaves the list; a few to a page, so that pages are met
    const all = contracts.contracts.filter(
      (contract) => contract.kind === category && contracts.marks.isTrading(contract, nowMs),
    )
    const from = integerOf(query, 'cursor', 0)
    const list = all.slice(from, from + 4).map(contractInfo)
    return { category, list, nextPageCursor: from + 4 < all.length ? String(from + 4) : '' }
  }
  if (category !== 'spot') throw refusals.parameter('category')
  const list = listings.map((listing) => ({
    symbol: listing.id,
    baseCoin: listing.base,
    quoteCoin: listing.quote,
    innovation: '0',
    status: market.isTrading(listing, nowMs) ? 'Trading' : 'Closed',
    marginTrading: 'none',
    lotSizeFilter: { basePrecision: String(10 ** -listing.stepDecimals), minOrderAmt: listing.minNotional },
    priceFilter: { tickSize: String(10 ** -listing.tickDecimals) },
  }))
  return { category, list, nextPageCursor: '' }
}

export function kline({ market, truth }: Place, query: URLSearchParams, nowMs: number): unknown {
  const category = query.get('category')
  if (category !== 'spot') throw refusals.parameter('category')
  if (query.get('interval') !== '1') throw refusals.parameter('interval')
  const symbol = query.get('symbol') ?? ''
  const listing = listingOf(symbol)
  if (listing === null || symbol.includes('/')) throw refusals.parameter('symbol')
  const limit = integerOf(query, 'limit', 200)
  if (limit < 1 || limit > rowsMax) throw refusals.parameter('limit')
  const endMs = Math.min(integerOf(query, 'end', nowMs), nowMs)
  const lastMs = Math.floor(endMs / minuteMs) * minuteMs
  const firstMs = integerOf(query, 'start', lastMs - (limit - 1) * minuteMs)
  const list: unknown[] = []
  for (let atMs = lastMs; atMs >= firstMs && list.length < limit; atMs -= minuteMs) {
    const minute = market.partialMinute(listing, atMs, nowMs)
    if (minute === null) continue
    if (atMs + minuteMs <= nowMs) truth.used(listing.symbol, atMs)
    const prices = [minute.open, minute.high, minute.low, minute.close].map(priceText)
    list.push([String(atMs), ...prices, fromUnits(minute.base), fromUnits(minute.quote)])
  }
  return { category, symbol, list }
}

/** The mark of a contract, without volumes. */
export function markKline({ contracts, truth }: Place, query: URLSearchParams, nowMs: number): unknown {
  const category = query.get('category')
  if (category !== 'linear' && category !== 'inverse') throw refusals.parameter('category')
  if (query.get('interval') !== '1') throw refusals.parameter('interval')
  const symbol = query.get('symbol') ?? ''
  const contract = contractOf(contracts, category, symbol)
  if (contract === null) throw refusals.parameter('symbol')
  const limit = integerOf(query, 'limit', 200)
  if (limit < 1 || limit > rowsMax) throw refusals.parameter('limit')
  const endMs = Math.min(integerOf(query, 'end', nowMs), nowMs)
  const lastMs = Math.floor(endMs / minuteMs) * minuteMs
  const firstMs = integerOf(query, 'start', lastMs - (limit - 1) * minuteMs)
  const list: unknown[] = []
  for (let atMs = lastMs; atMs >= firstMs && list.length < limit; atMs -= minuteMs) {
    const mark = truth.mark(contract.symbol, atMs)
    if (mark === null) continue
    if (atMs + minuteMs <= nowMs) truth.marked(contract.symbol, atMs)
    list.push([String(atMs), mark.open, mark.high, mark.low, mark.close])
  }
  return { category, symbol, list }
}

/** @throws {Refusal} */
export function integerOf(query: URLSearchParams, name: string, usual: number): number {
  const text = query.get(name)
  if (text === null) return usual
  if (!/^\d{1,15}$/.test(text)) throw refusals.parameter(name)
  return Number(text)
}
