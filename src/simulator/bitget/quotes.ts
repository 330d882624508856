import { dayMs, minuteMs } from '@perf-agg/sdk'
import type { ContractDesk } from '../contract-desk.ts'
import { listingOf, listings } from '../listing.ts'
import { type Market, priceText } from '../market.ts'
import type { TruthWriter } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import { contractId, contractInfo, contractsOf } from './contract.ts'
import { refusals } from './refusal.ts'

/** What anybody may read at bitget: its markets and their minutes, the oldest first. */

interface Place {
  readonly market: Market
  readonly contracts: ContractDesk
  readonly truth: TruthWriter
}

/** Minutes are told of a month, older ones by another list. */
const monthMs = 30 * dayMs

export function symbols({ market }: Place, nowMs: number): unknown {
  return listings.map((listing) => ({
    symbol: listing.id,
    baseCoin: listing.base,
    quoteCoin: listing.quote,
    pricePrecision: String(listing.tickDecimals),
    quantityPrecision: String(listing.stepDecimals),
    status: market.isTrading(listing, nowMs) ? 'online' : 'offline',
  }))
}

export function contractInfos({ contracts }: Place, query: URLSearchParams): unknown {
  return contractsOf(contracts, productOf(query)).map(contractInfo)
}

/** The minutes that a query asks for, the newest of them where there are too many. */
function minutesOf(
  query: URLSearchParams,
  nowMs: number,
  {
    most,
    isOlder,
    openedMs,
  }: { readonly most: number; readonly isOlder: boolean; readonly openedMs: number },
): number[] {
  const limit = integerOf(query, 'limit', 100)
  if (limit < 1 || limit > most) throw refusals.parameter('limit')
  if (isOlder && !query.has('endTime')) throw refusals.parameter('endTime')
  const endMs = Math.min(integerOf(query, 'endTime', nowMs + 1), nowMs + 1)
  const floorMs = isOlder ? 0 : nowMs - monthMs
  const startMs = Math.max(integerOf(query, 'startTime', 0), floorMs, openedMs)
  const minutes: number[] = []
  for (
    let atMs = Math.floor((endMs - 1) / minuteMs) * minuteMs;
    atMs >= startMs && minutes.length < limit;
    atMs -= minuteMs
  ) {
    minutes.push(atMs)
  }
  return minutes.toReversed()
}

export function candles(
  { market, truth }: Place,
  query: URLSearchParams,
  nowMs: number,
  { most, isOlder }: { readonly most: number; readonly isOlder: boolean },
): unknown {
  const listing = listingOf(query.get('symbol') ?? '')
  if (listing === null || listing.id !== query.get('symbol')) throw refusals.symbol('symbol')
  if (query.get('granularity') !== '1min') throw refusals.parameter('granularity')
  const usdt = listingOf(`${listing.quote}/USDT`)
  return minutesOf(query, nowMs, { most, isOlder, openedMs: market.openedMs }).flatMap((atMs) => {
    const minute = market.partialMinute(listing, atMs, nowMs)
    if (minute === null) return []
    if (atMs + minuteMs <= nowMs) truth.used(listing.symbol, atMs)
    const prices = [minute.open, minute.high, minute.low, minute.close].map(priceText)
    const quote = fromUnits(minute.quote)
    const rate = usdt === null ? null : market.minute(usdt, atMs)
    const dollars =
      rate === null ? quote : fromUnits((minute.quote * BigInt(Math.round(rate.close))) / toUnits('1'))
    return [[String(atMs), ...prices, fromUnits(minute.base), dollars, quote]]
  })
}

/** The mark of a contract; it has the columns of a traded one, and nothing was traded at it. */
export function contractCandles(
  { market, contracts, truth }: Place,
  query: URLSearchParams,
  nowMs: number,
  { most, isOlder }: { readonly most: number; readonly isOlder: boolean },
): unknown {
  const id = query.get('symbol')
  const contract = contractsOf(contracts, productOf(query)).find((each) => contractId(each) === id)
  if (contract === undefined) throw refusals.symbol('symbol')
  if (query.get('granularity') !== '1m') throw refusals.parameter('granularity')
  if (!isOlder && query.get('kLineType') !== 'MARK') throw refusals.parameter('kLineType')
  return minutesOf(query, nowMs, { most, isOlder, openedMs: market.openedMs }).flatMap((atMs) => {
    const mark = truth.mark(contract.symbol, atMs)
    if (mark === null) return []
    if (atMs + minuteMs <= nowMs) truth.marked(contract.symbol, atMs)
    return [[String(atMs), mark.open, mark.high, mark.low, mark.close, '0', '0']]
  })
}

/** In capitals or not. @throws {Refusal} */
export function productOf(query: URLSearchParams): string {
  const product = (query.get('productType') ?? '').toUpperCase()
  if (!['USDT-FUTURES', 'USDC-FUTURES', 'COIN-FUTURES'].includes(product)) {
    throw refusals.parameter('productType')
  }
  return product
}

/** @throws {Refusal} */
export function integerOf(query: URLSearchParams, name: string, usual: number): number {
  const text = query.get(name)
  if (text === null || text === '') return usual
  if (!/^\d{1,15}$/.test(text)) throw refusals.parameter(name)
  return Number(text)
}
