import { dayMs, hourMs, minuteMs, newSigningKey, PerfAggClient, secondMs } from '@perf-agg/sdk'
import t from 'tap'
import { stepUntil } from '../../src/daemon/stepping.ts'
import type { Scenario } from '../../src/simulator/scenario.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { compare } from './answer/compare.ts'
import { expectedHours } from './answer/hours.ts'
import { startBackend, startComposed } from './enclave.ts'

const days = 5
const startMs = Date.UTC(2026, 2, 1, 7, 20)
const at = (day: number, hour: number, minute = 0, second = 0): number =>
  startMs + (day - 1) * dayMs + hour * hourMs + minute * minuteMs + second * secondMs

// a hundred polls through real processes
t.setTimeout(1_500_000)

/** One of them trades seldom: kraken tells a minute's average, not its turnover, to the last digit. */
const symbols = 'BTC/USDT ETH/USDT SOL/USDT XRP/USDT DOGE/USDT ADA/USDT BNB/USDT PROM/USDT ETH/BTC'.split(' ')

const scenario: Scenario = {
  accounts: [
    {
      opening: { USDT: '20000', BTC: '0.12', ETH: '2', BNB: '0.02' },
      trader: { ordersPerDay: 24, symbols },
      events: [
        { kind: 'deposit', atMs: at(1, 5, 17, 23), asset: 'USDT', amount: '5000' },
        { kind: 'reward', atMs: at(1, 14, 3, 11), asset: 'USDT', amount: '500', info: 'Bonus' },
        { kind: 'withdrawal', atMs: at(2, 9, 41, 7), asset: 'USDT', amount: '1200', fee: '4' },
        { kind: 'convert', atMs: at(2, 16, 22, 48), from: 'USDT', to: 'BNB', amount: '600' },
        { kind: 'unexplained', atMs: at(3, 4, 12, 40), asset: 'USDT', amount: '75.5' },
        { kind: 'transfer', atMs: at(3, 12, 7, 33), asset: 'USDT', amount: '-750' },
        { kind: 'dust', atMs: at(4, 8, 0, 5) },
        { kind: 'bnb-fees', atMs: at(3, 0), on: false },
        {
          kind: 'withdrawal',
          atMs: at(4, 19, 5, 55),
          asset: 'USDT',
          amount: '900',
          fee: '4',
          outcome: 'refused',
          settleMs: 47 * minuteMs,
        },
        { kind: 'unexplained', atMs: at(4, 11, 52, 31), asset: 'BTC', amount: '-0.0031' },
        { kind: 'deposit', atMs: at(5, 2, 58, 41), asset: 'BTC', amount: '0.05', pendingMs: 35 * minuteMs },
      ],
    },
  ],
}

t.test('days at kraken spot, every bucket against the truth', async (t) => {
  const backend = await startBackend()
  const simulator = await startSimulator({
    exchange: 'kraken',
    seed: 20260302,
    startMs,
    scenario,
    faults: [
      { kind: 'bad-gateway', fromMs: at(2, 3, 10), toMs: at(2, 3, 40) },
      { kind: 'refuse', fromMs: at(3, 17, 50), toMs: at(3, 21, 20) },
      { kind: 'html', fromMs: at(4, 2, 0), toMs: at(4, 2, 20) },
      { kind: 'truncate', fromMs: at(4, 5, 0), toMs: at(4, 5, 30), path: '/0/private/Ledgers' },
      { kind: 'unavailable', fromMs: at(4, 22, 30), toMs: at(5, 1, 10) },
      { kind: 'rate-limit', fromMs: at(5, 6, 0), toMs: at(5, 6, 10) },
    ],
  })
  const composed = await startComposed({
    startMs,
    exchange: 'kraken',
    exchangeUrl: simulator.url,
    backendUrl: backend.url,
    pauseMs: hourMs,
  })
  t.teardown(async () => {
    await composed.close()
    await Promise.all([backend.close(), simulator.close()])
  })
  const { daemon, clock } = composed
  const account = simulator.accounts[0]!
  const client = new PerfAggClient({ serviceUrl: daemon.urls.enclave, nowMs: () => clock.nowMs() })
  const { receipt } = await client.register({
    clientId: 'trader',
    exchange: 'kraken',
    credentials: { api_key: account.apiKey, secret: account.secret },
    clientKey: await newSigningKey(),
    insecureSimulated: true,
    ttlSeconds: 60 * 86_400,
  })
  t.equal(receipt.status, 'active')
  t.equal(receipt.permissions, 'read-only')

  await stepUntil(daemon, clock, startMs + days * dayMs, (atMs) => simulator.advanceTo(atMs))

  const { statements } = backend
  const gaps = statements.flatMap(({ metadata }) =>
    metadata.coverage.gaps.map(({ from, to }) => ({ fromMs: Date.parse(from), toMs: Date.parse(to) })),
  )
  const hours = statements
    .filter(({ metadata }) => metadata.type === 'period')
    .flatMap((each) => each.hourly_buckets)
  t.comment(`troubles: ${JSON.stringify(Object.fromEntries(composed.troubles))}`)
  const expected = expectedHours(simulator.truth, {
    accountId: account.uid,
    fromMs: Date.parse(hours[0]!.t),
    toMs: Date.parse(hours.at(-1)!.t) + hourMs,
    anchorsMs: composed.anchorsMs,
    gaps,
    // the ledger gives every line its instant
    datedAtMs: ({ atMs }) => atMs,
    told: 'average',
  })
  const mismatches = compare(expected, statements)
  t.comment(`${expected.length} hours compared, ${mismatches.length} mismatches, ${gaps.length} gaps`)
  t.same(mismatches.slice(0, 40), [], 'every bucket and total is right')
  t.same(gaps, [], 'no hour is lost')
  t.ok(expected.length >= days * 24 - 4)
  t.ok(hours.reduce((sum, { trades }) => sum + trades, 0) > 100)
  t.ok(
    statements.every(
      ({ exchange, metadata }) => exchange === 'kraken' && metadata.source.environment === 'simulated',
    ),
  )
})
