import t from 'tap'
import type { Scenario } from '../../src/simulator/scenario.ts'
import { type At, ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

const contracts = 'BTC/USDT:USDT ETH/USDT:USDT BTC/USD:BTC'.split(' ')

/** Days of spot and contracts out of one wallet, that borrows too. */
function scenario(at: At): Scenario {
  return {
    accounts: [
      {
        opening: { USDT: '24000', BTC: '0.6', ETH: '5' },
        unified: true,
        trader: { ordersPerDay: 14, symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT', 'ETH/BTC'] },
        contractTrader: { ordersPerDay: 30, symbols: contracts },
        events: [
          { kind: 'deposit', atMs: at(1, 5, 17, 23), asset: 'USDT', amount: '5000' },
          {
            kind: 'contract-fill',
            atMs: at(1, 9, 2, 3),
            symbol: 'XRP/USDT:USDT',
            side: 'sell',
            quantity: '900',
          },
          { kind: 'transfer', atMs: at(1, 12, 7, 33), asset: 'USDT', amount: '-750' },
          { kind: 'borrow', atMs: at(1, 20, 3, 9), asset: 'USDT', amount: '4000', purse: 'spot' },
          { kind: 'convert', atMs: at(2, 6, 22, 48), from: 'USDT', to: 'ETH', amount: '600' },
          { kind: 'deleveraging', atMs: at(2, 9, 2, 3), symbol: 'XRP/USDT:USDT', quantity: '300' },
          { kind: 'liquidation', atMs: at(2, 14, 2, 3), symbol: 'XRP/USDT:USDT' },
          { kind: 'withdrawal', atMs: at(2, 21, 41, 7), asset: 'USDT', amount: '1200', fee: '4' },
          { kind: 'borrow', atMs: at(3, 1, 8, 9), asset: 'USDT', amount: '-1500', purse: 'spot' },
          { kind: 'unexplained', atMs: at(3, 4, 12, 40), asset: 'USDT', amount: '-75.5' },
          {
            kind: 'contract-fill',
            atMs: at(3, 10, 33, 20),
            symbol: 'ETH/USDT:USDT',
            side: 'buy',
            quantity: '0.7',
            visibleAfterMs: 360_000,
          },
        ],
      },
    ],
  }
}

t.test('days of a unified account at kucoin, every bucket against the truth', (t) =>
  ledgerDays(t, {
    exchange: 'kucoin',
    accountType: 'unified',
    seed: 20260310,
    ledgerPath: '/api/ua/v1/account/ledger',
    scenario,
    days: 4,
  }),
)
