import t from 'tap'
import type { Scenario } from '../../src/simulator/scenario.ts'
import { type At, ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

const pair = 'isolated ETH-USDT'

/** Borrowed coins, cross and in an account of one pair, with interest each hour. */
function scenario(at: At): Scenario {
  return {
    accounts: [
      {
        opening: { USDT: '3000', BTC: '0.02' },
        purses: { margin: { USDT: '12000', BTC: '0.05' }, [pair]: { USDT: '4000' } },
        trader: {
          ordersPerDay: 30,
          // one of them in the older account
          symbols: 'BTC/USDT ETH/USDT SOL/USDT DOGE/USDT ETH/BTC'.split(' '),
          purse: 'margin',
        },
        events: [
          { kind: 'borrow', atMs: at(1, 3, 7, 9), asset: 'USDT', amount: '6000', purse: 'margin' },
          { kind: 'borrow', atMs: at(1, 4, 17, 9), asset: 'ETH', amount: '1.5', purse: pair },
          {
            kind: 'fill',
            atMs: at(1, 4, 20, 1),
            symbol: 'ETH/USDT',
            side: 'sell',
            quantity: '1.4',
            purse: pair,
          },
          { kind: 'transfer', atMs: at(1, 9, 12, 7), asset: 'USDT', amount: '-1500', other: 'margin' },
          {
            kind: 'transfer',
            atMs: at(1, 15, 2, 7),
            asset: 'USDT',
            amount: '-800',
            purse: 'margin',
            other: pair,
          },
          { kind: 'transfer', atMs: at(2, 1, 2, 7), asset: 'USDT', amount: '-500', purse: 'margin' },
          { kind: 'borrow', atMs: at(2, 5, 7, 9), asset: 'USDT', amount: '-2500', purse: 'margin' },
          {
            kind: 'fill',
            atMs: at(2, 10, 20, 1),
            symbol: 'ETH/USDT',
            side: 'buy',
            quantity: '0.9',
            purse: pair,
          },
          { kind: 'borrow', atMs: at(2, 11, 17, 9), asset: 'ETH', amount: '-0.5', purse: pair },
          { kind: 'earn', atMs: at(2, 20, 13, 0), asset: 'USDT', amount: '0.0513' },
          { kind: 'rebate', atMs: at(2, 21, 13, 0), asset: 'USDT', amount: '1.25', info: 'REBATE' },
          { kind: 'transfer', atMs: at(3, 1, 2, 7), asset: 'USDT', amount: '300', other: pair },
          { kind: 'unexplained', atMs: at(3, 11, 52, 31), asset: 'BTC', amount: '-0.0011', purse: 'margin' },
        ],
      },
    ],
  }
}

t.test('days of margin beside spot at kucoin: what goes between them is no flow', (t) =>
  ledgerDays(t, {
    exchange: 'kucoin',
    accountType: 'margin',
    joining: 'spot',
    seed: 20260309,
    ledgerPath: '/api/v3/hf/margin',
    scenario,
    wallets: ['spot', 'margin'],
    days: 4,
    tradesMin: 80,
  }),
)
