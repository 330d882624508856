import { minuteMs } from '@perf-agg/sdk'
import type { Adapter, Connection, Tools } from '../adapter.ts'
import type { UnifiedCalls } from '../call.ts'
import { CollectorFailure, failureOf, refuseAccount } from '../failure.ts'
import { pollLedger } from '../ledger-poll.ts'
import { MarketList } from '../market-list.ts'
import { readMinutes } from '../minutes.ts'
import { budgets, endpoints } from './endpoint.ts'
import { clockCode, judge } from './judge.ts'
import { HyperliquidLedger } from './ledger.ts'
import { coinsOf, type Market, othersPerpsOf, ownDex, perpsOf, spotsOf } from './listing.ts'
import { candlesOf, serverTimeOf } from './row.ts'
import { isUnified, Standings } from './standing.ts'

const connection: Connection = {
  load: () => import('ccxt:hyperliquid'),
  prepare: () => {},
  hasSandbox: true,
  budgets,
  mainBudget: 'address',
  judge,
  clockCode,
  time: endpoints.time,
  serverTimeOf,
  // No request carries the time there, and all accounts of our address share the weight.
  timeKeptMs: minuteMs,
}

/** Minutes of one answer; the exchange keeps the newest 5,000. */
const candleRows = 1_000

/** An address at hyperliquid: everybody may read it, and no key is taken. */
export function newHyperliquid(): Adapter {
  const standings = new Standings()
  let coins: ReadonlyMap<number, string> = new Map()
  const listings = new MarketList<Market>(async (caller) => {
    const own = perpsOf((await caller.call(endpoints.perps)).value, ownDex)
    const { value: spot } = await caller.call(endpoints.spot)
    coins = coinsOf(spot)
    return [...own, ...(await othersPerps(caller, coins)), ...spotsOf(spot)]
  })
  return {
    connection,
    wallets: ['spot', 'linear'],
    async check({ caller, sync, ...tools }, wallets) {
      await sync()
      const user = userOf(tools)
      const { body } = await caller.call(endpoints.perpState, { user })
      if ((await isUnified(caller, user)) && wallets.length < 2) throw refuseAccount('unifiedAccount')
      return { restrictions: null, account: body }
    },
    async poll({ caller, sync, clock, ...tools }, wants) {
      const user = userOf(tools)
      await listings.load(caller, await sync())
      const { wallets } = wants
      return pollLedger(
        new HyperliquidLedger({ caller, listings, standings, coins: () => coins, clock, user, wallets }),
        sync,
        wants,
      )
    },
    async markets({ caller, sync }, wallets) {
      await listings.load(caller, await sync())
      return listings.markets.filter(({ type }) => wallets.includes(type))
    },
    /** What a position is worth at an instant is told nowhere: marks are the prints of the minute. */
    async candles({ caller, clock }, want) {
      await listings.load(caller, clock.exchangeNowMs())
      const listing = listings.byName(want.symbol)
      if (listing === undefined) return null
      return readMinutes(want, {
        exchangeNowMs: clock.exchangeNowMs(),
        rowsMax: candleRows,
        async read(startTime, endTime) {
          const req = { coin: listing.id, interval: '1m', startTime, endTime: endTime - 1 }
          return candlesOf((await caller.call(endpoints.candles, { req })).value, clock.exchangeNowMs())
        },
      })
    },
  }
}

/** @throws {CollectorFailure} */
async function othersPerps(caller: UnifiedCalls, coins: ReadonlyMap<number, string>): Promise<Market[]> {
  try {
    return othersPerpsOf((await caller.call(endpoints.allPerps)).value, coins)
  } catch (error) {
    // a host that does not know that question has no others
    const code = error instanceof CollectorFailure ? error.failure.code : null
    if (code !== 'EXCHANGE_REQUEST_REFUSED') throw error
    return []
  }
}

function userOf({ walletAddress }: Pick<Tools, 'walletAddress'>): string {
  if (walletAddress !== null && /^0x[0-9a-f]{40}$/i.test(walletAddress)) return walletAddress.toLowerCase()
  throw new CollectorFailure(failureOf('EXCHANGE_KEY_REFUSED', 'session', { exchangeCode: 'wallet_address' }))
}
