import { minuteMs } from '@perf-agg/sdk'
import type { Exchange } from '../exchange.ts'
import { priceText } from '../market.ts'
import { fromUnits } from '../units.ts'
import { coinOf, listingOfProduct, productOf, products } from './name.ts'

/** What anybody may read at coinbase: its products, and minutes in which somebody traded. */

const rowsMax = 350

export function productList({ market }: Exchange, nowMs: number): object[] {
  return products.map((listing) => ({
    product_id: productOf(listing),
    product_type: 'SPOT',
    base_currency_id: coinOf(listing.base),
    quote_currency_id: coinOf(listing.quote),
    is_disabled: false,
    trading_disabled: !market.isTrading(listing, nowMs),
  }))
}

/** Null: there is no such product, or more is asked than one answer holds. */
export function candles(
  { market, truth }: Exchange,
  product: string,
  query: URLSearchParams,
  nowMs: number,
): object[] | null {
  const listing = listingOfProduct(product)
  const [start, end] = ['start', 'end'].map((key) => Number(query.get(key)) * 1_000) as [number, number]
  if (listing === null || !(end - start <= rowsMax * minuteMs)) return null
  if (query.get('granularity') !== 'ONE_MINUTE') return null
  const rows: object[] = []
  const firstMs = Math.ceil(start / minuteMs) * minuteMs
  for (let atMs = firstMs; atMs <= Math.min(end, nowMs); atMs += minuteMs) {
    const minute = market.partialMinute(listing, atMs, nowMs)
    if (atMs + minuteMs <= nowMs) truth.used(listing.symbol, atMs)
    // a minute without a trade is left out
    if (minute === null || minute.base === 0n) continue
    const [open, high, low, close] = [minute.open, minute.high, minute.low, minute.close].map(priceText)
    rows.push({ start: String(atMs / 1_000), open, high, low, close, volume: fromUnits(minute.base) })
  }
  return rows.toReversed()
}
