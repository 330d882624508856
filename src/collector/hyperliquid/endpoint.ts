import type { Endpoint } from '../call.ts'
import type { Budget } from '../limiter.ts'

/** So much weight a minute for an address; there are no keys, whoever asks. */
export const budgets: Readonly<Record<string, Budget>> = {
  address: { limitOfMinute: 1_200, header: 'x-hyperliquid-has-no-such-header' },
}

/** One call with a word in its body. */
function info(type: string, weight: number): Endpoint {
  return { method: 'publicPostInfo', budget: 'address', weight, parameters: { type } }
}

export const endpoints = {
  time: info('exchangeStatus', 2),
  perps: info('meta', 20),
  spot: info('spotMeta', 20),
  candles: info('candleSnapshot', 24),
  mode: info('userAbstraction', 20),
  perpState: info('clearinghouseState', 2),
  spotState: info('spotClearinghouseState', 2),
  fills: info('userFillsByTime', 40),
  funding: info('userFunding', 20),
  updates: info('userNonFundingLedgerUpdates', 20),
} as const satisfies Readonly<Record<string, Endpoint>>
