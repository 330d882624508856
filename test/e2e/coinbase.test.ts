import t from 'tap'
import { minuteMs } from '@perf-agg/sdk'
import type { Change } from '../../src/simulator/truth.ts'
import type { Scenario } from '../../src/simulator/scenario.ts'
import { type At, ledgerDays } from './ledger-days.ts'

// a hundred polls through real processes
t.setTimeout(1_500_000)

/** One of them trades seldom: a minute's turnover is not told there. */
const symbols = 'BTC/USDT ETH/USDT SOL/USDT XRP/USDT DOGE/USDT ADA/USDT PROM/USDT ETH/BTC'.split(' ')

function scenario(at: At): Scenario {
  return {
    accounts: [
      {
        opening: { USDT: '20000', BTC: '0.12', ETH: '2' },
        trader: { ordersPerDay: 24, symbols },
        events: [
          // by a bank, and over a chain that takes its time
          {
            kind: 'deposit',
            atMs: at(1, 5, 17, 23),
            asset: 'USDT',
            amount: '5000',
            pendingMs: 90 * minuteMs,
          },
          { kind: 'deposit', atMs: at(3, 2, 58, 41), asset: 'BTC', amount: '0.05', pendingMs: 35 * minuteMs },
          { kind: 'reward', atMs: at(1, 14, 3, 11), asset: 'USDT', amount: '500', info: 'Bonus' },
          {
            kind: 'fill',
            atMs: at(2, 1, 33, 20),
            symbol: 'SOL/USDT',
            side: 'buy',
            quantity: '3.5',
            visibleAfterMs: 6 * minuteMs,
          },
          { kind: 'withdrawal', atMs: at(2, 9, 41, 7), asset: 'USDT', amount: '1200', fee: '4' },
          { kind: 'withdrawal', atMs: at(2, 21, 11, 7), asset: 'ETH', amount: '0.2', fee: '0.0012' },
          { kind: 'convert', atMs: at(2, 16, 22, 48), from: 'USDT', to: 'ETH', amount: '600' },
          { kind: 'unexplained', atMs: at(3, 4, 12, 40), asset: 'USDT', amount: '75.5' },
          { kind: 'transfer', atMs: at(3, 12, 7, 33), asset: 'USDT', amount: '-750' },
          { kind: 'earn', atMs: at(3, 20, 13, 0), asset: 'ETH', amount: '0.0013' },
          {
            kind: 'withdrawal',
            atMs: at(4, 19, 5, 55),
            asset: 'USDT',
            amount: '900',
            fee: '4',
            outcome: 'refused',
            settleMs: 47 * minuteMs,
          },
          {
            kind: 'withdrawal',
            atMs: at(4, 9, 5, 55),
            asset: 'BTC',
            amount: '0.01',
            fee: '0.0002',
            outcome: 'refused',
            settleMs: 130 * minuteMs,
          },
          { kind: 'unexplained', atMs: at(4, 11, 52, 31), asset: 'BTC', amount: '-0.0031' },
        ],
      },
    ],
  }
}

/**
 * A bank's list says when; of others only when they began. What began and came between two looks counts when it began,
 * what had begun before when it was seen.
 */
function datedAtMs({ moves, atMs, begunMs }: Change, anchorsMs: readonly number[]): number | null {
  if (begunMs === undefined || moves.every(({ asset }) => asset === 'USDT')) return atMs
  const next = anchorsMs.findIndex((anchorMs) => anchorMs >= atMs)
  const lastMs = anchorsMs[next - 1] ?? 0
  return begunMs > lastMs ? begunMs : null
}

t.test('days at coinbase, every bucket against the truth', (t) =>
  ledgerDays(t, {
    exchange: 'coinbase',
    seed: 20260313,
    // the first day is told afterwards
    daysBefore: 1,
    ledgerPath: '/v2/accounts',
    scenario,
    // its dollars are a bank's
    datedAtMs,
    coins: { USDT: 'USD' },
  }),
)
