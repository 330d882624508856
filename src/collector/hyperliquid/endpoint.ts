import type { Endpoint } from '../call.ts'
import type { Budget } from '../limiter.ts'

/** So much weight a minute for an address; there are no keys, whoever asks. */
export const budgets: Readonly<Record<string, Budget>> = {
  address: { limitOfMinute: 1_200, header: 'x-hyperliquid-has-no-such-header' },
}

/** One call with a word in its body. Of some what is told weighs too, by its rows. */
function info(type: string, weight: number, rowsOfWeight = Number.POSITIVE_INFINITY): Endpoint {
  return { method: 'publicPostInfo', budget: 'address', weight, parameters: { type }, rowsOfWeight }
}

export const endpoints = {
  time: info('exchangeStatus', 2),
  perps: info('meta', 20),
  allPerps: info('allPerpMetas', 20),
  spot: info('spotMeta', 20),
  candles: info('candleSnapshot', 20, 60),
  mode: info('userAbstraction', 20),
  perpState: info('clearinghouseState', 2),
  spotState: info('spotClearinghouseState', 2),
  fills: info('userFillsByTime', 20, 20),
  funding: info('userFunding', 20, 20),
  updates: info('userNonFundingLedgerUpdates', 20, 20),
} as const satisfies Readonly<Record<string, Endpoint>>
