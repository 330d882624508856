import { minuteMs } from '@perf-agg/sdk'
import type { Adapter, Connection, Tools } from '../adapter.ts'
import { pollLedger } from '../ledger-poll.ts'
import { MarketList } from '../market-list.ts'
import { readMinutes } from '../minutes.ts'
import { clockCode, judge } from './judge.ts'
import { GenericLedger } from './ledger.ts'
import { candlesOf, listingsOf } from './row.ts'
import { methods, serverTimeOf, type Venue, venues } from './venue.ts'

/** Rows of one answer at most. */
const candleRows = 100

function connectionOf(venue: Venue): Connection {
  return {
    load: venue.load,
    prepare: (exchange) => {
      venue.prepare(exchange)
      // names of coins and networks: more than the rest together, and not read
      exchange.has = { ...exchange.has, fetchCurrencies: false }
    },
    hasSandbox: false,
    // what an address may do is not known of each: low for all
    budgets: { address: { limitOfMinute: 120, header: 'x-generic-has-no-such-header' } },
    mainBudget: 'address',
    judge,
    clockCode,
    time: venue.time,
    serverTimeOf: serverTimeOf(venue),
    timeKeptMs: 0,
  }
}

/** The spot account of an exchange without an adapter of its own, by ccxt's own methods. */
export function newGeneric(id: string): Adapter | null {
  const venue = Object.hasOwn(venues, id) ? venues[id] : undefined
  if (venue === undefined) return null
  /** As ccxt has them, for the next instance. */
  let shared: unknown = null
  const listings = new MarketList(async (caller) => {
    shared = (await caller.unified(methods.loadMarkets, [])).value
    return listingsOf(shared)
  })
  /** An instance without markets would load them for itself. */
  const load = async ({ caller }: Pick<Tools, 'caller'>, exchangeNowMs: number): Promise<void> => {
    const before = shared
    await listings.load(caller, exchangeNowMs)
    if (shared === before) await caller.unified(methods.setMarkets, [shared])
  }
  return {
    connection: connectionOf(venue),
    wallets: ['spot'],
    async check({ caller, sync }) {
      await sync()
      // what the key may do it says nowhere that is the same at all of them
      const { body } = await caller.call(venue.account)
      return { restrictions: null, account: body }
    },
    async poll({ caller, sync, clock }, wants) {
      await load({ caller }, await sync())
      return pollLedger(new GenericLedger(caller, clock), sync, wants)
    },
    async markets({ caller, sync }) {
      await listings.load(caller, await sync())
      return listings.markets
    },
    async candles({ caller, clock }, want) {
      await load({ caller }, clock.exchangeNowMs())
      if (listings.byName(want.symbol) === undefined) return null
      return readMinutes(want, {
        exchangeNowMs: clock.exchangeNowMs(),
        rowsMax: candleRows,
        async read(fromMs, toMs) {
          const until = { until: toMs - minuteMs }
          const given = [want.symbol, '1m', fromMs, candleRows, until]
          return candlesOf((await caller.unified(methods.fetchOHLCV, given)).value, clock.exchangeNowMs())
        },
      })
    },
  }
}
