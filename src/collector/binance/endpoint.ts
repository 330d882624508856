import type { Endpoint } from '../call.ts'
import type { Budget } from '../limiter.ts'

/** binance's budgets for one address, and the price of each call we make. */
export const budgets: Readonly<Record<string, Budget>> = {
  ip: { limitOfMinute: 6_000, header: 'x-mbx-used-weight-1m' },
  sapi: { limitOfMinute: 12_000, header: 'x-sapi-used-ip-weight-1m' },
  // each futures host counts apart, under the same header as spot's
  fapi: { limitOfMinute: 2_400, header: 'x-mbx-used-weight-1m' },
  dapi: { limitOfMinute: 2_400, header: 'x-mbx-used-weight-1m' },
}

export const endpoints = {
  time: { method: 'publicGetTime', budget: 'ip', weight: 1 },
  exchangeInfo: { method: 'publicGetExchangeInfo', budget: 'ip', weight: 20 },
  ticker24hr: { method: 'publicGetTicker24hr', budget: 'ip', weight: 80 },
  klines: { method: 'publicGetKlines', budget: 'ip', weight: 2 },
  account: { method: 'privateGetAccount', budget: 'ip', weight: 20 },
  myTrades: { method: 'privateGetMyTrades', budget: 'ip', weight: 20 },
  apiRestrictions: { method: 'sapiGetAccountApiRestrictions', budget: 'sapi', weight: 1 },
  deposits: { method: 'sapiGetCapitalDepositHisrec', budget: 'sapi', weight: 1 },
  // its own budget is ten a second for an account: far more than one poll asks
  withdrawals: { method: 'sapiGetCapitalWithdrawHistory', budget: 'sapi', weight: 1 },
  dust: { method: 'sapiGetAssetDribblet', budget: 'sapi', weight: 1 },
  // 3,000 of an account's 180,000 a minute
  converts: { method: 'sapiGetConvertTradeFlow', budget: 'sapi', weight: 1 },
  dividends: { method: 'sapiGetAssetAssetDividend', budget: 'sapi', weight: 10 },
  transfers: { method: 'sapiGetAssetTransfer', budget: 'sapi', weight: 1 },
  // where the call for all pairs of wallets is not given
  futuresTransfers: { method: 'sapiGetFuturesTransfer', budget: 'sapi', weight: 10 },
  // asked for only where something is missing; some have a budget of the account's own beside
  earnings: { method: 'sapiGetSimpleEarnFlexibleHistoryRewardsRecord', budget: 'sapi', weight: 150 },
  payments: { method: 'sapiGetPayTransactions', budget: 'sapi', weight: 1 },
  locked: { method: 'sapiGetSimpleEarnLockedHistorySubscriptionRecord', budget: 'sapi', weight: 150 },
  unlocked: { method: 'sapiGetSimpleEarnLockedHistoryRedemptionRecord', budget: 'sapi', weight: 150 },
  family: { method: 'sapiGetSubAccountTransferSubUserHistory', budget: 'sapi', weight: 1 },
  fiatPayments: { method: 'sapiGetFiatPayments', budget: 'sapi', weight: 1 },
  fiatOrders: { method: 'sapiGetFiatOrders', budget: 'sapi', weight: 1 },
  peerTrades: { method: 'sapiGetC2cOrderMatchListUserOrderHistory', budget: 'sapi', weight: 1 },
  accountInfo: { method: 'sapiGetAccountInfo', budget: 'sapi', weight: 1 },
  marginAccount: { method: 'sapiGetMarginAccount', budget: 'sapi', weight: 10 },
  isolatedAccount: { method: 'sapiGetMarginIsolatedAccount', budget: 'sapi', weight: 10 },
  marginFlow: { method: 'sapiGetMarginCapitalFlow', budget: 'sapi', weight: 100 },
  marginTrades: { method: 'sapiGetMarginMyTrades', budget: 'sapi', weight: 10 },
  marginInterest: { method: 'sapiGetMarginInterestHistory', budget: 'sapi', weight: 1 },
  marginTransfers: { method: 'sapiGetMarginTransfer', budget: 'sapi', weight: 1 },
  marginLiquidations: { method: 'sapiGetMarginForceLiquidationRec', budget: 'sapi', weight: 1 },
  linearInfo: { method: 'fapiPublicGetExchangeInfo', budget: 'fapi', weight: 1 },
  linearMarks: { method: 'fapiPublicGetMarkPriceKlines', budget: 'fapi', weight: 5 },
  linearAccount: { method: 'fapiPrivateV3GetAccount', budget: 'fapi', weight: 5 },
  linearPositions: { method: 'fapiPrivateV3GetPositionRisk', budget: 'fapi', weight: 5 },
  // hosts that lag behind know the calls of before
  linearAccountV2: { method: 'fapiPrivateV2GetAccount', budget: 'fapi', weight: 5 },
  linearBalances: { method: 'fapiPrivateV3GetBalance', budget: 'fapi', weight: 5 },
  linearPositionsV2: { method: 'fapiPrivateV2GetPositionRisk', budget: 'fapi', weight: 5 },
  linearIncome: { method: 'fapiPrivateGetIncome', budget: 'fapi', weight: 30 },
  linearTrades: { method: 'fapiPrivateGetUserTrades', budget: 'fapi', weight: 5 },
  linearForced: { method: 'fapiPrivateGetForceOrders', budget: 'fapi', weight: 50 },
  inverseInfo: { method: 'dapiPublicGetExchangeInfo', budget: 'dapi', weight: 1 },
  inverseMarks: { method: 'dapiPublicGetMarkPriceKlines', budget: 'dapi', weight: 5 },
  inverseAccount: { method: 'dapiPrivateGetAccount', budget: 'dapi', weight: 5 },
  inverseBalances: { method: 'dapiPrivateGetBalance', budget: 'dapi', weight: 1 },
  inversePositions: { method: 'dapiPrivateGetPositionRisk', budget: 'dapi', weight: 1 },
  inverseIncome: { method: 'dapiPrivateGetIncome', budget: 'dapi', weight: 20 },
  inverseTrades: { method: 'dapiPrivateGetUserTrades', budget: 'dapi', weight: 20 },
  inverseForced: { method: 'dapiPrivateGetForceOrders', budget: 'dapi', weight: 50 },
} as const satisfies Readonly<Record<string, Endpoint>>

export const paths = {
  apiRestrictions: '/sapi/v1/account/apiRestrictions',
  account: '/api/v3/account',
} as const
