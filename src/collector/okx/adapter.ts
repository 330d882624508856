import type { Adapter, Connection } from '../adapter.ts'
import { pollLedger } from '../ledger-poll.ts'
import { candlesFor } from './candles.ts'
import { budgets, endpoints } from './endpoint.ts'
import { idOfSymbol, listedTypesOf } from './instrument.ts'
import { clockCode, judge } from './judge.ts'
import { OkxLedger } from './ledger.ts'
import { Listings } from './listings.ts'
import { optionIdOf } from './option.ts'
import { refuseConfig, serverTimeOf } from './row.ts'

const connection: Connection = {
  load: () => import('ccxt:okx'),
  prepare: (exchange) => {
    exchange.options['adjustForTimeDifference'] = false
  },
  // its live host, and a header that egress knows it by
  hasSandbox: true,
  budgets,
  mainBudget: 'ip',
  judge,
  clockCode,
  time: endpoints.time,
  serverTimeOf,
  // signed requests carry the time: a poll begins with it
  timeKeptMs: 0,
}

/**
 * okx's trading account: one ledger for spot, margin, contracts and options, whatever its mode (a portfolio's margin is
 * counted otherwise, and held the same), and the funding account beside it. A session refuses what its account type does
 * not watch.
 */
export function newOkx(): Adapter {
  const listings = new Listings()
  return {
    connection,
    wallets: ['spot', 'margin', 'linear', 'inverse', 'funding'],
    async check({ caller, sync }) {
      await sync()
      const { body } = await caller.call(endpoints.config)
      return { restrictions: body, account: body }
    },
    async poll({ caller, sync, clock }, wants) {
      await listings.load(caller, clock.exchangeNowMs(), listedTypesOf(wants.wallets))
      const { wallets } = wants
      const isTrading = wallets.some((wallet) => wallet !== 'funding')
      if (wants.cursor === null && isTrading) refuseConfig((await caller.call(endpoints.config)).value)
      return pollLedger(new OkxLedger({ caller, listings, clock, wallets }), sync, wants)
    },
    async markets({ caller, sync }, wallets) {
      await listings.load(caller, await sync(), listedTypesOf(wallets))
      return listings.markets(wallets)
    },
    async candles({ caller, clock }, want) {
      const isContract = want.symbol.includes(':')
      const types = listedTypesOf(isContract ? ['linear'] : ['spot'])
      await listings.load(caller, clock.exchangeNowMs(), types)
      // What has left the exchange may still answer under the name it had.
      const id = idOfSymbol(want.symbol) ?? optionIdOf(want.symbol)
      const gone =
        id === null ? undefined : { id, market: isContract ? ('linear' as const) : ('spot' as const) }
      const listing = listings.bySymbol(want.symbol) ?? gone
      return listing === undefined ? null : candlesFor(listing, want, caller, clock)
    },
  }
}
