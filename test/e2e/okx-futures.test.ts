import t from 'tap'
import type { PlannedEvent } from '../../src/simulator/scenario.ts'
import { type At, ledgerDays } from './ledger-days.ts'
import { unifiedScenario } from './unified-scenario.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

/** Few enough that their marks of an outage's hours come in one breath: twenty calls in two seconds. */
const contracts = ['BTC/USDT:USDT', 'ETH/USDT:USDT', 'BTC/USD:BTC']

/** A pair bought with money that was lent to it and one sold short, each with a margin of its own. */
function pairs(at: At): readonly PlannedEvent[] {
  const bought = 'isolated SOL-USDT'
  const sold = 'isolated ETH-USDT'
  // on the margin of all
  const shared = 'cross BNB-USDT'
  return [
    { kind: 'transfer', atMs: at(1, 3, 2, 7), asset: 'USDT', amount: '-1500', other: bought },
    { kind: 'borrow', atMs: at(1, 3, 2, 9), asset: 'USDT', amount: '2500', purse: bought },
    { kind: 'fill', atMs: at(1, 3, 2, 11), symbol: 'SOL/USDT', side: 'buy', quantity: '19.5', purse: bought },
    { kind: 'transfer', atMs: at(1, 15, 12, 7), asset: 'USDT', amount: '-1000', other: sold },
    { kind: 'borrow', atMs: at(1, 15, 12, 9), asset: 'ETH', amount: '1.2', purse: sold },
    { kind: 'fill', atMs: at(1, 15, 12, 11), symbol: 'ETH/USDT', side: 'sell', quantity: '1.2', purse: sold },
    // an early end for a part of it
    {
      kind: 'fill',
      atMs: at(2, 10, 12, 11),
      symbol: 'SOL/USDT',
      side: 'sell',
      quantity: '6.5',
      purse: bought,
      liquidation: true,
    },
    { kind: 'borrow', atMs: at(2, 10, 13, 11), asset: 'USDT', amount: '-800', purse: bought },
    // more of the coin as margin
    { kind: 'transfer', atMs: at(2, 18, 4, 1), asset: 'ETH', amount: '-0.3', other: sold },
    { kind: 'unexplained', atMs: at(3, 8, 4, 1), asset: 'USDT', amount: '-31.5', purse: sold },
    {
      kind: 'fill',
      atMs: at(3, 12, 33, 20),
      symbol: 'ETH/USDT',
      side: 'buy',
      quantity: '0.6',
      purse: sold,
      visibleAfterMs: 360_000,
    },
    { kind: 'borrow', atMs: at(4, 3, 1, 1), asset: 'ETH', amount: '-0.5', purse: sold },
    { kind: 'borrow', atMs: at(1, 7, 2, 9), asset: 'USDT', amount: '1300', purse: shared },
    { kind: 'fill', atMs: at(1, 7, 2, 11), symbol: 'BNB/USDT', side: 'buy', quantity: '1.2', purse: shared },
    { kind: 'fill', atMs: at(3, 1, 2, 11), symbol: 'BNB/USDT', side: 'sell', quantity: '0.8', purse: shared },
    { kind: 'borrow', atMs: at(3, 1, 2, 13), asset: 'USDT', amount: '-350', purse: shared },
    { kind: 'transfer', atMs: at(4, 20, 4, 1), asset: 'SOL', amount: '2', other: bought },
  ]
}

t.test('days of everything in okx, both sides of contracts held, every bucket against the truth', (t) =>
  ledgerDays(t, {
    exchange: 'okx',
    accountType: 'futures',
    seed: 20260306,
    ledgerPath: '/api/v5/account/bills',
    scenario: (at) => unifiedScenario(at, { hedges: true, contracts, more: pairs(at) }),
    wallets: ['spot', 'margin'],
    tradesMin: 250,
  }),
)
