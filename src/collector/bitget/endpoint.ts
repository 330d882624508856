import { secondMs } from '@perf-agg/sdk'
import type { Endpoint } from '../call.ts'
import type { Budget } from '../limiter.ts'
import { every } from '../pace.ts'

/** 6,000 calls a minute for an address; each call has a pace of its own for the account, ten a second and less. */
export const budgets: Readonly<Record<string, Budget>> = {
  ip: { limitOfMinute: 6_000, header: 'x-bitget-has-no-such-header' },
}

/** Of each list, for an account. */
const own = every(10, secondMs)

export const endpoints = {
  time: { method: 'publicCommonGetV2PublicTime', budget: 'ip', weight: 1 },
  symbols: { method: 'publicSpotGetV2SpotPublicSymbols', budget: 'ip', weight: 1 },
  candles: { method: 'publicSpotGetV2SpotMarketCandles', budget: 'ip', weight: 1 },
  olderCandles: { method: 'publicSpotGetV2SpotMarketHistoryCandles', budget: 'ip', weight: 1 },
  info: { method: 'privateSpotGetV2SpotAccountInfo', budget: 'ip', weight: 1, pace: every(1, secondMs) },
  assets: { method: 'privateSpotGetV2SpotAccountAssets', budget: 'ip', weight: 1, pace: own },
  bills: { method: 'privateSpotGetV2SpotAccountBills', budget: 'ip', weight: 1, pace: own },
  fills: { method: 'privateSpotGetV2SpotTradeFills', budget: 'ip', weight: 1, pace: own },
  contracts: { method: 'publicMixGetV2MixMarketContracts', budget: 'ip', weight: 1 },
  contractCandles: { method: 'publicMixGetV2MixMarketCandles', budget: 'ip', weight: 1 },
  olderContractCandles: { method: 'publicMixGetV2MixMarketHistoryCandles', budget: 'ip', weight: 1 },
  olderMarks: { method: 'publicMixGetV2MixMarketHistoryMarkCandles', budget: 'ip', weight: 1 },
  contractAccounts: { method: 'privateMixGetV2MixAccountAccounts', budget: 'ip', weight: 1, pace: own },
  contractBills: { method: 'privateMixGetV2MixAccountBill', budget: 'ip', weight: 1, pace: own },
  contractFills: { method: 'privateMixGetV2MixOrderFills', budget: 'ip', weight: 1, pace: own },
  positions: { method: 'privateMixGetV2MixPositionAllPosition', budget: 'ip', weight: 1, pace: own },
  crossedAssets: {
    method: 'privateMarginGetV2MarginCrossedAccountAssets',
    budget: 'ip',
    weight: 1,
    pace: own,
  },
  crossedRecords: {
    method: 'privateMarginGetV2MarginCrossedFinancialRecords',
    budget: 'ip',
    weight: 1,
    pace: own,
  },
  crossedInterest: {
    method: 'privateMarginGetV2MarginCrossedInterestHistory',
    budget: 'ip',
    weight: 1,
    pace: own,
  },
  crossedFills: { method: 'privateMarginGetV2MarginCrossedFills', budget: 'ip', weight: 1, pace: own },
  crossedLiquidations: {
    method: 'privateMarginGetV2MarginCrossedLiquidationHistory',
    budget: 'ip',
    weight: 1,
    pace: own,
  },
  isolatedAssets: {
    method: 'privateMarginGetV2MarginIsolatedAccountAssets',
    budget: 'ip',
    weight: 1,
    pace: own,
  },
  isolatedRecords: {
    method: 'privateMarginGetV2MarginIsolatedFinancialRecords',
    budget: 'ip',
    weight: 1,
    pace: own,
  },
  isolatedInterest: {
    method: 'privateMarginGetV2MarginIsolatedInterestHistory',
    budget: 'ip',
    weight: 1,
    pace: own,
  },
  isolatedFills: { method: 'privateMarginGetV2MarginIsolatedFills', budget: 'ip', weight: 1, pace: own },
  isolatedLiquidations: {
    method: 'privateMarginGetV2MarginIsolatedLiquidationHistory',
    budget: 'ip',
    weight: 1,
    pace: own,
  },
  deposits: { method: 'privateSpotGetV2SpotWalletDepositRecords', budget: 'ip', weight: 1 },
  withdrawals: { method: 'privateSpotGetV2SpotWalletWithdrawalRecords', budget: 'ip', weight: 1 },
  transfers: { method: 'privateSpotGetV2SpotAccountTransferRecords', budget: 'ip', weight: 1 },
  fundingAssets: { method: 'privateSpotGetV2AccountFundingAssets', budget: 'ip', weight: 1 },
  unifiedInfo: { method: 'privateUtaGetV3AccountInfo', budget: 'ip', weight: 1 },
  unifiedAssets: { method: 'privateUtaGetV3AccountAssets', budget: 'ip', weight: 1 },
  unifiedRecords: { method: 'privateUtaGetV3AccountFinancialRecords', budget: 'ip', weight: 1 },
  unifiedFills: { method: 'privateUtaGetV3TradeFills', budget: 'ip', weight: 1 },
  unifiedPositions: { method: 'privateUtaGetV3PositionCurrentPosition', budget: 'ip', weight: 1 },
  unifiedConverts: { method: 'privateUtaGetV3AccountConvertRecords', budget: 'ip', weight: 1 },
  unifiedDeposits: { method: 'privateUtaGetV3AccountDepositRecords', budget: 'ip', weight: 1 },
  unifiedWithdrawals: { method: 'privateUtaGetV3AccountWithdrawalRecords', budget: 'ip', weight: 1 },
  unifiedFundingAssets: { method: 'privateUtaGetV3AccountFundingAssets', budget: 'ip', weight: 1 },
  unifiedFundingRecords: { method: 'privateUtaGetV3AccountFundingFinancialRecords', budget: 'ip', weight: 1 },
} as const satisfies Readonly<Record<string, Endpoint>>
