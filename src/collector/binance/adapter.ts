import type { Adapter, Connection } from '../adapter.ts'
import { checkKey } from './check.ts'
import { budgets, endpoints } from './endpoint.ts'
import { judge } from './judge.ts'
import { Listings } from './listings.ts'
import { candlesFor, marketsOf } from './markets.ts'
import { Poll } from './poll.ts'
import { serverTimeOf } from './row.ts'

const connection: Connection = {
  load: () => import('ccxt:binance'),
  prepare: (exchange) => {
    exchange.options['fetchCurrencies'] = false
    exchange.options['fetchMargins'] = false
    exchange.options['adjustForTimeDifference'] = false
  },
  hasSandbox: true,
  budgets,
  mainBudget: 'ip',
  judge,
  clockCode: '-1021',
  time: endpoints.time,
  serverTimeOf,
  // signed requests carry the time: a poll begins with it
  timeKeptMs: 0,
}

/** binance spot. */
export function newBinance(): Adapter {
  const listings = new Listings()
  return {
    connection,
    wallets: ['spot'],
    check: ({ caller, sync }) => checkKey(caller, sync),
    poll: ({ caller, sync }, wants) => Poll.run({ caller, sync, listings, ...wants }),
    async markets({ caller, sync }) {
      await listings.load(caller, await sync())
      return marketsOf(listings)
    },
    async candles({ caller, clock }, want) {
      await listings.load(caller, clock.exchangeNowMs())
      return candlesFor(want, caller, listings, clock)
    },
  }
}
