import type { Endpoint } from '../call.ts'
import type { Budget } from '../limiter.ts'

/**
 * Weight in half a minute: 2,000 of public calls for an address; of an account's own 4,000 of spot and margin, 2,000 each of
 * futures and of what concerns the account as such.
 */
export const budgets: Readonly<Record<string, Budget>> = {
  public: { limitOfMinute: 4_000, header: 'x-kucoin-has-no-such-header' },
  private: { limitOfMinute: 4_000, header: 'x-kucoin-has-no-such-header', of: 'account' },
  futures: { limitOfMinute: 4_000, header: 'x-kucoin-has-no-such-header', of: 'account' },
}

export const endpoints = {
  time: { method: 'publicGetTimestamp', budget: 'public', weight: 3 },
  symbols: { method: 'publicGetSymbols', budget: 'public', weight: 4 },
  candles: { method: 'publicGetMarketCandles', budget: 'public', weight: 3 },
  apiKey: { method: 'privateGetUserApiKey', budget: 'private', weight: 3 },
  accountMode: { method: 'utaPrivateGetAccountMode', budget: 'private', weight: 30 },
  accounts: { method: 'privateGetAccounts', budget: 'private', weight: 5 },
  ledgers: { method: 'privateGetAccountsLedgers', budget: 'private', weight: 2 },
  hfLedgers: { method: 'privateGetHfAccountsLedgers', budget: 'private', weight: 2 },
  fills: { method: 'privateGetFills', budget: 'private', weight: 10 },
  hfFills: { method: 'privateGetHfFills', budget: 'private', weight: 2 },
  crossMargin: { method: 'privateGetMarginAccounts', budget: 'private', weight: 15 },
  isolatedMargin: { method: 'privateGetIsolatedAccounts', budget: 'private', weight: 15 },
  hfMarginLedgers: { method: 'privateGetHfMarginAccountLedgers', budget: 'private', weight: 2 },
  hfMarginFills: { method: 'privateGetHfMarginFills', budget: 'private', weight: 5 },
  interest: { method: 'privateGetMarginInterest', budget: 'private', weight: 20 },
  contracts: { method: 'futuresPublicGetContractsActive', budget: 'public', weight: 3 },
  contractCandles: { method: 'futuresPublicGetKlineQuery', budget: 'public', weight: 3 },
  contractWallet: { method: 'futuresPrivateGetAccountOverview', budget: 'futures', weight: 5 },
  positions: { method: 'futuresPrivateGetPositions', budget: 'futures', weight: 2 },
  contractLines: { method: 'futuresPrivateGetTransactionHistory', budget: 'futures', weight: 2 },
  contractFills: { method: 'futuresPrivateGetFills', budget: 'futures', weight: 5 },
  fundings: { method: 'futuresPrivateGetFundingHistory', budget: 'futures', weight: 5 },
  unifiedBalances: { method: 'utaPrivateGetAccountModeAccountBalance', budget: 'private', weight: 5 },
  unifiedPositions: { method: 'utaPrivateGetAccountModePositionOpenList', budget: 'private', weight: 3 },
  unifiedLedger: { method: 'utaPrivateGetAccountLedger', budget: 'private', weight: 2 },
  unifiedFills: { method: 'utaPrivateGetAccountModeOrderExecution', budget: 'private', weight: 4 },
} as const satisfies Readonly<Record<string, Endpoint>>
