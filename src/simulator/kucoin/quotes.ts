import { minuteMs } from '@perf-agg/sdk'
import { type Listing, listings } from '../listing.ts'
import { type Market, priceText } from '../market.ts'
import type { TruthWriter } from '../truth.ts'
import { fromUnits } from '../units.ts'
import { refusals } from './refusal.ts'

/** What anybody may read of kucoin's spot markets: their list, and their minutes, the newest first. */

const rowsMax = 1_500

interface Place {
  readonly market: Market
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

/** @throws {Refusal} */
export function integerOf(query: URLSearchParams, name: string, usual: number): number {
  const text = query.get(name)
  if (text === null || text === '') return usual
  if (!/^\d{1,15}$/.test(text)) throw refusals.parameter(name)
  return Number(text)
}
