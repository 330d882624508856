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
} as const satisfies Readonly<Record<string, Endpoint>>
