import { type AccountType, hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import type { AccountPlan } from '../../src/simulator/scenario.ts'
import type { SimulatedExchange } from '../../src/simulator/simulator.ts'
import type { Change } from '../../src/simulator/truth.ts'
import { compare } from './answer/compare.ts'
import { expectedHours } from './answer/hours.ts'
import { streamFaults, watch } from './streamed.ts'

t.setTimeout(1_500_000)

const startMs = Date.UTC(2026, 2, 1, 6, 50)
const hours = 8

/** Accounts of exchanges that keep a ledger, listened to while everything goes wrong with their streams. */
const accounts: readonly {
  readonly exchange: SimulatedExchange
  readonly accountType: AccountType
  readonly wallets: readonly string[]
  readonly plan: AccountPlan
}[] = [
  {
    exchange: 'binance',
    accountType: 'futures',
    wallets: ['linear', 'inverse'],
    plan: {
      opening: {},
      purses: { linear: { USDT: '20000' }, inverse: { BTC: '0.5' } },
      trader: null,
      contractTrader: { ordersPerDay: 90, symbols: ['BTC/USDT:USDT', 'ETH/USDT:USDT', 'BTC/USD:BTC'] },
      events: [
        { kind: 'transfer', atMs: startMs + 2.4 * hourMs, asset: 'USDT', amount: '300', purse: 'linear' },
      ],
    },
  },
  {
    exchange: 'bybit',
    accountType: 'spot',
    wallets: ['spot'],
    plan: {
      opening: { USDT: '20000', BTC: '0.1' },
      trader: { ordersPerDay: 90, symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'] },
      events: [{ kind: 'transfer', atMs: startMs + 2.4 * hourMs, asset: 'USDT', amount: '300' }],
    },
  },
  {
    exchange: 'okx',
    accountType: 'spot',
    wallets: ['spot'],
    plan: {
      opening: { USDT: '20000', BTC: '0.1' },
      trader: { ordersPerDay: 90, symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'] },
      events: [{ kind: 'transfer', atMs: startMs + 2.4 * hourMs, asset: 'USDT', amount: '300' }],
    },
  },
]

for (const { exchange, accountType, wallets, plan } of accounts) {
  t.test(`${exchange} ${accountType}: every bucket is right, whatever its stream does`, async (t) => {
    const watched = await watch(t, {
      startMs,
      exchange,
      accountType,
      scenario: { accounts: [plan] },
      faults: streamFaults(startMs),
      streams: true,
      stepMs: minuteMs,
    })
    const { simulator, backend, composed } = watched
    await watched.stepTo(startMs + hours * hourMs)
    const counts = await watched.counts()
    const stated = backend.statements
      .filter(({ metadata }) => metadata.type === 'period')
      .flatMap((each) => each.hourly_buckets)
    const expected = expectedHours(simulator.truth, {
      accountId: simulator.accounts[0]!.uid,
      wallets,
      fromMs: Date.parse(stated[0]!.t),
      toMs: Date.parse(stated.at(-1)!.t) + hourMs,
      anchorsMs: composed.anchorsMs,
      gaps: [],
      ...(exchange === 'binance' ? {} : { datedAtMs: ({ atMs }: Change) => atMs }),
    })
    const mismatches = compare(expected, backend.statements)
    const trades = stated.reduce((sum, each) => sum + each.trades, 0)
    t.comment(
      `${counts['stream_hints_total']} hints; ${expected.length} hours with ${trades} fills, ` +
        `${mismatches.length} mismatches; ${JSON.stringify(Object.fromEntries(composed.troubles))}`,
    )
    t.same(mismatches.slice(0, 20), [])
    t.notOk(composed.troubles.has('egress-refused HOST_REFUSED'), 'it asks for nothing else')
    t.ok((counts['stream_hints_total'] ?? 0) > 10, 'it is listened to')
    t.ok(simulator.streams.opened >= 2, 'again after a cut')
    t.ok(expected.length >= hours - 2)
    t.ok(trades > 20)
  })
}
