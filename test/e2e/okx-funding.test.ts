import { minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import type { Scenario } from '../../src/simulator/scenario.ts'
import { type At, ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

/** Money that comes in through the funding account, is traded, earns elsewhere, and goes out again. */
function scenario(at: At): Scenario {
  const purse = 'funding'
  return {
    accounts: [
      {
        opening: { USDT: '9000', BTC: '0.12' },
        purses: { funding: { USDT: '4000', ETH: '1.5' } },
        trader: { ordersPerDay: 24, symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'] },
        events: [
          // the first that is told: what is stated of before the registration begins with it
          { kind: 'deposit', atMs: at(1, 0, 42, 9), asset: 'USDT', amount: '300', purse },
          { kind: 'deposit', atMs: at(1, 5, 17, 23), asset: 'USDT', amount: '5000', purse },
          { kind: 'transfer', atMs: at(1, 6, 2, 7), asset: 'USDT', amount: '4500' },
          { kind: 'reward', atMs: at(1, 14, 3, 11), asset: 'USDT', amount: '50', info: 'Bonus', purse },
          { kind: 'convert', atMs: at(2, 6, 22, 48), from: 'ETH', to: 'USDT', amount: '0.4', purse },
          { kind: 'transfer', atMs: at(2, 7, 59, 59), asset: 'ETH', amount: '0.6' },
          {
            kind: 'transfer',
            atMs: at(2, 8, 30, 1),
            asset: 'USDT',
            amount: '-800',
            purse,
            other: 'elsewhere',
          },
          { kind: 'withdrawal', atMs: at(2, 9, 41, 7), asset: 'USDT', amount: '1200', fee: '4', purse },
          { kind: 'unexplained', atMs: at(3, 4, 12, 40), asset: 'USDT', amount: '75.5', purse },
          { kind: 'transfer', atMs: at(3, 12, 7, 33), asset: 'USDT', amount: '-750' },
          // within what the exchange was away
          { kind: 'transfer', atMs: at(3, 19, 7, 33), asset: 'BTC', amount: '-0.02' },
          { kind: 'deposit', atMs: at(3, 20, 1, 33), asset: 'SOL', amount: '9', purse },
          {
            kind: 'withdrawal',
            atMs: at(4, 19, 5, 55),
            asset: 'USDT',
            amount: '900',
            fee: '4',
            outcome: 'refused',
            settleMs: 47 * minuteMs,
            purse,
          },
          {
            kind: 'transfer',
            atMs: at(4, 10, 30, 1),
            asset: 'USDT',
            amount: '803.2',
            purse,
            other: 'elsewhere',
          },
          { kind: 'unexplained', atMs: at(4, 11, 52, 31), asset: 'ETH', amount: '-0.2', purse },
          { kind: 'transfer', atMs: at(5, 2, 7, 33), asset: 'SOL', amount: '6' },
        ],
      },
    ],
  }
}

const common = { exchange: 'okx', ledgerPath: '/api/v5/asset/bills', scenario, tradesMin: 80 } as const

t.test('the funding account joins the one for trading: what goes between them is no flow', (t) =>
  ledgerDays(t, { ...common, joining: 'funding', seed: 20260311, wallets: ['spot', 'funding'] }),
)

t.test('the funding account alone', (t) =>
  ledgerDays(t, {
    ...common,
    accountType: 'funding',
    seed: 20260312,
    wallets: ['funding'],
    days: 3,
    // the first day is told afterwards
    daysBefore: 1,
    tradesMin: -1,
  }),
)
