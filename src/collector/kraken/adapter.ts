import { minuteMs } from '@perf-agg/sdk'
import type { Adapter, CcxtInstance, Connection } from '../adapter.ts'
import { refuseAccount } from '../failure.ts'
import { rowOf } from '../field.ts'
import { pollLedger } from '../ledger-poll.ts'
import { candlesFor } from './candles.ts'
import { budgets, endpoints } from './endpoint.ts'
import { judge, nonceCode } from './judge.ts'
import { KrakenLedger } from './ledger.ts'
import { Listings } from './listings.ts'
import { serverTimeOf } from './row.ts'

/** The highest number of this process: no account may see one twice, whatever the clock does. */
let lastNonce = 0

/** Microseconds, as far as we know the time: a clock that stands still must not repeat a number. */
function countUp(exchange: CcxtInstance): void {
  exchange.nonce = () => {
    lastNonce = Math.max(lastNonce + 1, exchange.milliseconds() * 1_000)
    return lastNonce
  }
}

const connection: Connection = {
  load: () => import('ccxt:kraken'),
  prepare: countUp,
  hasSandbox: false,
  budgets,
  mainBudget: 'address',
  judge,
  clockCode: nonceCode,
  time: endpoints.time,
  serverTimeOf,
  // No request carries the time there, and public calls are one a second for all accounts of our address.
  timeKeptMs: 10 * minuteMs,
}

/** kraken spot, and its margin positions where they are asked for: else an account that has some is refused. */
export function newKraken(): Adapter {
  const listings = new Listings()
  return {
    connection,
    wallets: ['spot', 'margin'],
    async check({ caller, sync }) {
      await sync()
      const { body } = await caller.call(endpoints.keyInfo)
      return { restrictions: body, account: body }
    },
    async poll({ caller, sync, clock }, wants) {
      await listings.load(caller, clock.exchangeNowMs())
      const hasMargin = wants.wallets.includes('margin')
      if (wants.cursor === null && !hasMargin) {
        const { value } = await caller.call(endpoints.openPositions)
        if (Object.keys(rowOf(value, 'openPositions')).length > 0) {
          throw refuseAccount('margin positions')
        }
      }
      return pollLedger(new KrakenLedger(caller, listings, clock, hasMargin), sync, wants)
    },
    async markets({ caller, sync }) {
      await listings.load(caller, await sync())
      return listings.markets
    },
    async candles({ caller, clock }, want) {
      await listings.load(caller, clock.exchangeNowMs())
      return candlesFor(want, caller, listings, clock)
    },
  }
}
