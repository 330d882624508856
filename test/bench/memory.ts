import { hourMs } from '@perf-agg/sdk'
import { SelfReported } from '../../src/accounting/self-reported.ts'
import type { Bench } from './row.ts'

/** What an account with a month of hours behind it holds. */
export const memory: Bench = {
  name: 'memory per account',
  run: (quick) => {
    const accounts = quick ? 5 : 100
    const collect = globalThis.gc ?? (() => undefined)
    const held: SelfReported[] = [account(0)]
    collect()
    const before = process.memoryUsage()
    for (let index = 1; index <= accounts; index += 1) held.push(account(index))
    collect()
    const after = process.memoryUsage()
    const bytes = (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / accounts
    const stored = held[0]!.snapshot().length
    return [
      {
        name: 'memory of an account with 30 days of hours',
        value: bytes / 1e3,
        unit: 'kB',
        limit: { name: 'dense', value: 23 },
        goal: '≤ 24 kB + lots',
        reached: globalThis.gc === undefined || quick ? null : bytes <= 24_000,
      },
      {
        name: 'the same as a snapshot',
        value: stored / 1e3,
        unit: 'kB',
        limit: { name: 'dense', value: 23 },
        goal: 'to compare with',
        reached: null,
      },
    ]
  },
}

function account(seed: number): SelfReported {
  const startMs = Date.UTC(2026, 0, 5)
  const made = SelfReported.open({
    openedAtMs: startMs,
    graceMs: 90_000,
    correctionWindowMs: 8 * 24 * hourMs,
  })
  for (let hour = 0; hour < 30 * 24; hour += 1) {
    const atMs = startMs + hour * hourMs + 1_000
    const side = hour % 2 === 0 ? 'buy' : 'sell'
    const price = String(40_000 + ((hour * 7 + seed) % 100))
    made.takeTrade({ symbol: 'BTCUSDT', side, price, size: '0.1', fee: '1', atMs, id: null }, atMs)
    made.close(atMs + hourMs + 100_000)
  }
  return made
}
