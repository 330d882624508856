import { minuteMs, minuteOf } from '@perf-agg/sdk'
import type { PriceWant } from '../../accounting/hour/hour.ts'
import type { Candle, Market, MarketType } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Calls } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { CollectorFailure } from '../failure.ts'
import type { Endpoint } from '../call.ts'
import type { Contracts } from './contract.ts'
import { endpoints } from './endpoint.ts'
import { marksOf } from './futures-row.ts'
import type { Listings } from './listings.ts'
import { candlesOf, symbolOf } from './row.ts'
import { type FuturesWallet, venues } from './venue.ts'

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

export function contractMarketsOf(contracts: Contracts, type: MarketType): readonly Market[] {
  return contracts.all.map(({ symbol, base, quote, active }) => ({ symbol, base, quote, type, active }))
}

type Clock = Pick<JobClock, 'exchangeNowMs'>

/** Null where there is no such symbol. @throws {CollectorFailure} */
export async function candlesFor(
  want: PriceWant,
  caller: Calls,
  listings: Listings,
  clock: Clock,
): Promise<readonly Candle[] | null> {
  // A market that has left the exchange may still answer under the name it had.
  const id = listings.bySymbol(want.symbol)?.id ?? want.symbol.replace('/', '')
  return minutesOf(id, want, { caller, clock, endpoint: endpoints.klines, read: candlesOf })
}

/** Minutes of a contract's mark price; null where there is no such contract. @throws {CollectorFailure} */
export async function marksFor(
  want: PriceWant,
  caller: Calls,
  contracts: Readonly<Record<FuturesWallet, Contracts>>,
  clock: Clock,
): Promise<readonly Candle[] | null> {
  const wallet = /\/USD:/.test(want.symbol) ? 'inverse' : 'linear'
  await contracts[wallet].load(caller, clock.exchangeNowMs())
  const id = contracts[wallet].bySymbol(want.symbol)?.id ?? idOf(want.symbol, wallet)
  return minutesOf(id, want, { caller, clock, endpoint: venues[wallet].marks, read: marksOf })
}

/** Under which name a contract that is not listed any more may still answer. */
function idOf(symbol: string, wallet: FuturesWallet): string {
  const [, base = '', quote = '', dated] = /^(.+)\/(.+):[^-]+(?:-(\d{6}))?$/.exec(symbol) ?? []
  const suffix = dated ?? (wallet === 'inverse' ? 'PERP' : null)
  return `${base}${quote}${suffix === null ? '' : `_${suffix}`}`
}

async function minutesOf(
  symbol: string,
  want: PriceWant,
  how: {
    readonly caller: Calls
    readonly clock: Clock
    readonly endpoint: Endpoint
    readonly read: (value: unknown, exchangeNowMs: number) => Candle[]
  },
): Promise<readonly Candle[] | null> {
  const { caller, clock, endpoint, read } = how
  const candles = new Map<number, Candle>()
  const endMs = Math.min(want.toMs, clock.exchangeNowMs())
  let startMs = minuteOf(want.fromMs)
  while (startMs < endMs && candles.size < limits.collector.candlesMax) {
    const parameters = { symbol, interval: '1m', startTime: startMs, endTime: endMs - 1, limit: pageRows }
    let value: unknown
    try {
      value = (await caller.call(endpoint, parameters)).value
    } catch (error) {
      if (error instanceof CollectorFailure && error.failure.exchangeCode === '-1121') return null
      throw error
    }
    const page = read(value, clock.exchangeNowMs())
    for (const candle of page) candles.set(candle.minuteMs, candle)
    const last = page.at(-1)
    if (last === undefined || !Array.isArray(value) || value.length < pageRows) break
    startMs = last.minuteMs + minuteMs
  }
  return [...candles.values()].toSorted((a, b) => a.minuteMs - b.minuteMs)
}
