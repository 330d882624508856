import { minuteMs } from '@perf-agg/sdk'
import { listings } from '../listing.ts'
import type { Market } from '../market.ts'
import type { TruthWriter } from '../truth.ts'
import { fromUnits } from '../units.ts'
import { listingOfPair, pairOf, rawCoin } from './name.ts'

/** What anybody may read at kraken: its pairs and their last 720 minutes. */

const keptMinutes = 720
const perUnit = 100_000_000n

export function assetPairs(market: Market, nowMs: number): unknown {
  return Object.fromEntries(
    listings.map((listing) => [
      pairOf(listing),
      {
        altname: pairOf(listing),
        wsname: `${listing.base}/${listing.quote}`,
        aclass_base: 'currency',
        base: rawCoin(listing.base),
        aclass_quote: 'currency',
        quote: rawCoin(listing.quote),
        lot: 'unit',
        pair_decimals: listing.tickDecimals,
        lot_decimals: listing.stepDecimals,
        status: market.isTrading(listing, nowMs) ? 'online' : 'cancel_only',
      },
    ]),
  )
}

function price(units: number): string {
  return fromUnits(BigInt(units))
}

/** Null: there is no such pair. */
export function ohlc(
  { market, truth }: { readonly market: Market; readonly truth: TruthWriter },
  query: URLSearchParams,
  nowMs: number,
): unknown {
  const pair = query.get('pair') ?? ''
  const listing = listingOfPair(pair)
  if (listing === null) return null
  const sinceMs = Number(query.get('since') ?? 0) * 1_000
  const lastMs = Math.floor(nowMs / minuteMs) * minuteMs
  const rows: unknown[] = []
  for (let atMs = lastMs - (keptMinutes - 1) * minuteMs; atMs <= lastMs; atMs += minuteMs) {
    if (atMs <= sinceMs) continue
    const minute = market.partialMinute(listing, atMs, nowMs)
    if (minute === null) continue
    if (atMs + minuteMs <= nowMs) truth.used(listing.symbol, atMs)
    const average = minute.base === 0n ? 0n : (minute.quote * perUnit) / minute.base
    rows.push([
      atMs / 1_000,
      price(minute.open),
      price(minute.high),
      price(minute.low),
      price(minute.close),
      fromUnits(average),
      fromUnits(minute.base),
      minute.trades,
    ])
  }
  return { [pair]: rows, last: lastMs / 1_000 - 60 }
}
