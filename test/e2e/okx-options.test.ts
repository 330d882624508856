import t from 'tap'
import type { OptionPlan } from '../../src/simulator/contract.ts'
import type { PlannedEvent, Scenario } from '../../src/simulator/scenario.ts'
import { type At, ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

/** Rights bought and sold, used, closed before their time, and worth nothing at their end, beside coins and contracts. */
function scenario(at: At): Scenario {
  const [early, late] = [Date.UTC(2026, 2, 3, 8), Date.UTC(2026, 2, 5, 8)]
  const options: readonly OptionPlan[] = [
    { base: 'BTC', strike: 1_000, type: 'C', atMs: early },
    { base: 'BTC', strike: 900_000, type: 'C', atMs: early },
    { base: 'ETH', strike: 100, type: 'P', atMs: early },
    { base: 'ETH', strike: 4_000, type: 'P', atMs: late },
    // as long as one of a family is listed, its terms are known
    { base: 'ETH', strike: 4_000, type: 'P', atMs: Date.UTC(2026, 2, 20, 8) },
    { base: 'BTC', strike: 67_000, type: 'P', atMs: Date.UTC(2026, 2, 20, 8) },
  ]
  const [rich, poor, dust, deep, long] = [
    'BTC/USD:BTC-260303-1000-C',
    'BTC/USD:BTC-260303-900000-C',
    'ETH/USD:ETH-260303-100-P',
    'ETH/USD:ETH-260305-4000-P',
    'BTC/USD:BTC-260320-67000-P',
  ] as const
  const order = (
    atMs: number,
    symbol: string,
    side: 'buy' | 'sell',
    quantity: string,
    visibleAfterMs = 0,
  ): PlannedEvent => ({ kind: 'contract-fill', atMs, symbol, side, quantity, visibleAfterMs })
  return {
    options,
    accounts: [
      {
        opening: { USDT: '20000', BTC: '0.9', ETH: '9' },
        unified: true,
        hedges: true,
        trader: { ordersPerDay: 12, symbols: ['BTC/USDT', 'ETH/USDT'] },
        contractTrader: { ordersPerDay: 8, symbols: ['BTC/USDT:USDT', 'BTC/USD:BTC'] },
        events: [
          order(at(1, 2, 12, 1), rich, 'buy', '0.2'),
          order(at(1, 3, 12, 1), poor, 'buy', '0.5'),
          order(at(1, 4, 2, 1), poor, 'sell', '0.1'),
          order(at(1, 4, 12, 1), dust, 'sell', '0.4'),
          order(at(1, 6, 12, 1), long, 'buy', '0.3'),
          order(at(1, 9, 12, 1), deep, 'sell', '1.5'),
          order(at(2, 4, 33, 20), long, 'sell', '0.1', 360_000),
          order(at(2, 20, 3, 20), deep, 'sell', '0.4'),
          // an obligation after a right
          order(at(3, 3, 3, 20), long, 'sell', '0.35'),
          { kind: 'deposit', atMs: at(2, 5, 17, 23), asset: 'BTC', amount: '0.1' },
          { kind: 'unexplained', atMs: at(4, 4, 12, 40), asset: 'BTC', amount: '-0.01' },
        ],
      },
    ],
  }
}

t.test('rights of both kinds, bought and sold, until they end, every bucket against the truth', (t) =>
  ledgerDays(t, {
    exchange: 'okx',
    accountType: 'futures',
    seed: 20260313,
    ledgerPath: '/api/v5/account/bills',
    scenario,
    // the first day is told afterwards
    daysBefore: 1,
    tradesMin: 60,
  }),
)
