import t from 'tap'
import type { PlannedEvent, Scenario } from '../../src/simulator/scenario.ts'
import { Chance } from '../../src/simulator/seed.ts'
import { type At, ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

/** Markets in which every minute trades: kraken tells a minute's average, not its turnover, to the last digit. */
const symbols = 'BTC/USDT ETH/USDT SOL/USDT XRP/USDT ETH/BTC'.split(' ')
const sizes: Readonly<Record<string, readonly [base: number, places: number]>> = {
  'BTC/USDT': [0.12, 5],
  'ETH/USDT': [3, 4],
  'SOL/USDT': [60, 3],
  'ETH/BTC': [1.5, 3],
}

/** Positions are opened, added to, closed in parts and turned round. */
function leveraged(at: At): PlannedEvent[] {
  const chance = new Chance(7, 'leverage')
  return Array.from({ length: 90 }, (_, index): PlannedEvent => {
    const symbol = chance.pick(Object.keys(sizes) as [string, ...string[]])
    const [size, places] = sizes[symbol]!
    return {
      kind: 'leveraged',
      atMs: at(1, 2) + index * 4_500_000 + chance.integer(0, 4_000_000),
      symbol,
      side: chance.happens(0.5) ? 'buy' : 'sell',
      quantity: ((chance.integer(200, 1_000) / 1_000) * size).toFixed(places),
      ...(index % 17 === 5 && { visibleAfterMs: 6 * 60_000 }),
    }
  })
}

function scenario(at: At): Scenario {
  return {
    accounts: [
      {
        opening: { USDT: '12000', BTC: '0.4', ETH: '2', BNB: '0.02' },
        trader: { ordersPerDay: 8, symbols },
        events: [
          ...leveraged(at),
          // nothing else trades these: what is open then is what they opened
          { kind: 'leveraged', atMs: at(1, 9, 2, 3), symbol: 'DOGE/USDT', side: 'buy', quantity: '30000' },
          { kind: 'settle', atMs: at(2, 9, 12, 3), symbol: 'DOGE/USDT' },
          { kind: 'leveraged', atMs: at(2, 15, 2, 3), symbol: 'ADA/USDT', side: 'sell', quantity: '9000' },
          { kind: 'leverage-liquidation', atMs: at(3, 16, 33, 3), symbol: 'ADA/USDT' },
          { kind: 'deposit', atMs: at(1, 5, 17, 23), asset: 'USDT', amount: '5000' },
          // the rest of the dollars goes: from here on losses are taken in other coins
          { kind: 'transfer', atMs: at(4, 1, 7, 33), asset: 'USDT', amount: '-3000' },
          { kind: 'convert', atMs: at(4, 2, 22, 48), from: 'USDT', to: 'BTC', amount: 'all' },
          { kind: 'withdrawal', atMs: at(2, 9, 41, 7), asset: 'BTC', amount: '0.05', fee: '0.0001' },
          { kind: 'unexplained', atMs: at(3, 4, 12, 40), asset: 'USDT', amount: '75.5' },
          { kind: 'unexplained', atMs: at(4, 11, 52, 31), asset: 'BTC', amount: '-0.0031' },
        ],
      },
    ],
  }
}

t.test('days of margin positions at kraken, every bucket against the truth', (t) =>
  ledgerDays(t, {
    exchange: 'kraken',
    accountType: 'margin',
    seed: 20260311,
    // the first day is told afterwards
    daysBefore: 1,
    ledgerPath: '/0/private/Ledgers',
    scenario,
    wallets: ['spot', 'margin'],
    tradesMin: 80,
  }),
)
