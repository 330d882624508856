import { secondMs } from '@perf-agg/sdk'
import type { Endpoint } from '../call.ts'
import type { Budget } from '../limiter.ts'
import { every } from '../pace.ts'

/** 6,000 calls a minute for an address; each call has a pace of its own for the account, ten a second and less. */
export const budgets: Readonly<Record<string, Budget>> = {
  ip: { limitOfMinute: 6_000, header: 'x-bitget-has-no-such-header' },
}

/** Of each list, for an account. */
function own(method: string): Endpoint {
  return { method, budget: 'ip', weight: 1, pace: every(10, secondMs) }
}

export const endpoints = {
  time: { method: 'publicCommonGetV2PublicTime', budget: 'ip', weight: 1 },
  symbols: { method: 'publicSpotGetV2SpotPublicSymbols', budget: 'ip', weight: 1 },
  candles: { method: 'publicSpotGetV2SpotMarketCandles', budget: 'ip', weight: 1 },
  olderCandles: { method: 'publicSpotGetV2SpotMarketHistoryCandles', budget: 'ip', weight: 1 },
  info: { method: 'privateSpotGetV2SpotAccountInfo', budget: 'ip', weight: 1, pace: every(1, secondMs) },
  assets: own('privateSpotGetV2SpotAccountAssets'),
  bills: own('privateSpotGetV2SpotAccountBills'),
  fills: own('privateSpotGetV2SpotTradeFills'),
  contracts: { method: 'publicMixGetV2MixMarketContracts', budget: 'ip', weight: 1 },
  contractCandles: { method: 'publicMixGetV2MixMarketCandles', budget: 'ip', weight: 1 },
  olderContractCandles: { method: 'publicMixGetV2MixMarketHistoryCandles', budget: 'ip', weight: 1 },
  olderMarks: { method: 'publicMixGetV2MixMarketHistoryMarkCandles', budget: 'ip', weight: 1 },
  contractAccounts: own('privateMixGetV2MixAccountAccounts'),
  contractBills: own('privateMixGetV2MixAccountBill'),
  contractFills: own('privateMixGetV2MixOrderFills'),
  positions: own('privateMixGetV2MixPositionAllPosition'),
  crossedAssets: own('privateMarginGetV2MarginCrossedAccountAssets'),
  crossedRecords: own('privateMarginGetV2MarginCrossedFinancialRecords'),
  crossedInterest: own('privateMarginGetV2MarginCrossedInterestHistory'),
  crossedFills: own('privateMarginGetV2MarginCrossedFills'),
  crossedLiquidations: own('privateMarginGetV2MarginCrossedLiquidationHistory'),
  isolatedAssets: own('privateMarginGetV2MarginIsolatedAccountAssets'),
  isolatedRecords: own('privateMarginGetV2MarginIsolatedFinancialRecords'),
  isolatedInterest: own('privateMarginGetV2MarginIsolatedInterestHistory'),
  isolatedFills: own('privateMarginGetV2MarginIsolatedFills'),
  isolatedLiquidations: own('privateMarginGetV2MarginIsolatedLiquidationHistory'),
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
