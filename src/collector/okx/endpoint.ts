import { secondMs } from '@perf-agg/sdk'
import type { Endpoint } from '../call.ts'
import type { Budget } from '../limiter.ts'
import { every } from '../pace.ts'

/**
 * What anybody may read has a pace for the address, in two seconds: 40 calls of candles, 20 of older ones and of
 * instruments, 10 of the time. An account's own lists have a pace for the account, which no other shares.
 */
export const budgets: Readonly<Record<string, Budget>> = {
  ip: { limitOfMinute: 1_200, header: 'x-okx-has-no-such-header' },
  own: { limitOfMinute: 6_000, header: 'x-okx-has-no-such-header', of: 'account' },
}

export const endpoints = {
  time: { method: 'publicGetPublicTime', budget: 'ip', weight: 4, pace: every(10, 2 * secondMs) },
  instruments: {
    method: 'publicGetPublicInstruments',
    budget: 'ip',
    weight: 2,
    pace: every(20, 2 * secondMs),
  },
  candles: { method: 'publicGetMarketCandles', budget: 'ip', weight: 1, pace: every(40, 2 * secondMs) },
  historyCandles: {
    method: 'publicGetMarketHistoryCandles',
    budget: 'ip',
    weight: 2,
    pace: every(20, 2 * secondMs),
  },
  markCandles: {
    method: 'publicGetMarketMarkPriceCandles',
    budget: 'ip',
    weight: 2,
    pace: every(20, 2 * secondMs),
  },
  historyMarkCandles: {
    method: 'publicGetMarketHistoryMarkPriceCandles',
    budget: 'ip',
    weight: 4,
    pace: every(10, 2 * secondMs),
  },
  config: { method: 'privateGetAccountConfig', budget: 'own', weight: 1, pace: every(5, 2 * secondMs) },
  balance: { method: 'privateGetAccountBalance', budget: 'own', weight: 1, pace: every(10, 2 * secondMs) },
  positions: {
    method: 'privateGetAccountPositions',
    budget: 'own',
    weight: 1,
    pace: every(10, 2 * secondMs),
  },
  bills: { method: 'privateGetAccountBills', budget: 'own', weight: 1, pace: every(5, secondMs) },
  billsArchive: {
    method: 'privateGetAccountBillsArchive',
    budget: 'own',
    weight: 1,
    pace: every(5, 2 * secondMs),
  },
  fills: { method: 'privateGetTradeFills', budget: 'own', weight: 1, pace: every(60, 2 * secondMs) },
  fillsHistory: {
    method: 'privateGetTradeFillsHistory',
    budget: 'own',
    weight: 1,
    pace: every(10, 2 * secondMs),
  },
  fundingBalances: { method: 'privateGetAssetBalances', budget: 'own', weight: 1, pace: every(6, secondMs) },
  fundingBills: { method: 'privateGetAssetBills', budget: 'own', weight: 1, pace: every(6, secondMs) },
  fundingBillsHistory: {
    method: 'privateGetAssetBillsHistory',
    budget: 'own',
    weight: 1,
    pace: every(1, secondMs),
  },
  deposits: { method: 'privateGetAssetDepositHistory', budget: 'own', weight: 1, pace: every(6, secondMs) },
  withdrawals: {
    method: 'privateGetAssetWithdrawalHistory',
    budget: 'own',
    weight: 1,
    pace: every(6, secondMs),
  },
  converts: { method: 'privateGetAssetConvertHistory', budget: 'own', weight: 1, pace: every(6, secondMs) },
  easyConverts: {
    method: 'privateGetTradeEasyConvertHistory',
    budget: 'own',
    weight: 1,
    pace: every(1, 2 * secondMs),
  },
  positionsHistory: {
    method: 'privateGetAccountPositionsHistory',
    budget: 'own',
    weight: 1,
    pace: every(10, 2 * secondMs),
  },
} as const satisfies Readonly<Record<string, Endpoint>>
