import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import { assets, listingOf, listings } from '../listing.ts'
import type { Listing } from '../listing.ts'
import { candleOf, priceText } from '../market.ts'
import type { Market, Minute } from '../market.ts'
import { fromUnits } from '../units.ts'
import type { Endpoint, PublicRequest } from './endpoint.ts'
import { fixed } from './endpoint.ts'
import type { Query } from './query.ts'
import { refusals } from './refusal.ts'
import { weightPerMinuteMax } from './weight.ts'

/** Market data: what anyone may ask without a key. */
export const quoteEndpoints: Readonly<Record<string, Endpoint>> = {
  '/api/v3/ping': { access: 'public', weight: fixed('ip', 1), answer: () => ({}) },
  '/api/v3/time': {
    access: 'public',
    weight: fixed('ip', 1),
    answer: ({ serverMs }) => ({ serverTime: serverMs }),
  },
  '/api/v3/exchangeInfo': { access: 'public', weight: fixed('ip', 20), answer: exchangeInfo },
  '/api/v3/klines': { access: 'public', weight: fixed('ip', 2), answer: klines },
  '/api/v3/ticker/price': {
    access: 'public',
    weight: (query) => ({ budget: 'ip', weight: query.has('symbol') ? 2 : 4 }),
    answer: tickerPrice,
  },
  '/api/v3/ticker/24hr': {
    access: 'public',
    weight: (query) => ({ budget: 'ip', weight: query.has('symbol') ? 2 : 80 }),
    answer: tickerDay,
  },
}

/** @throws {Refusal} −1102 or −1121 */
export function listingFrom(query: Query): Listing {
  const listing = listingOf(query.text('symbol', /^[A-Z0-9_.]{1,20}$/))
  if (listing === null || listing.id.length !== listing.base.length + listing.quote.length)
    throw refusals.symbol()
  return listing
}

function listingsFrom(query: Query): readonly Listing[] | null {
  if (query.has('symbol') && query.has('symbols')) throw refusals.combination()
  if (query.has('symbol')) return [listingFrom(query)]
  const text = query.optionalText('symbols', /^\[("[A-Z0-9_.]{1,20}",?)+\]$/)
  if (text === null) return null
  const ids: unknown = JSON.parse(text)
  if (!Array.isArray(ids)) throw refusals.invalid('symbols')
  return ids.map((id) => {
    const listing = listings.find((each) => each.id === id)
    if (listing === undefined) throw refusals.symbol()
    return listing
  })
}

function exchangeInfo({ exchange, query, nowMs, serverMs }: PublicRequest): unknown {
  const wanted = listingsFrom(query) ?? listings
  query.optionalText('permissions', /^[A-Z_0-9[\]",]+$/)
  query.optionalText('showPermissionSets', /^(true|false)$/)
  const status = query.optionalText('symbolStatus', /^(TRADING|HALT|BREAK)$/)
  query.refuseUnread()
  const symbols = wanted.map((listing) => symbolInfo(listing, exchange.market.isTrading(listing, nowMs)))
  return {
    timezone: 'UTC',
    serverTime: serverMs,
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: weightPerMinuteMax },
      { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100 },
      { rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: 200_000 },
      { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 61_000 },
    ],
    exchangeFilters: [],
    symbols: status === null ? symbols : symbols.filter((symbol) => symbol.status === status),
  }
}

function symbolInfo(listing: Listing, trading: boolean) {
  const tick = `${(10 ** -listing.tickDecimals).toFixed(8)}`
  const step = `${(10 ** -listing.stepDecimals).toFixed(8)}`
  return {
    symbol: listing.id,
    status: trading ? 'TRADING' : 'BREAK',
    baseAsset: listing.base,
    baseAssetPrecision: 8,
    quoteAsset: listing.quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: [
      'LIMIT',
      'LIMIT_MAKER',
      'MARKET',
      'STOP_LOSS',
      'STOP_LOSS_LIMIT',
      'TAKE_PROFIT',
      'TAKE_PROFIT_LIMIT',
    ],
    icebergAllowed: true,
    ocoAllowed: true,
    otoAllowed: true,
    quoteOrderQtyMarketAllowed: true,
    allowTrailingStop: true,
    cancelReplaceAllowed: true,
    amendAllowed: true,
    pegInstructionsAllowed: true,
    isSpotTradingAllowed: trading,
    isMarginTradingAllowed: false,
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: tick, maxPrice: '1000000.00000000', tickSize: tick },
      { filterType: 'LOT_SIZE', minQty: step, maxQty: '92141578.00000000', stepSize: step },
      {
        filterType: 'NOTIONAL',
        minNotional: listing.minNotional,
        applyMinToMarket: true,
        maxNotional: '9000000.00000000',
      },
    ],
    permissions: [],
    permissionSets: [['SPOT']],
    defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
    allowedSelfTradePreventionModes: ['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH'],
  }
}

const intervalsMs: Readonly<Record<string, number>> = {
  '1m': minuteMs,
  '3m': 3 * minuteMs,
  '5m': 5 * minuteMs,
  '15m': 15 * minuteMs,
  '30m': 30 * minuteMs,
  '1h': hourMs,
  '2h': 2 * hourMs,
  '4h': 4 * hourMs,
  '6h': 6 * hourMs,
  '8h': 8 * hourMs,
  '12h': 12 * hourMs,
  '1d': dayMs,
}

