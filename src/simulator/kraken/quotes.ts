import { minuteMs, minuteOf } from '@perf-agg/sdk'
import { listings } from '../listing.ts'
import type { Market, Minute } from '../market.ts'
import type { TruthWriter } from '../truth.ts'
import { fromUnits } from '../units.ts'
import { listingOfPair, pairOf, rawCoin } from './name.ts'

/** What anybody may read at kraken: its pairs, their last 720 minutes, and what was traded before. */

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

const printsOfPage = 1_000
const minutesOfPage = 7 * 1_440

/** What was traded after an instant in nanoseconds, the oldest first. Null: there is no such pair. */
export function trades(
  { market, truth }: { readonly market: Market; readonly truth: TruthWriter },
  query: URLSearchParams,
  nowMs: number,
): unknown {
  const pair = query.get('pair') ?? ''
  const listing = listingOfPair(pair)
  if (listing === null) return null
  const since = query.get('since') ?? '0'
  const sinceMs = Number(BigInt(since) / 1_000_000n)
  const rows: unknown[] = []
  let last = since
  let atMs = Math.max(minuteOf(sinceMs), market.openedMs)
  for (let count = 0; atMs + minuteMs <= nowMs && count < minutesOfPage; count += 1, atMs += minuteMs) {
    const minute = market.minute(listing, atMs)
    if (minute === null) continue
    if (minute.base > 0n) truth.used(listing.symbol, atMs)
    for (const [index, { price, base }] of printsOf(minute).entries()) {
      const printedMs = atMs + index * 15_000
      const id = `${BigInt(printedMs) * 1_000_000n}`
      if (BigInt(id) <= BigInt(since)) continue
      if (rows.length === printsOfPage) return { [pair]: rows, last }
      rows.push([price, fromUnits(base), printedMs / 1_000, 'b', 'm', '', printedMs / 15_000])
      last = id
    }
  }
  return { [pair]: rows, last }
}

/** A minute as trades: its first price, its last, and between them what gives its turnover to the last unit. */
function printsOf({ open, close, base, quote }: Minute): readonly { price: string; base: bigint }[] {
  const middle = base - 2n
  if (middle < 1n) return base === 0n ? [] : [{ price: price(close), base }]
  const rest = quote * perUnit - BigInt(open) - BigInt(close)
  const dearer = rest % middle
  const prints = [
    { price: price(open), base: 1n },
    { price: fromUnits(rest / middle), base: middle - dearer },
    { price: fromUnits(rest / middle + 1n), base: dearer },
    { price: price(close), base: 1n },
  ]
  return prints.filter((print) => print.base > 0n)
}
