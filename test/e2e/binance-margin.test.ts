import t from 'tap'
import type { Scenario } from '../../src/simulator/scenario.ts'
import { type At, ledgerDays } from './ledger-days.ts'

t.setTimeout(1_500_000)

/** Borrowed coins, cross and in an account of one pair, with interest each hour. */
function scenario(at: At): Scenario {
  return {
    accounts: [
      {
        opening: { USDT: '3000', BTC: '0.02' },
        purses: { margin: { USDT: '12000', BTC: '0.05', BNB: '0.4' }, 'isolated ETHUSDT': { USDT: '4000' } },
        trader: {
          ordersPerDay: 30,
          symbols: 'BTC/USDT ETH/USDT SOL/USDT XRP/USDT ETH/BTC'.split(' '),
          purse: 'margin',
        },
        events: [
          { kind: 'borrow', atMs: at(1, 3, 7, 9), asset: 'USDT', amount: '6000', purse: 'margin' },
          { kind: 'borrow', atMs: at(1, 4, 17, 9), asset: 'ETH', amount: '1.5', purse: 'isolated ETHUSDT' },
          {
            kind: 'fill',
            atMs: at(1, 4, 20, 1),
            symbol: 'ETH/USDT',
            side: 'sell',
            quantity: '1.4',
            purse: 'isolated ETHUSDT',
          },
          { kind: 'transfer', atMs: at(1, 9, 12, 7), asset: 'USDT', amount: '-1500', other: 'margin' },
          {
            kind: 'transfer',
            atMs: at(1, 15, 2, 7),
            asset: 'USDT',
            amount: '-800',
            purse: 'margin',
            other: 'isolated ETHUSDT',
          },
          { kind: 'transfer', atMs: at(2, 1, 2, 7), asset: 'USDT', amount: '-500', purse: 'margin' },
          { kind: 'borrow', atMs: at(2, 5, 7, 9), asset: 'USDT', amount: '-2500', purse: 'margin' },
          {
            kind: 'fill',
            atMs: at(2, 10, 20, 1),
            symbol: 'ETH/USDT',
            side: 'buy',
            quantity: '0.9',
            purse: 'isolated ETHUSDT',
          },
          { kind: 'borrow', atMs: at(2, 11, 17, 9), asset: 'ETH', amount: '-0.5', purse: 'isolated ETHUSDT' },
          { kind: 'borrow', atMs: at(2, 12, 7, 9), asset: 'SOL', amount: '0.02', purse: 'margin' },
          { kind: 'small-debt', atMs: at(3, 3, 22, 5), asset: 'SOL', to: 'USDT', purse: 'margin' },
          { kind: 'dust', atMs: at(3, 5, 41, 5), assets: ['SOL', 'XRP'], purse: 'margin' },
          { kind: 'earn', atMs: at(2, 20, 13, 0), asset: 'USDT', amount: '0.0513' },
          { kind: 'transfer', atMs: at(3, 1, 2, 7), asset: 'USDT', amount: '300', other: 'isolated ETHUSDT' },
          { kind: 'unexplained', atMs: at(3, 11, 52, 31), asset: 'BTC', amount: '-0.0011', purse: 'margin' },
        ],
      },
    ],
  }
}

const common = {
  exchange: 'binance',
  ledgerPath: '/sapi/v1/margin',
  scenario,
  days: 5,
  tradesMin: 100,
} as const

t.test('five days of margin, cross and isolated, every bucket against the truth', (t) =>
  ledgerDays(t, { ...common, accountType: 'margin', seed: 41, wallets: ['margin'] }),
)

t.test('margin beside spot: what goes between them is no flow', (t) =>
  ledgerDays(t, {
    ...common,
    accountType: 'margin',
    joining: 'spot',
    seed: 42,
    wallets: ['spot', 'margin'],
    days: 4,
    tradesMin: 80,
  }),
)
