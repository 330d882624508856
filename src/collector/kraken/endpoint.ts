import type { Endpoint } from '../call.ts'
import type { Budget } from '../limiter.ts'

/**
 * kraken counts what is public by address, one a second; what is private by account, with a counter that each call
 * raises and time lowers (15 and 0.33 a second for the smallest accounts).
 */
export const budgets: Readonly<Record<string, Budget>> = {
  address: { limitOfMinute: 60, header: 'x-kraken-has-no-such-header' },
  // what it allows depends on the account's tier: the pages of a poll stay below
  account: { limitOfMinute: 100_000, header: 'x-kraken-has-no-such-header', of: 'account' },
}

export const endpoints = {
  time: { method: 'publicGetTime', budget: 'address', weight: 1 },
  assetPairs: { method: 'publicGetAssetPairs', budget: 'address', weight: 1 },
  ohlc: { method: 'publicGetOHLC', budget: 'address', weight: 1 },
  trades: { method: 'publicGetTrades', budget: 'address', weight: 1 },
  keyInfo: { method: 'privatePostGetApiKeyInfo', budget: 'account', weight: 1 },
  balance: { method: 'privatePostBalance', budget: 'account', weight: 1 },
  openPositions: { method: 'privatePostOpenPositions', budget: 'account', weight: 1 },
  ledgers: { method: 'privatePostLedgers', budget: 'account', weight: 2 },
  tradesHistory: { method: 'privatePostTradesHistory', budget: 'account', weight: 2 },
} as const satisfies Readonly<Record<string, Endpoint>>
