import { minuteMs, minuteOf } from '@perf-agg/sdk'
import type { PriceWant } from '../../accounting/hour.ts'
import type { Candle, Market } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Calls } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { CollectorFailure } from '../failure.ts'
import { endpoints } from './endpoint.ts'
import type { Listings } from './listings.ts'
import { candlesOf, symbolOf } from './row.ts'

/** What anybody may read there: markets and their minutes. */

const pageRows = 1_000

export function marketsOf(listings: Listings): readonly Market[] {
  return listings.all.map((listing) => ({
    symbol: symbolOf(listing),
    base: listing.base,
    quote: listing.quote,
    type: 'spot',
    active: listing.active,
  }))
}

/** Null where there is no such symbol. @throws {CollectorFailure} */
export async function candlesFor(
  want: PriceWant,
  caller: Calls,
  listings: Listings,
  clock: Pick<JobClock, 'exchangeNowMs'>,
): Promise<readonly Candle[] | null> {
  // A market that has left the exchange may still answer under the name it had.
  const symbol = listings.bySymbol(want.symbol)?.id ?? want.symbol.replace('/', '')
  const candles = new Map<number, Candle>()
  const endMs = Math.min(want.toMs, clock.exchangeNowMs())
  let startMs = minuteOf(want.fromMs)
  while (startMs < endMs && candles.size < limits.collector.candlesMax) {
    const parameters = { symbol, interval: '1m', startTime: startMs, endTime: endMs - 1, limit: pageRows }
    let value: unknown
    try {
      value = (await caller.call(endpoints.klines, parameters)).value
    } catch (error) {
      if (error instanceof CollectorFailure && error.failure.exchangeCode === '-1121') return null
      throw error
    }
    const page = candlesOf(value, clock.exchangeNowMs())
    for (const candle of page) candles.set(candle.minuteMs, candle)
    const last = page.at(-1)
    if (last === undefined || !Array.isArray(value) || value.length < pageRows) break
    startMs = last.minuteMs + minuteMs
  }
  return [...candles.values()].toSorted((a, b) => a.minuteMs - b.minuteMs)
}
