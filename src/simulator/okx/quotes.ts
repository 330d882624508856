import { dayMs, minuteMs } from '@perf-agg/sdk'
import type { ContractDesk } from '../contract-desk.ts'
import { type Listing, listings } from '../listing.ts'
import { type Market, priceText } from '../market.ts'
import type { TruthWriter } from '../truth.ts'
import { fromUnits } from '../units.ts'
import { contractId, contractInfo, instTypeOf } from './contract.ts'
import { refusals } from './refusal.ts'

/** What anybody may read at okx: its instruments and their minutes, the newest first. */

interface Place {
  readonly market: Market
  readonly contracts: ContractDesk
  readonly truth: TruthWriter
}

function idOf({ base, quote }: Listing): string {
  return `${base}-${quote}`
}

const byId = new Map(listings.map((listing) => [idOf(listing), listing]))

export function instruments({ market, contracts }: Place, query: URLSearchParams, nowMs: number): unknown {
  const type = query.get('instType')
  if (type === 'SWAP' || type === 'FUTURES') {
    // what is delivered leaves the list
    return contracts.contracts
      .filter((contract) => instTypeOf(contract) === type && contracts.marks.isTrading(contract, nowMs))
      .map(contractInfo)
  }
  if (type === 'OPTION') {
    const family = query.get('instFamily') ?? query.get('uly')
    if (family === null) throw refusals.parameter('instFamily')
    return contracts.contracts
      .filter(({ option, settle }) => option !== undefined && family === `${settle}-USD`)
      .filter((contract) => contracts.marks.isTrading(contract, nowMs))
      .map(contractInfo)
  }
  if (type !== 'SPOT') throw refusals.parameter('instType')
  return listings.map((listing) => ({
    alias: '',
    baseCcy: listing.base,
    category: '1',
    ctMult: '',
    ctType: '',
    ctVal: '',
    ctValCcy: '',
    expTime: '',
    instFamily: '',
    instId: idOf(listing),
    instType: 'SPOT',
    lotSz: String(10 ** -listing.stepDecimals),
    quoteCcy: listing.quote,
    settleCcy: '',
    state: market.isTrading(listing, nowMs) ? 'live' : 'suspend',
    tickSz: String(10 ** -listing.tickDecimals),
    uly: '',
  }))
}

/** Of the last day; the older list has everything that is over. */
export function candles(
  { market, truth }: Place,
  query: URLSearchParams,
  nowMs: number,
  { rowsMax, isOlder }: { readonly rowsMax: number; readonly isOlder: boolean },
): unknown {
  const listing = byId.get(query.get('instId') ?? '')
  if (listing === undefined) throw refusals.instrument()
  if (query.get('bar') !== '1m') throw refusals.parameter('bar')
  const limit = integerOf(query, 'limit', 100)
  if (limit < 1 || limit > rowsMax) throw refusals.parameter('limit')
  const before = integerOf(query, 'before', 0)
  const after = Math.min(integerOf(query, 'after', nowMs + 1), nowMs + 1)
  const floorMs = Math.max(before + 1, isOlder ? 0 : nowMs - dayMs)
  const rows: unknown[] = []
  for (
    let atMs = Math.floor((after - 1) / minuteMs) * minuteMs;
    atMs >= floorMs && atMs >= market.openedMs && rows.length < limit;
    atMs -= minuteMs
  ) {
    const isOver = atMs + minuteMs <= nowMs
    const minute = isOver || !isOlder ? market.partialMinute(listing, atMs, nowMs) : null
    if (minute === null) continue
    if (isOver) truth.used(listing.symbol, atMs)
    const prices = [minute.open, minute.high, minute.low, minute.close].map(priceText)
    const quote = fromUnits(minute.quote)
    rows.push([String(atMs), ...prices, fromUnits(minute.base), quote, quote, isOver ? '1' : '0'])
  }
  return rows
}

/** The mark of a contract, without volumes. */
export function markCandles(
  { market, contracts, truth }: Place,
  query: URLSearchParams,
  nowMs: number,
  { isOlder }: { readonly isOlder: boolean },
): unknown {
  const id = query.get('instId')
  const contract = contracts.contracts.find((each) => contractId(each) === id)
  if (contract === undefined) throw refusals.instrument()
  if (query.get('bar') !== '1m') throw refusals.parameter('bar')
  const limit = integerOf(query, 'limit', 100)
  if (limit < 1 || limit > 100) throw refusals.parameter('limit')
  const before = integerOf(query, 'before', 0)
  const after = Math.min(integerOf(query, 'after', nowMs + 1), nowMs + 1)
  const floorMs = Math.max(before + 1, market.openedMs, isOlder ? 0 : nowMs - dayMs)
  const rows: unknown[] = []
  for (
    let atMs = Math.floor((after - 1) / minuteMs) * minuteMs;
    atMs >= floorMs && rows.length < limit;
    atMs -= minuteMs
  ) {
    const isOver = atMs + minuteMs <= nowMs
    const mark = truth.mark(contract.symbol, atMs)
    if (mark === null || (isOlder && !isOver)) continue
    if (isOver) truth.marked(contract.symbol, atMs)
    rows.push([String(atMs), mark.open, mark.high, mark.low, mark.close, isOver ? '1' : '0'])
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
