import t from 'tap'
import type { AccountPlan, Scenario } from '../../src/simulator/scenario.ts'
import { type At, ledgerDays } from './ledger-days.ts'

t.setTimeout(1_500_000)

/** Eight days in which everything happens to futures wallets that a record must survive. */
function scenario(at: At, more: Partial<AccountPlan> = {}): Scenario {
  const deliveryMs = Date.UTC(2026, 2, 5, 8)
  const dated = 'BTC/USDT:USDT-260305'
  return {
    deliveries: [{ symbol: 'BTC/USDT:USDT', atMs: deliveryMs }],
    accounts: [
      {
        opening: { USDT: '9000', BTC: '0.1' },
        purses: { linear: { USDT: '15000', BNB: '1.5' }, inverse: { BTC: '0.4', ETH: '4' } },
        trader: null,
        contractTrader: {
          ordersPerDay: 36,
          symbols: [
            ...'BTC/USDT:USDT ETH/USDT:USDT SOL/USDT:USDT DOGE/USDT:USDT BTC/USD:BTC ETH/USD:ETH'.split(' '),
            dated,
          ],
        },
        events: [
          { kind: 'transfer', atMs: at(1, 9, 12, 7), asset: 'USDT', amount: '-2500', other: 'linear' },
          { kind: 'transfer', atMs: at(2, 3, 1, 59), asset: 'USDT', amount: '1800', other: 'linear' },
          { kind: 'transfer', atMs: at(2, 13, 5, 1), asset: 'USDT', amount: '-700', purse: 'linear' },
          {
            kind: 'rebate',
            atMs: at(2, 16, 0, 11),
            asset: 'USDT',
            amount: '1.25',
            info: 'API_REBATE',
            purse: 'linear',
          },
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
            atMs: at(3, 7, 2, 3),
            symbol: 'XRP/USDT:USDT',
            side: 'sell',
            quantity: '900',
          },
          { kind: 'deleveraging', atMs: at(3, 9, 2, 3), symbol: 'XRP/USDT:USDT', quantity: '300' },
          { kind: 'liquidation', atMs: at(3, 12, 2, 3), symbol: 'XRP/USDT:USDT' },
          { kind: 'transfer', atMs: at(4, 4, 0, 3), asset: 'BTC', amount: '-0.05', other: 'inverse' },
          {
            kind: 'contract-fill',
            atMs: at(4, 10, 41, 0),
            symbol: 'ETH/USDT:USDT',
            side: 'buy',
            quantity: '0.7',
            visibleAfterMs: 400_000,
          },
          { kind: 'contract-fill', atMs: deliveryMs - 20_000, symbol: dated, side: 'buy', quantity: '0.012' },
          { kind: 'unexplained', atMs: at(6, 4, 12, 40), asset: 'USDT', amount: '75.5', purse: 'linear' },
          { kind: 'unexplained', atMs: at(6, 11, 52, 31), asset: 'BTC', amount: '-0.0031', purse: 'inverse' },
          { kind: 'bnb-fees', atMs: at(5, 0), on: false },
        ],
        ...more,
      },
    ],
  }
}

t.test('eight days of futures in dollars and in coin, every bucket against the truth', (t) =>
  ledgerDays(t, {
    exchange: 'binance',
    accountType: 'futures',
    seed: 31,
    ledgerPath: '/fapi/v1/income',
    wallets: ['linear', 'inverse'],
    scenario: (at) => scenario(at),
    days: 8,
    tradesMin: 400,
  }),
)

t.test('spot and futures of one account, joined and hedged: what goes between them is no flow', (t) =>
  ledgerDays(t, {
    exchange: 'binance',
    accountType: 'spot',
    joining: 'futures',
    seed: 32,
    ledgerPath: '/fapi/v1/income',
    wallets: ['spot', 'linear', 'inverse'],
    scenario: (at) =>
      scenario(at, {
        hedges: true,
        trader: { ordersPerDay: 16, symbols: ['BTC/USDT', 'ETH/USDT', 'BNB/USDT', 'SOL/USDT'] },
      }),
    days: 4,
    tradesMin: 200,
  }),
)
