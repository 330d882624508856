import t from 'tap'
import type { AccountPlan, Scenario } from '../../src/simulator/scenario.ts'
import { type At, ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

/** Days in which everything happens to a wallet of contracts beside a spot account. */
function scenario(at: At, more: Partial<AccountPlan>): Scenario {
  return {
    accounts: [
      {
        opening: { USDT: '9000', BTC: '0.1' },
        purses: { linear: { USDT: '15000' } },
        trader: null,
        contractTrader: {
          ordersPerDay: 36,
          symbols: 'BTC/USDT:USDT ETH/USDT:USDT SOL/USDT:USDT DOGE/USDT:USDT'.split(' '),
        },
        events: [
          { kind: 'transfer', atMs: at(1, 9, 12, 7), asset: 'USDT', amount: '-2500', other: 'linear' },
          { kind: 'transfer', atMs: at(2, 3, 1, 59), asset: 'USDT', amount: '1800', other: 'linear' },
          { kind: 'transfer', atMs: at(2, 13, 5, 1), asset: 'USDT', amount: '-700' },
          {
            kind: 'reward',
            atMs: at(3, 1, 2, 3),
            asset: 'USDT',
            amount: '50',
            info: 'WELCOME_BONUS',
            purse: 'linear',
          },
          {
            kind: 'contract-fill',
            atMs: at(1, 17, 2, 3),
            symbol: 'XRP/USDT:USDT',
            side: 'sell',
            quantity: '900',
          },
          { kind: 'deleveraging', atMs: at(2, 9, 2, 3), symbol: 'XRP/USDT:USDT', quantity: '300' },
          { kind: 'liquidation', atMs: at(2, 14, 2, 3), symbol: 'XRP/USDT:USDT' },
          { kind: 'unexplained', atMs: at(3, 4, 12, 40), asset: 'USDT', amount: '75.5', purse: 'linear' },
          { kind: 'unexplained', atMs: at(3, 11, 52, 31), asset: 'USDT', amount: '-31.25', purse: 'linear' },
          {
            kind: 'contract-fill',
            atMs: at(3, 17, 33, 20),
            symbol: 'ETH/USDT:USDT',
            side: 'buy',
            quantity: '0.7',
            visibleAfterMs: 360_000,
          },
          { kind: 'bnb-fees', atMs: at(3, 0), on: false },
        ],
        ...more,
      },
    ],
  }
}

t.test('days of contracts at bitget, every bucket against the truth', (t) =>
  ledgerDays(t, {
    exchange: 'bitget',
    accountType: 'futures',
    seed: 20260308,
    ledgerPath: '/api/v2/mix/account/bill',
    wallets: ['linear', 'inverse'],
    scenario: (at) => scenario(at, {}),
    days: 4,
    tradesMin: 150,
  }),
)

t.test('spot and contracts of one account, joined and hedged: what goes between them is no flow', (t) =>
  ledgerDays(t, {
    exchange: 'bitget',
    accountType: 'spot',
    joining: 'futures',
    seed: 20260309,
    ledgerPath: '/api/v2/mix/account/bill',
    wallets: ['spot', 'linear', 'inverse'],
    scenario: (at) =>
      scenario(at, {
        hedges: true,
        trader: { ordersPerDay: 16, symbols: ['BTC/USDT', 'ETH/USDT', 'BNB/USDT', 'SOL/USDT'] },
      }),
    days: 2,
    tradesMin: 100,
  }),
)
