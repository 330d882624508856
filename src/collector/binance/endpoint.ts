import type { Endpoint } from '../call.ts'
import type { Budget } from '../limiter.ts'

/** Says what is used of an account's own budget. */
export const uidHeader = 'x-sapi-used-uid-weight-1m'

/** Each call counts against one of its own, the account's, wherever it is asked from. */
const ofAccount: Budget = { limitOfMinute: 180_000, header: uidHeader, of: 'account' }

/** binance's budgets for one address and for one account, and the price of each call we make. */
export const budgets: Readonly<Record<string, Budget>> = {
  ip: { limitOfMinute: 6_000, header: 'x-mbx-used-weight-1m' },
  sapi: { limitOfMinute: 12_000, header: 'x-sapi-used-ip-weight-1m' },
  // each futures host counts apart, under the same header as spot's
  fapi: { limitOfMinute: 2_400, header: 'x-mbx-used-weight-1m' },
  dapi: { limitOfMinute: 2_400, header: 'x-mbx-used-weight-1m' },
  'uid-withdrawals': ofAccount,
  'uid-converts': ofAccount,
  'uid-payments': ofAccount,
  'uid-fiat': ofAccount,
  'uid-small-debts': ofAccount,
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
  withdrawals: { method: 'sapiGetCapitalWithdrawHistory', budget: 'uid-withdrawals', weight: 18_000 },
  dust: { method: 'sapiGetAssetDribblet', budget: 'sapi', weight: 1 },
  converts: { method: 'sapiGetConvertTradeFlow', budget: 'uid-converts', weight: 3_000 },
  dividends: { method: 'sapiGetAssetAssetDividend', budget: 'sapi', weight: 10 },
  transfers: { method: 'sapiGetAssetTransfer', budget: 'sapi', weight: 1 },
  // where the call for all pairs of wallets is not given
  futuresTransfers: { method: 'sapiGetFuturesTransfer', budget: 'sapi', weight: 10 },
  // asked for only where something is missing
  earnings: { method: 'sapiGetSimpleEarnFlexibleHistoryRewardsRecord', budget: 'sapi', weight: 150 },
  payments: { method: 'sapiGetPayTransactions', budget: 'uid-payments', weight: 3_000 },
  locked: { method: 'sapiGetSimpleEarnLockedHistorySubscriptionRecord', budget: 'sapi', weight: 150 },
  unlocked: { method: 'sapiGetSimpleEarnLockedHistoryRedemptionRecord', budget: 'sapi', weight: 150 },
  family: { method: 'sapiGetSubAccountTransferSubUserHistory', budget: 'sapi', weight: 1 },
  fiatPayments: { method: 'sapiGetFiatPayments', budget: 'sapi', weight: 1 },
  fiatOrders: { method: 'sapiGetFiatOrders', budget: 'uid-fiat', weight: 90_000 },
  // what goes to and comes from other houses in countries whose law wants to know of whom
  namedWithdrawals: {
    method: 'sapiV2GetLocalentityWithdrawHistory',
    unnamed: { api: 'sapiV2', path: 'localentity/withdraw/history' },
    budget: 'sapi',
    weight: 1,
  },
  namedDeposits: {
    method: 'sapiV2GetLocalentityDepositHistory',
    unnamed: { api: 'sapiV2', path: 'localentity/deposit/history' },
    budget: 'sapi',
    weight: 1,
  },
  peerTrades: { method: 'sapiGetC2cOrderMatchListUserOrderHistory', budget: 'sapi', weight: 1 },
  accountInfo: { method: 'sapiGetAccountInfo', budget: 'sapi', weight: 1 },
  marginAccount: { method: 'sapiGetMarginAccount', budget: 'sapi', weight: 10 },
  isolatedAccount: { method: 'sapiGetMarginIsolatedAccount', budget: 'sapi', weight: 10 },
  marginFlow: { method: 'sapiGetMarginCapitalFlow', budget: 'sapi', weight: 100 },
  marginTrades: { method: 'sapiGetMarginMyTrades', budget: 'sapi', weight: 10 },
  marginInterest: { method: 'sapiGetMarginInterestHistory', budget: 'sapi', weight: 1 },
  marginTransfers: { method: 'sapiGetMarginTransfer', budget: 'sapi', weight: 1 },
  marginDust: { method: 'sapiGetMarginDribblet', budget: 'sapi', weight: 1 },
  marginSmallDebts: {
    method: 'sapiGetMarginExchangeSmallLiabilityHistory',
    budget: 'uid-small-debts',
    weight: 100,
  },
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
