import { hourMs } from '@perf-agg/sdk'
import type { Scenario } from '../../simulator/scenario.ts'

/** The month in which the story begins; any would do. */
export const demoStartMs = Date.UTC(2026, 8, 1, 9, 30)

/**
 * One trader, and what happens to real ones: money comes and goes, small coins are swept up, the exchange gives a
 * bonus, and once something moves that nobody explains.
 */
export function demoScenario(days: number): Scenario {
  const at = (day: number, hour: number): number => demoStartMs + (day * 24 + hour) * hourMs + 420_000
  const events = [
    { kind: 'deposit', asset: 'USDT', amount: '5000', atMs: at(0, 9) },
    { kind: 'withdrawal', asset: 'USDT', amount: '1500', fee: '1', atMs: at(1, 3) },
    { kind: 'reward', asset: 'USDT', amount: '250', info: 'Bonus', atMs: at(1, 8) },
    { kind: 'dust', atMs: at(1, 15) },
    { kind: 'unexplained', asset: 'USDT', amount: '-40', atMs: at(2, 5) },
    { kind: 'unexplained', asset: 'USDT', amount: '300', atMs: at(2, 11) },
  ] as const
  return {
    accounts: [
      {
        opening: { USDT: '20000', BTC: '0.15', BNB: '3' },
        trader: { ordersPerDay: 40 },
        events: events.filter((event) => event.atMs < at(days, 0)),
      },
    ],
  }
}
