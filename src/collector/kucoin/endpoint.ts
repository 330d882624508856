import type { Endpoint } from '../call.ts'
import type { Budget } from '../limiter.ts'

/** Weight in half a minute: 2,000 of public calls for an address, 4,000 and 2,000 of an account's own. */
export const budgets: Readonly<Record<string, Budget>> = {
  public: { limitOfMinute: 4_000, header: 'x-kucoin-has-no-such-header' },
  // the account's own: bounded by the pages of a poll
  private: { limitOfMinute: 100_000, header: 'x-kucoin-has-no-such-header' },
}

export const endpoints = {
  time: { method: 'publicGetTimestamp', budget: 'public', weight: 3 },
  symbols: { method: 'publicGetSymbols', budget: 'public', weight: 4 },
  candles: { method: 'publicGetMarketCandles', budget: 'public', weight: 3 },
  apiKey: { method: 'privateGetUserApiKey', budget: 'private', weight: 3 },
  accountMode: { method: 'utaPrivateGetAccountMode', budget: 'private', weight: 3 },
  accounts: { method: 'privateGetAccounts', budget: 'private', weight: 5 },
  ledgers: { method: 'privateGetAccountsLedgers', budget: 'private', weight: 2 },
  hfLedgers: { method: 'privateGetHfAccountsLedgers', budget: 'private', weight: 2 },
  fills: { method: 'privateGetFills', budget: 'private', weight: 10 },
  hfFills: { method: 'privateGetHfFills', budget: 'private', weight: 2 },
} as const satisfies Readonly<Record<string, Endpoint>>
