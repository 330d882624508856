import t from 'tap'
import type { Scenario } from '../../src/simulator/scenario.ts'
import { type At, ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

const contracts = 'BTC/USDT:USDT ETH/USDT:USDT DOGE/USDT:USDT BTC/USD:BTC ETH/USD:ETH'.split(' ')

/** Days in which everything happens to futures wallets that there is, and to spot beside. */
function scenario(at: At): Scenario {
  const deliveryMs = Date.UTC(2026, 2, 4, 8)
  const dated = 'BTC/USDT:USDT-260304'
  return {
    deliveries: [{ symbol: 'BTC/USDT:USDT', atMs: deliveryMs }],
    accounts: [
      {
        opening: { USDT: '9000', BTC: '0.1' },
        purses: { linear: { USDT: '18000' }, inverse: { BTC: '0.4', ETH: '4' } },
        hedges: true,
        trader: { ordersPerDay: 10, symbols: ['BTC/USDT', 'DOGE/USDT'] },
        contractTrader: { ordersPerDay: 36, symbols: [...contracts, dated] },
        events: [
          { kind: 'transfer', atMs: at(1, 9, 12, 7), asset: 'USDT', amount: '-2500', other: 'linear' },
          { kind: 'transfer', atMs: at(2, 3, 1, 59), asset: 'USDT', amount: '1800', other: 'linear' },
          { kind: 'transfer', atMs: at(2, 13, 5, 1), asset: 'USDT', amount: '-700', purse: 'linear' },
          {
            kind: 'contract-fill',
            atMs: at(2, 17, 2, 3),
            symbol: 'XRP/USDT:USDT',
            side: 'sell',
            quantity: '900',
          },
          { kind: 'deleveraging', atMs: at(2, 19, 2, 3), symbol: 'XRP/USDT:USDT', quantity: '300' },
          { kind: 'liquidation', atMs: at(3, 2, 2, 3), symbol: 'XRP/USDT:USDT' },
          { kind: 'unexplained', atMs: at(3, 8, 4, 1), asset: 'USDT', amount: '-31.5', purse: 'linear' },
          { kind: 'transfer', atMs: at(3, 14, 0, 3), asset: 'BTC', amount: '-0.05', other: 'inverse' },
          {
            kind: 'contract-fill',
            atMs: at(3, 20, 41, 0),
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

t.test('days of futures beside spot at kucoin, both sides held, every bucket against the truth', (t) =>
  ledgerDays(t, {
    exchange: 'kucoin',
    accountType: 'futures',
    joining: 'spot',
    seed: 20260308,
    ledgerPath: '/api/v1/transaction-history',
    scenario,
    wallets: ['spot', 'linear', 'inverse'],
    days: 4,
  }),
)
