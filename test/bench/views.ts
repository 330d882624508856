import { equal, ok } from 'node:assert/strict'
import { hourMs, toText } from '@perf-agg/sdk'
import { SelfReported } from '../../src/accounting/self-reported/self-reported.ts'
import { clocked, timed } from './peer.ts'
import type { Bench } from './row.ts'
import { fillsOf } from './workload.ts'

/** A metrics request after very many fills: O(1) in fills, and after an hour closed O(hours). */
export const views: Bench = {
  name: 'metrics request',
  run: (quick) => {
    const count = quick ? 5_000 : 1_000_000
    const startMs = Date.UTC(2026, 0, 5)
    const account = SelfReported.open({
      openedAtMs: startMs,
      graceMs: 90_000,
      correctionWindowMs: 24 * hourMs,
    })
    // A month of them, however many there are.
    const spanMs = 30 * 24 * hourMs
    const fills = fillsOf(count)
    const intake = timed(() => {
      let closedMs = startMs + hourMs
      for (const [index, { side, price, size }] of fills.entries()) {
        const atMs = startMs + Math.floor((spanMs * index) / count)
        while (atMs >= closedMs + hourMs) {
          account.close(closedMs + 100_000)
          closedMs += hourMs
        }
        account.takeTrade(
          { symbol: 'BTCUSDT', side, price: toText(price), size: toText(size), fee: '0', atMs, id: null },
          atMs,
        )
      }
      account.close(startMs + spanMs + 2 * hourMs)
    })
    equal(account.view(0).totals.trades, count)
    ok(account.view(0).hours.length >= 30 * 24)
    const times = Array.from(
      { length: quick ? 10 : 10_000 },
      () => clocked(() => account.view(0)).seconds * 1e3,
    )
    const sorted = times.toSorted((a, b) => a - b)
    const at = (p: number): number => sorted[Math.floor(p * (sorted.length - 1))]!
    const anew = timed(() => SelfReported.restore(account.snapshot()).view(0)).seconds * 1e3
    const limit = { name: 'naive recompute of 1 M fills', value: 270 }
    return [
      {
        name: 'metrics request, p50',
        value: at(0.5),
        unit: 'ms',
        limit,
        goal: '< 1 ms',
        reached: at(0.5) < 1,
      },
      {
        name: 'metrics request, p99',
        value: at(0.99),
        unit: 'ms',
        limit,
        goal: '< 5 ms',
        reached: at(0.99) < 5,
      },
      {
        name: 'restored from its snapshot, and the first request',
        value: anew,
        unit: 'ms',
        limit,
        goal: 'O(hours), not O(fills)',
        reached: anew < limit.value,
      },
      {
        name: 'trades of a pushed account taken and closed',
        value: count / intake.seconds / 1e6,
        unit: 'M/s',
        limit: null,
        goal: 'amortised O(1) a fill',
        reached: null,
      },
    ]
  },
}
