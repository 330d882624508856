import t from 'tap'
import type { PlannedEvent, Scenario } from '../../src/simulator/scenario.ts'
import { type At, ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

/** Contracts of both kinds, each behind its own account, and everything that happens to them. */
function scenario(at: At): Scenario {
  const deliveryMs = Date.UTC(2026, 2, 5, 8)
  const dated = 'BTC/USDT:USDT-260305'
  const flex = { asset: 'USDT', purse: 'linear' } as const
  const events: PlannedEvent[] = [
    { kind: 'bnb-fees', atMs: at(1, 0), on: false },
    { kind: 'deposit', atMs: at(1, 5, 17, 23), asset: 'USDT', amount: '5000' },
    { kind: 'contract-fill', atMs: at(1, 9, 2, 3), symbol: 'XRP/USDT:USDT', side: 'sell', quantity: '900' },
    // from the account that holds to the one that backs, and back
    { kind: 'transfer', ...flex, atMs: at(1, 12, 7, 33), amount: '1750', other: 'spot' },
    { kind: 'transfer', ...flex, atMs: at(1, 13, 11, 2), amount: '-300', other: 'spot' },
    { kind: 'transfer', atMs: at(1, 18, 21, 48), asset: 'BTC', amount: '-0.01', other: 'inverse' },
    { kind: 'convert', atMs: at(2, 6, 22, 48), from: 'USDT', to: 'ETH', amount: '600' },
    { kind: 'deleveraging', atMs: at(2, 9, 2, 3), symbol: 'XRP/USDT:USDT', quantity: '300' },
    { kind: 'liquidation', atMs: at(2, 14, 2, 3), symbol: 'XRP/USDT:USDT' },
    { kind: 'withdrawal', atMs: at(3, 1, 41, 7), asset: 'USDT', amount: '1200', fee: '4' },
    { kind: 'unexplained', ...flex, atMs: at(3, 4, 12, 40), amount: '75.5' },
    {
      kind: 'rebate',
      ...flex,
      atMs: at(3, 6, 3, 11),
      amount: '2.5',
      info: 'fee',
    },
    { kind: 'contract-fill', atMs: deliveryMs - 20_000, symbol: dated, side: 'buy', quantity: '0.012' },
    { kind: 'unexplained', atMs: at(4, 11, 52, 31), asset: 'ETH', amount: '-0.021' },
    {
      kind: 'contract-fill',
      atMs: at(4, 17, 33, 20),
      symbol: 'ETH/USDT:USDT',
      side: 'buy',
      quantity: '0.7',
      visibleAfterMs: 360_000,
    },
    { kind: 'transfer', atMs: at(5, 2, 7, 33), asset: 'BTC', amount: '-0.02' },
  ]
  return {
    deliveries: [{ symbol: 'BTC/USDT:USDT', atMs: deliveryMs }],
    accounts: [
      {
        opening: { USDT: '9000', BTC: '0.1', ETH: '1' },
        purses: { linear: { USDT: '14000', BTC: '0.2' }, inverse: { BTC: '0.3', ETH: '4' } },
        trader: null,
        // what it gains with one of them is paid in another coin
        profitIn: { 'ETH/USDT:USDT': 'BTC' },
        contractTrader: {
          ordersPerDay: 45,
          symbols: [
            ...'BTC/USDT:USDT ETH/USDT:USDT DOGE/USDT:USDT BTC/USD:BTC ETH/USD:ETH'.split(' '),
            dated,
          ],
        },
        events,
      },
    ],
  }
}

t.test('days of contracts at krakenfutures, every bucket against the truth', (t) =>
  ledgerDays(t, {
    exchange: 'krakenfutures',
    accountType: 'futures',
    seed: 20260312,
    // the first day is told afterwards
    daysBefore: 1,
    ledgerPath: '/api/history/v3/account-log',
    scenario,
    wallets: ['spot', 'linear', 'inverse'],
    tradesMin: 200,
  }),
)
