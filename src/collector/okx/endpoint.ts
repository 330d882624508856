import type { Endpoint } from '../call.ts'
import type { Budget } from '../limiter.ts'

/**
 * What anybody may read has a pace for the address, in two seconds: 40 calls of candles, 20 of older ones and of
 * instruments, 10 of the time. An account's own lists have a pace for the account, which no other shares.
 */
export const budgets: Readonly<Record<string, Budget>> = {
  ip: { limitOfMinute: 1_200, header: 'x-okx-has-no-such-header' },
  own: { limitOfMinute: 6_000, header: 'x-okx-has-no-such-header' },
}

export const endpoints = {
  time: { method: 'publicGetPublicTime', budget: 'ip', weight: 4 },
  instruments: { method: 'publicGetPublicInstruments', budget: 'ip', weight: 2 },
  candles: { method: 'publicGetMarketCandles', budget: 'ip', weight: 1 },
  historyCandles: { method: 'publicGetMarketHistoryCandles', budget: 'ip', weight: 2 },
  markCandles: { method: 'publicGetMarketMarkPriceCandles', budget: 'ip', weight: 2 },
  historyMarkCandles: { method: 'publicGetMarketHistoryMarkPriceCandles', budget: 'ip', weight: 4 },
  config: { method: 'privateGetAccountConfig', budget: 'own', weight: 1 },
  balance: { method: 'privateGetAccountBalance', budget: 'own', weight: 1 },
  positions: { method: 'privateGetAccountPositions', budget: 'own', weight: 1 },
  bills: { method: 'privateGetAccountBills', budget: 'own', weight: 1 },
  billsArchive: { method: 'privateGetAccountBillsArchive', budget: 'own', weight: 1 },
  fills: { method: 'privateGetTradeFills', budget: 'own', weight: 1 },
  fillsHistory: { method: 'privateGetTradeFillsHistory', budget: 'own', weight: 1 },
  fundingBalances: { method: 'privateGetAssetBalances', budget: 'own', weight: 1 },
  fundingBills: { method: 'privateGetAssetBills', budget: 'own', weight: 1 },
  fundingBillsHistory: { method: 'privateGetAssetBillsHistory', budget: 'own', weight: 1 },
  deposits: { method: 'privateGetAssetDepositHistory', budget: 'own', weight: 1 },
  withdrawals: { method: 'privateGetAssetWithdrawalHistory', budget: 'own', weight: 1 },
  converts: { method: 'privateGetAssetConvertHistory', budget: 'own', weight: 1 },
  easyConverts: { method: 'privateGetTradeEasyConvertHistory', budget: 'own', weight: 1 },
} as const satisfies Readonly<Record<string, Endpoint>>
