import { hourMs } from '@perf-agg/sdk'
import { SelfReported } from '../../src/accounting/self-reported/self-reported.ts'
import type { Bench } from './row.ts'

const GiB = 2 ** 30

/** What an account with a month of hours behind it holds: one that trades every hour, and one that has stopped. */
export const memory: Bench = {
  name: 'memory per account',
  run: (quick) => {
    const accounts = quick ? 3 : 100
    const days = quick ? 12 : 30
    // First those that warm up: what the program itself takes is no part of an account.
    for (const trades of [true, false]) heldBy(5, days, trades)
    const busy = heldBy(accounts, days, true)
    const quiet = heldBy(accounts, days, false)
    const measured = globalThis.gc !== undefined && !quick
    const limit = { name: 'dense', value: 23 }
    return [
      {
        name: 'memory of an account with 30 days of hours',
        value: quiet.bytes / 1e3,
        unit: 'kB',
        limit,
        goal: '≤ 24 kB',
        reached: measured ? quiet.bytes <= 24_000 : null,
      },
      {
        name: 'the same, and a trade an hour that can still be corrected',
        value: busy.bytes / 1e3,
        unit: 'kB',
        limit,
        goal: '≤ 24 kB + lots and late trades',
        reached: null,
      },
      {
        name: 'the same as a snapshot',
        value: busy.snapshot / 1e3,
        unit: 'kB',
        limit,
        goal: 'to compare with',
        reached: null,
      },
      {
        name: '50,000 such accounts, from 100 of them',
        value: (busy.bytes * 50_000) / GiB,
        unit: 'GiB',
        limit: null,
        goal: '< 1.5 GiB',
        reached: measured ? busy.bytes * 50_000 < 1.5 * GiB : null,
      },
    ]
  },
}

function heldBy(count: number, days: number, trades: boolean): { bytes: number; snapshot: number } {
  const collect = (): void => {
    // What the first time frees the second time takes away.
    for (let time = 0; time < 3; time += 1) globalThis.gc?.()
  }
  const held: SelfReported[] = [account(0, days, trades)]
  collect()
  const before = process.memoryUsage()
  for (let index = 1; index <= count; index += 1) held.push(account(index, days, trades))
  collect()
  const after = process.memoryUsage()
  const bytes = (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / count
  return { bytes, snapshot: held[0]!.snapshot().length }
}

function account(seed: number, days: number, tradesOn: boolean): SelfReported {
  const startMs = Date.UTC(2026, 0, 5)
  const made = SelfReported.open({
    openedAtMs: startMs,
    graceMs: 90_000,
    correctionWindowMs: 8 * 24 * hourMs,
  })
  for (let hour = 0; hour < days * 24; hour += 1) {
    const atMs = startMs + hour * hourMs + 1_000
    const side = hour % 2 === 0 ? 'buy' : 'sell'
    const price = String(40_000 + ((hour * 7 + seed) % 100))
    // The other one's hours have figures as well: it trades until what it did can not be corrected any more.
    if (tradesOn || hour < (days - 9) * 24) {
      made.takeTrade({ symbol: 'BTCUSDT', side, price, size: '0.1', fee: '1', atMs, id: null }, atMs)
    }
    made.close(atMs + hourMs + 100_000)
  }
  return made
}
