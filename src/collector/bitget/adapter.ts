import { dayMs } from '@perf-agg/sdk'
import type { Adapter, Connection } from '../adapter.ts'
import { pollLedger } from '../ledger-poll.ts'
import { MarketList } from '../market-list.ts'
import { readMinutes } from '../minutes.ts'
import { budgets, endpoints } from './endpoint.ts'
import { clockCode, isUnknownSymbol, judge } from './judge.ts'
import { BitgetLedger } from './ledger.ts'
import { candlesOf, listingsOf, serverTimeOf } from './row.ts'

const connection: Connection = {
  load: () => import('ccxt:bitget'),
  prepare: (exchange) => {
    exchange.options['adjustForTimeDifference'] = false
  },
  // it practises at its real host, by a header: a host says nothing there
  hasSandbox: false,
  budgets,
  mainBudget: 'ip',
  judge,
  clockCode,
  time: endpoints.time,
  serverTimeOf,
  // signed requests carry the time: a poll begins with it
  timeKeptMs: 0,
}

/** Rows of one answer at most, and of one about the past. */
const candleRows = 1_000
const olderRows = 200
/** Minutes are kept there so long; older ones are had elsewhere. */
const keptMs = 25 * dayMs

/** The spot account at bitget. A unified account, which has another API, is refused by the exchange itself. */
export function newBitget(): Adapter {
  const listings = new MarketList(async (caller) => listingsOf((await caller.call(endpoints.symbols)).value))
  return {
    connection,
    wallets: ['spot'],
    async check({ caller, sync }) {
      await sync()
      const { body } = await caller.call(endpoints.info)
      return { restrictions: body, account: body }
    },
    async poll({ caller, sync, clock }, wants) {
      await listings.load(caller, await sync())
      return pollLedger(new BitgetLedger(caller, listings, clock), sync, wants)
    },
    async markets({ caller, sync }) {
      await listings.load(caller, await sync())
      return listings.markets
    },
    async candles({ caller, clock }, want) {
      const exchangeNowMs = clock.exchangeNowMs()
      await listings.load(caller, exchangeNowMs)
      const symbol = listings.byName(want.symbol)?.id ?? want.symbol.replace('/', '')
      const isOld = exchangeNowMs - want.fromMs > keptMs
      return readMinutes(want, {
        exchangeNowMs,
        rowsMax: isOld ? olderRows : candleRows,
        isUnknown: isUnknownSymbol,
        async read(fromMs, toMs) {
          const span = isOld
            ? { endTime: toMs, limit: olderRows }
            : { startTime: fromMs, endTime: toMs, limit: candleRows }
          const endpoint = isOld ? endpoints.olderCandles : endpoints.candles
          const { value } = await caller.call(endpoint, { symbol, granularity: '1min', ...span })
          return candlesOf(value, exchangeNowMs)
        },
      })
    },
  }
}
