import { minuteMs } from '@perf-agg/sdk'
import type { Adapter, Connection } from '../adapter.ts'
import { pollLedger } from '../ledger-poll.ts'
import { CollectorFailure } from '../failure.ts'
import { MarketList } from '../market-list.ts'
import { readMinutes } from '../minutes.ts'
import { budgets, endpoints } from './endpoint.ts'
import { chartIdOf, instrumentsOf } from './instrument.ts'
import { clockCode, judge, unknownSymbolCode } from './judge.ts'
import { KrakenFuturesLedger } from './ledger.ts'
import { addKeyCheck } from './key-check.ts'
import { candlesOf, serverTimeOf } from './row.ts'

const connection: Connection = {
  load: () => import('ccxt:krakenfutures'),
  prepare: addKeyCheck,
  hasSandbox: true,
  budgets,
  mainBudget: 'public',
  judge,
  clockCode,
  time: endpoints.time,
  serverTimeOf,
  timeKeptMs: minuteMs,
}

function isAbsent(error: unknown): boolean {
  if (!(error instanceof CollectorFailure) || error.failure.code !== 'EXCHANGE_REQUEST_REFUSED') return false
  return ['HTTP 404', 'notFound'].includes(error.failure.exchangeCode ?? '')
}

/** Rows of one answer at most. */
const candleRows = 1_900

/** Linear and inverse contracts at krakenfutures, and the wallets that back them. */
export function newKrakenFutures(): Adapter {
  const listings = new MarketList(async (caller) =>
    instrumentsOf((await caller.call(endpoints.instruments)).value),
  )
  return {
    connection,
    wallets: ['linear', 'inverse'],
    async check({ caller, sync }) {
      await sync()
      const { body: account } = await caller.call(endpoints.log, { count: 1 })
      const restrictions = await caller.call(endpoints.keyCheck).catch((error: unknown) => {
        // its sandbox may have no such call
        if (isAbsent(error)) return null
        throw error
      })
      return { restrictions: restrictions?.body ?? null, account }
    },
    async poll({ caller, sync, clock }, wants) {
      await listings.load(caller, await sync())
      return pollLedger(new KrakenFuturesLedger(caller, listings, clock), sync, wants)
    },
    /** With the indexes, which price what backs the contracts. */
    async markets({ caller, sync }, wallets) {
      await listings.load(caller, await sync())
      return listings.markets.filter(({ type }) => type === 'spot' || wallets.includes(type))
    },
    async candles({ caller, clock }, want) {
      await listings.load(caller, clock.exchangeNowMs())
      const listing = listings.byName(want.symbol)
      if (listing === undefined) return null
      const series = want.kind === 'mark' ? 'mark' : listing.series
      return readMinutes(want, {
        exchangeNowMs: clock.exchangeNowMs(),
        rowsMax: candleRows,
        isUnknown: (code) => code === unknownSymbolCode,
        async read(fromMs, toMs) {
          const place = { price_type: series, symbol: chartIdOf(listing), interval: '1m' }
          const asked = { ...place, from: fromMs / 1_000, to: toMs / 1_000 - 1 }
          const { value } = await caller.call(endpoints.candles, asked)
          return candlesOf(value, listing, clock.exchangeNowMs())
        },
      })
    },
  }
}
