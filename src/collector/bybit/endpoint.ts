import { minuteMs, secondMs } from '@perf-agg/sdk'
import type { Endpoint } from '../call.ts'
import type { Budget } from '../limiter.ts'
import { every } from '../pace.ts'

/** 600 calls in five seconds for an address; each list has a pace for the account beside, far above a poll's. */
export const budgets: Readonly<Record<string, Budget>> = {
  ip: { limitOfMinute: 6_000, header: 'x-bybit-has-no-such-header' },
}

export const endpoints = {
  time: { method: 'publicGetV5MarketTime', budget: 'ip', weight: 1 },
  instruments: { method: 'publicGetV5MarketInstrumentsInfo', budget: 'ip', weight: 1 },
  kline: { method: 'publicGetV5MarketKline', budget: 'ip', weight: 1 },
  markKline: { method: 'publicGetV5MarketMarkPriceKline', budget: 'ip', weight: 1 },
  queryApi: { method: 'privateGetV5UserQueryApi', budget: 'ip', weight: 1 },
  accountInfo: { method: 'privateGetV5AccountInfo', budget: 'ip', weight: 1 },
  walletBalance: { method: 'privateGetV5AccountWalletBalance', budget: 'ip', weight: 1 },
  transactionLog: { method: 'privateGetV5AccountTransactionLog', budget: 'ip', weight: 1 },
  positions: { method: 'privateGetV5PositionList', budget: 'ip', weight: 1 },
  executions: { method: 'privateGetV5ExecutionList', budget: 'ip', weight: 1 },
  coinsBalance: {
    method: 'privateGetV5AssetTransferQueryAccountCoinsBalance',
    budget: 'ip',
    weight: 1,
    pace: every(2, secondMs),
  },
  fundingHistory: {
    method: 'privateGetV5AssetFundinghistory',
    budget: 'ip',
    weight: 1,
    pace: every(5, secondMs),
  },
  deposits: {
    method: 'privateGetV5AssetDepositQueryRecord',
    budget: 'ip',
    weight: 1,
    pace: every(100, minuteMs),
  },
  internalDeposits: {
    method: 'privateGetV5AssetDepositQueryInternalRecord',
    budget: 'ip',
    weight: 1,
    pace: every(5, secondMs),
  },
  withdrawals: {
    method: 'privateGetV5AssetWithdrawQueryRecord',
    budget: 'ip',
    weight: 1,
    pace: every(300, minuteMs),
  },
} as const satisfies Readonly<Record<string, Endpoint>>
