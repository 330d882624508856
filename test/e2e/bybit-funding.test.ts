import { minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import type { Scenario } from '../../src/simulator/scenario.ts'
import { type At, ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

/** What passes a funding wallet, from outside and on to the wallet that trades. */
function scenario(at: At, opening: Readonly<Record<string, string>>, ordersPerDay: number): Scenario {
  const purse = 'funding'
  return {
    accounts: [
      {
        opening,
        unified: true,
        purses: { funding: { USDT: '3000', ETH: '1.5' } },
        trader:
          ordersPerDay === 0
            ? null
            : { ordersPerDay, symbols: 'BTC/USDT ETH/USDT SOL/USDT BNB/USDT'.split(' ') },
        events: [
          { kind: 'deposit', atMs: at(1, 5, 17, 23), asset: 'USDT', amount: '5000', purse },
          { kind: 'transfer', atMs: at(1, 5, 31, 2) + 640, asset: 'USDT', amount: '6000' },
          { kind: 'transfer', atMs: at(1, 12, 7, 33), asset: 'USDT', amount: '-750' },
          {
            kind: 'transfer',
            atMs: at(1, 16, 0, 0),
            asset: 'USDT',
            amount: '-1000',
            purse,
            other: 'elsewhere',
            info: 'Earn',
          },
          { kind: 'reward', atMs: at(1, 20, 0, 0), asset: 'USDT', amount: '0.31', purse, info: 'Earn' },
          { kind: 'reward', atMs: at(1, 21, 9, 4), asset: 'XRP', amount: '120', purse, info: 'Airdrop' },
          { kind: 'convert', atMs: at(2, 6, 22, 48), from: 'USDT', to: 'BNB', amount: '400', purse },
          { kind: 'withdrawal', atMs: at(2, 9, 41, 7), asset: 'USDT', amount: '500', fee: '4', purse },
          // to another account of the owner's
          {
            kind: 'transfer',
            atMs: at(2, 13, 3, 3),
            asset: 'ETH',
            amount: '-0.25',
            purse,
            other: 'elsewhere',
          },
          { kind: 'transfer', atMs: at(2, 15, 59, 59) + 999, asset: 'BNB', amount: '0.2' },
          {
            kind: 'transfer',
            atMs: at(3, 1, 0, 0),
            asset: 'USDT',
            amount: '1000',
            purse,
            other: 'elsewhere',
            info: 'Earn',
          },
          { kind: 'unexplained', atMs: at(3, 4, 12, 40), asset: 'USDT', amount: '75.5', purse },
          {
            kind: 'withdrawal',
            atMs: at(3, 10, 5, 55),
            asset: 'USDT',
            amount: '600',
            fee: '4',
            purse,
            outcome: 'refused',
            settleMs: 47 * minuteMs,
          },
          { kind: 'unexplained', atMs: at(4, 11, 52, 31), asset: 'ETH', amount: '-0.031', purse },
          // deposited, passed on and traded away within the hour that an outage hides
          // straight to the unified wallet, and out of it
          { kind: 'deposit', atMs: at(4, 6, 2, 3), asset: 'USDT', amount: '250' },
          { kind: 'withdrawal', atMs: at(4, 9, 2, 3), asset: 'USDT', amount: '120', fee: '1' },
          { kind: 'deposit', atMs: at(3, 18, 30, 1), asset: 'BTC', amount: '0.05', purse },
          { kind: 'transfer', atMs: at(3, 18, 50, 3), asset: 'BTC', amount: '0.05' },
          { kind: 'withdrawal', atMs: at(5, 2, 58, 41), asset: 'XRP', amount: '100', fee: '0.25', purse },
        ],
      },
    ],
  }
}

const common = { exchange: 'bybit', ledgerPath: '/v5/asset/fundinghistory' } as const

t.test(
  'a funding wallet that joins a spot account at bybit: days of both, every bucket against the truth',
  (t) =>
    ledgerDays(t, {
      ...common,
      seed: 20260307,
      joining: 'funding',
      wallets: ['spot', 'funding'],
      scenario: (at) => scenario(at, { USDT: '18000', BTC: '0.1', ETH: '2' }, 24),
      tradesMin: 150,
    }),
)

t.test('the funding wallet alone', (t) =>
  ledgerDays(t, {
    ...common,
    accountType: 'funding',
    seed: 20260308,
    wallets: ['funding'],
    scenario: (at) => scenario(at, { USDT: '9000' }, 0),
    days: 3,
    tradesMin: -1,
  }),
)
