import type { Endpoint } from '../call.ts'
import type { Budget } from '../limiter.ts'
import { keyCheckPath } from './key-check.ts'

/** 500 cost in ten seconds of an account's own, 100 tokens in ten minutes of its history; what is public is not counted. */
export const budgets: Readonly<Record<string, Budget>> = {
  public: { limitOfMinute: 600, header: 'x-krakenfutures-has-no-such-header' },
  account: { limitOfMinute: 3_000, header: 'x-krakenfutures-has-no-such-header', of: 'account' },
}

export const endpoints = {
  // every answer tells the time, and this is a short one
  time: {
    method: 'publicGetTickersSymbol',
    budget: 'public',
    weight: 1,
    parameters: { symbol: 'PI_XBTUSD' },
  },
  instruments: { method: 'publicGetInstruments', budget: 'public', weight: 1 },
  candles: { method: 'chartsGetPriceTypeSymbolInterval', budget: 'public', weight: 1 },
  accounts: { method: 'privateGetAccounts', budget: 'account', weight: 2 },
  positions: { method: 'privateGetOpenpositions', budget: 'account', weight: 2 },
  fills: { method: 'privateGetFills', budget: 'account', weight: 25 },
  keyCheck: {
    method: 'authGetApiKeysV3Check',
    unnamed: { api: 'auth', path: keyCheckPath },
    budget: 'account',
    weight: 1,
  },
  log: { method: 'historyGetAccountLog', budget: 'account', weight: 3 },
} as const satisfies Readonly<Record<string, Endpoint>>
