import type { Adapter, Connection } from '../adapter.ts'
import { CollectorFailure } from '../failure.ts'
import { pollLedger } from '../ledger-poll.ts'
import { MarketList } from '../market-list.ts'
import { readMinutes } from '../minutes.ts'
import { budgets, endpoints } from './endpoint.ts'
import { badParameterCode, clockCode, judge } from './judge.ts'
import { KucoinLedger } from './ledger.ts'
import { candlesOf, listingsOf, refuseMode, serverTimeOf } from './row.ts'

const connection: Connection = {
  load: () => import('ccxt:kucoin'),
  prepare: (exchange) => {
    exchange.options['adjustForTimeDifference'] = false
  },
  // its switch leaves no URL behind
  hasSandbox: false,
  budgets,
  mainBudget: 'public',
  judge,
  clockCode,
  time: endpoints.time,
  serverTimeOf,
  // signed requests carry the time: a poll begins with it
  timeKeptMs: 0,
}

/** Rows of one answer at most. */
const candleRows = 1_400

/** The main and the trading account at kucoin. A unified account is refused. */
export function newKucoin(): Adapter {
  const listings = new MarketList(async (caller) => listingsOf((await caller.call(endpoints.symbols)).value))
  return {
    connection,
    wallets: ['spot'],
    async check({ caller, sync }) {
      await sync()
      const { body } = await caller.call(endpoints.apiKey)
      return { restrictions: body, account: body }
    },
    async poll({ caller, sync, clock }, wants) {
      await listings.load(caller, await sync())
      if (wants.cursor === null) {
        try {
          refuseMode((await caller.call(endpoints.accountMode)).value)
        } catch (error) {
          // an account that was never asked about its mode has none but the older one
          const code = error instanceof CollectorFailure ? error.failure.code : null
          if (code !== 'EXCHANGE_REQUEST_REFUSED') throw error
        }
      }
      return pollLedger(new KucoinLedger(caller, listings, clock), sync, wants)
    },
    async markets({ caller, sync }) {
      await listings.load(caller, await sync())
      return listings.markets
    },
    async candles({ caller, clock }, want) {
      await listings.load(caller, clock.exchangeNowMs())
      const symbol = listings.byName(want.symbol)?.id ?? want.symbol.replace('/', '-')
      return readMinutes(want, {
        exchangeNowMs: clock.exchangeNowMs(),
        rowsMax: candleRows,
        isUnknown: (code) => code === badParameterCode,
        async read(fromMs, toMs) {
          const asked = { symbol, type: '1min', startAt: fromMs / 1_000, endAt: toMs / 1_000 }
          const { value } = await caller.call(endpoints.candles, asked)
          return candlesOf(value, clock.exchangeNowMs())
        },
      })
    },
  }
}
