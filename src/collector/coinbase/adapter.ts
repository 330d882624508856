import { minuteMs } from '@perf-agg/sdk'
import type { Adapter, Connection } from '../adapter.ts'
import { refuseAccount } from '../failure.ts'
import { rowOf, wordOf } from '../field.ts'
import { parseLedgerCursor } from '../ledger-cursor.ts'
import { pollLedger } from '../ledger-poll.ts'
import { MarketList } from '../market-list.ts'
import { readMinutes } from '../minutes.ts'
import { budgets, endpoints } from './endpoint.ts'
import { clockCode, judge, notFoundCode } from './judge.ts'
import { CoinbaseLedger } from './ledger.ts'
import { candlesOf, listingsOf, serverTimeOf } from './row.ts'

const connection: Connection = {
  load: () => import('ccxt:coinbase'),
  prepare: (exchange) => {
    // a token is good for two minutes by their clock
    exchange.seconds = () => Math.floor(exchange.nonce() / 1_000)
    // a PEM key that went through a shell or a JSON file by hand
    const { secret } = exchange
    if (typeof secret === 'string') exchange.secret = secret.replaceAll('\\n', '\n')
  },
  hasSandbox: false,
  budgets,
  mainBudget: 'address',
  judge,
  clockCode,
  time: endpoints.time,
  serverTimeOf,
  timeKeptMs: minuteMs,
}

/** A portfolio of perpetuals: nothing tells what moves it. */
function refuseFutures(value: unknown): void {
  if (wordOf(rowOf(value, 'key')['portfolio_type'], 'key.portfolio_type') !== 'INTX') return
  throw refuseAccount('portfolio INTX')
}

/** Rows of one answer at most. */
const candleRows = 300

/** The spot wallets of one portfolio at coinbase. Futures, perpetuals and vaults have wallets of their own. */
export function newCoinbase(): Adapter {
  const listings = new MarketList(async (caller) =>
    listingsOf((await caller.call(endpoints.products, { product_type: 'SPOT' })).value),
  )
  return {
    connection,
    wallets: ['spot'],
    async check({ caller, sync }) {
      await sync()
      const { body, value } = await caller.call(endpoints.keyPermissions)
      refuseFutures(value)
      return { restrictions: body, account: body }
    },
    async poll({ caller, sync, clock }, wants) {
      const base = wants.cursor === null ? wants.previousAnchor : parseLedgerCursor(wants.cursor).base
      return pollLedger(new CoinbaseLedger(caller, clock, base), sync, wants)
    },
    async markets({ caller, sync }) {
      await listings.load(caller, await sync())
      return listings.markets
    },
    async candles({ caller, clock }, want) {
      await listings.load(caller, clock.exchangeNowMs())
      const productId = listings.byName(want.symbol)?.id ?? want.symbol.replace('/', '-')
      return readMinutes(want, {
        exchangeNowMs: clock.exchangeNowMs(),
        rowsMax: candleRows,
        isUnknown: (code) => code === notFoundCode,
        async read(fromMs, toMs) {
          const { value } = await caller.call(endpoints.candles, {
            product_id: productId,
            start: fromMs / 1_000,
            end: toMs / 1_000 - 1,
            granularity: 'ONE_MINUTE',
          })
          return candlesOf(value, clock.exchangeNowMs())
        },
      })
    },
  }
}
