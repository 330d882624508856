import { secondMs } from '@perf-agg/sdk'
import type { Endpoint } from '../call.ts'
import type { Budget } from '../limiter.ts'
import { every, type Pace } from '../pace.ts'

/**
 * What anybody may read has a pace for the address, in two seconds: 40 calls of candles, 20 of older ones and of
 * instruments, 10 of the time. An account's own lists have a pace for the account, which no other shares.
 */
export const budgets: Readonly<Record<string, Budget>> = {
  ip: { limitOfMinute: 1_200, header: 'x-okx-has-no-such-header' },
  own: { limitOfMinute: 6_000, header: 'x-okx-has-no-such-header', of: 'account' },
}

/** What anybody may read, so many times in two seconds: 40 of the cheapest are all that an address may make. */
function open(method: string, calls: number): Endpoint {
  return { method, budget: 'ip', weight: 40 / calls, pace: every(calls, 2 * secondMs) }
}

function own(method: string, pace: Pace): Endpoint {
  return { method, budget: 'own', weight: 1, pace }
}

export const endpoints = {
  time: open('publicGetPublicTime', 10),
  instruments: open('publicGetPublicInstruments', 20),
  candles: open('publicGetMarketCandles', 40),
  historyCandles: open('publicGetMarketHistoryCandles', 20),
  markCandles: open('publicGetMarketMarkPriceCandles', 20),
  historyMarkCandles: open('publicGetMarketHistoryMarkPriceCandles', 10),
  config: own('privateGetAccountConfig', every(5, 2 * secondMs)),
  balance: own('privateGetAccountBalance', every(10, 2 * secondMs)),
  positions: own('privateGetAccountPositions', every(10, 2 * secondMs)),
  bills: own('privateGetAccountBills', every(5, secondMs)),
  billsArchive: own('privateGetAccountBillsArchive', every(5, 2 * secondMs)),
  fills: own('privateGetTradeFills', every(60, 2 * secondMs)),
  fillsHistory: own('privateGetTradeFillsHistory', every(10, 2 * secondMs)),
  fundingBalances: own('privateGetAssetBalances', every(6, secondMs)),
  fundingBills: own('privateGetAssetBills', every(6, secondMs)),
  fundingBillsHistory: own('privateGetAssetBillsHistory', every(1, secondMs)),
  deposits: own('privateGetAssetDepositHistory', every(6, secondMs)),
  withdrawals: own('privateGetAssetWithdrawalHistory', every(6, secondMs)),
  converts: own('privateGetAssetConvertHistory', every(6, secondMs)),
  easyConverts: own('privateGetTradeEasyConvertHistory', every(1, 2 * secondMs)),
  positionsHistory: own('privateGetAccountPositionsHistory', every(10, 2 * secondMs)),
} as const satisfies Readonly<Record<string, Endpoint>>
