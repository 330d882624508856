import type { Endpoint } from '../call.ts'
import type { Budget } from '../limiter.ts'

/**
 * What is private is counted by key, thirty a second of the trading API and 10,000 an hour of the older one; what is
 * public by address, ten a second.
 */
export const budgets: Readonly<Record<string, Budget>> = {
  address: { limitOfMinute: 600, header: 'x-coinbase-has-no-such-header' },
  key: { limitOfMinute: 1_800, header: 'x-coinbase-has-no-such-header', of: 'account' },
}

export const endpoints = {
  time: { method: 'v3PublicGetBrokerageTime', budget: 'address', weight: 1 },
  products: { method: 'v3PublicGetBrokerageMarketProducts', budget: 'address', weight: 1 },
  candles: { method: 'v3PublicGetBrokerageMarketProductsProductIdCandles', budget: 'address', weight: 1 },
  keyPermissions: { method: 'v3PrivateGetBrokerageKeyPermissions', budget: 'key', weight: 1 },
  accounts: { method: 'v3PrivateGetBrokerageAccounts', budget: 'key', weight: 1 },
  fills: { method: 'v3PrivateGetBrokerageOrdersHistoricalFills', budget: 'key', weight: 1 },
  transactions: { method: 'v2PrivateGetAccountsAccountIdTransactions', budget: 'key', weight: 1 },
  deposits: { method: 'v2PrivateGetAccountsAccountIdDeposits', budget: 'key', weight: 1 },
  withdrawals: { method: 'v2PrivateGetAccountsAccountIdWithdrawals', budget: 'key', weight: 1 },
} as const satisfies Readonly<Record<string, Endpoint>>