function klines({ exchange, query, nowMs }: PublicRequest): unknown {
  const listing = listingFrom(query)
  const intervalMs = intervalsMs[query.text('interval', /^\w{1,3}$/)]
  const startTime = query.optionalInteger('startTime')
  const endTime = query.optionalInteger('endTime')
  const limit = Math.min(1_000, query.limit('limit', 500, 100_000))
  query.refuseUnread()
  if (intervalMs === undefined) throw refusals.interval()
  if (startTime !== null && endTime !== null && startTime > endTime) return []
  const { market, truth } = exchange
  const lifeEndMs = market.endMs(listing)
  const lastMs = Math.min(endTime ?? nowMs, nowMs, lifeEndMs - 1)
  const newestMs = Math.floor(lastMs / intervalMs) * intervalMs
  const oldestMs = Math.ceil(market.openedMs / intervalMs) * intervalMs
  const fromMs =
    startTime === null
      ? Math.max(oldestMs, newestMs - (limit - 1) * intervalMs)
      : Math.max(oldestMs, Math.ceil(startTime / intervalMs) * intervalMs)
  const rows: unknown[] = []
  for (let startMs = fromMs; startMs <= newestMs && rows.length < limit; startMs += intervalMs) {
    const minutes: Minute[] = []
    for (let at = startMs; at < startMs + intervalMs && at <= nowMs; at += minuteMs) {
      const minute = market.partialMinute(listing, at, nowMs)
      if (minute === null) break
      minutes.push(minute)
      if (at + minuteMs <= nowMs) truth.used(listing.symbol, at)
    }
    const first = minutes[0]
    if (first !== undefined) rows.push(kline(startMs, intervalMs, first, minutes))
  }
  return rows
}

function merged(first: Minute, minutes: readonly Minute[]): Minute {
  const whole = { ...first }
  for (const minute of minutes.slice(1)) {
    whole.high = Math.max(whole.high, minute.high)
    whole.low = Math.min(whole.low, minute.low)
    whole.close = minute.close
    whole.base += minute.base
    whole.quote += minute.quote
    whole.trades += minute.trades
  }
  return whole
}

function kline(startMs: number, intervalMs: number, first: Minute, minutes: readonly Minute[]): unknown {
  const whole = merged(first, minutes)
  const candle = candleOf(whole)
  return [
    startMs,
    candle.open,
    candle.high,
    candle.low,
    candle.close,
    candle.baseVolume,
    startMs + intervalMs - 1,
    candle.quoteVolume,
    candle.trades,
    fromUnits(whole.base / 2n),
    fromUnits(whole.quote / 2n),
    '0',
  ]
}

function tickerPrice({ exchange, query, nowMs }: PublicRequest): unknown {
  const one = query.has('symbol')
  const wanted = listingsFrom(query) ?? listings
  query.refuseUnread()
  const prices = wanted.map((listing) => ({
    symbol: listing.id,
    price: lastPrice(exchange.market, listing, nowMs),
  }))
  return one ? prices[0] : prices
}

function tickerDay({ exchange, query, nowMs }: PublicRequest): unknown {
  const one = query.has('symbol')
  const wanted = listingsFrom(query) ?? listings
  query.optionalText('type', /^(FULL|MINI)$/)
  query.refuseUnread()
  const { market } = exchange
  const closeMs = Math.floor(nowMs / minuteMs) * minuteMs
  const days = wanted.flatMap((listing) => {
    const minutes: Minute[] = []
    for (let at = Math.max(market.openedMs, closeMs - dayMs); at < closeMs; at += minuteMs) {
      const minute = market.minute(listing, at)
      if (minute !== null) minutes.push(minute)
    }
    const first = minutes[0]
    if (first === undefined) return []
    const candle = candleOf(merged(first, minutes))
    return [
      {
        symbol: listing.id,
        openPrice: candle.open,
        highPrice: candle.high,
        lowPrice: candle.low,
        lastPrice: candle.close,
        volume: candle.baseVolume,
        quoteVolume: candle.quoteVolume,
        openTime: closeMs - dayMs,
        closeTime: closeMs - 1,
        firstId: 0,
        lastId: candle.trades,
        count: candle.trades,
      },
    ]
  })
  return one ? days[0] : days
}

function lastPrice(market: Market, listing: Listing, nowMs: number): string {
  const atMs = Math.min(nowMs, market.endMs(listing) - 1)
  const startMs = Math.floor(atMs / minuteMs) * minuteMs
  return priceText(market.partialMinute(listing, startMs, nowMs)?.close ?? 0)
}

/** All coins with their networks, for clients that load currencies. */
export function coinInfo(): unknown {
  return assets.map((coin) => ({
    coin,
    depositAllEnable: true,
    withdrawAllEnable: true,
    name: coin,
    free: '0',
    locked: '0',
    freeze: '0',
    withdrawing: '0',
    ipoing: '0',
    ipoable: '0',
    storage: '0',
    isLegalMoney: false,
    trading: true,
    networkList: [],
  }))
}
