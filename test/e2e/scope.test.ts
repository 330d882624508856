import { type AccountType, hourMs, minuteMs, newSigningKey, PerfAggClient, verifyLink } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { stepUntil } from '../../src/daemon/stepping.ts'
import type { AccountPlan } from '../../src/simulator/scenario.ts'
import { type SimulatedExchange, startSimulator } from '../../src/simulator/simulator.ts'
import { compare } from './answer/compare.ts'
import { expectedHours } from './answer/hours.ts'
import { startBackend, startComposed } from './enclave.ts'

const startMs = Date.UTC(2026, 2, 1, 7, 20)
const hours = 20
const joinHour = 9
const at = (hour: number, minute: number): number =>
  startMs - 20 * minuteMs + hour * hourMs + minute * minuteMs

t.setTimeout(1_500_000)

interface Joining {
  readonly exchange: SimulatedExchange
  readonly seed: number
  readonly account: AccountPlan
  readonly first: AccountType
  readonly second: AccountType
  readonly wallets: { readonly first: readonly string[]; readonly second: readonly string[] }
  /** Flows of each hour after the join that has some. */
  readonly flowsAfter: readonly number[]
}

async function joins(
  t: Test,
  { exchange, seed, account: plan, first, second, wallets, flowsAfter }: Joining,
) {
  const backend = await startBackend()
  const simulator = await startSimulator({ exchange, seed, startMs, scenario: { accounts: [plan] } })
  const composed = await startComposed({
    startMs,
    exchange,
    exchangeUrl: simulator.url,
    backendUrl: backend.url,
    pauseMs: hourMs,
  })
  t.teardown(async () => {
    await composed.close()
    await Promise.all([backend.close(), simulator.close()])
  })
  const { daemon, clock } = composed
  const client = new PerfAggClient({ serviceUrl: daemon.urls.enclave, nowMs: () => clock.nowMs() })
  const clientKey = await newSigningKey()
  const account = simulator.accounts[0]!
  const register = (accountType: AccountType) =>
    client.register({
      clientId: 'trader',
      exchange,
      config: { accountType },
      credentials: { api_key: account.apiKey, secret: account.secret },
      clientKey,
      insecureSimulated: true,
    })
  const before = await register(first)
  const move = (atMs: number): void => simulator.advanceTo(atMs)
  await stepUntil(daemon, clock, at(joinHour, 40), move)
  const after = await register(second)
  t.equal(after.receipt.account, before.receipt.account, 'one account of the exchange, one record')
  await stepUntil(daemon, clock, startMs + hours * hourMs, move)

  const { statements } = backend
  for (const [index, statement] of statements.entries()) {
    const steps = await verifyLink(statements[index - 1] ?? null, statement)
    t.ok(steps.every(({ status }) => status === 'affirming'))
  }
  const all = [...wallets.first, ...wallets.second]
  const scopes = statements.filter(({ metadata }) => metadata.type === 'scope')
  t.same(
    scopes.map(({ metadata }) => [metadata.scope, metadata.source.market_types]),
    [[all, all]],
  )
  const joinedMs = Date.parse(scopes[0]!.period_start)
  t.ok(joinedMs > at(joinHour, 0) && joinedMs < at(joinHour + 1, 0), scopes[0]!.period_start)
  const stated = statements.filter(({ metadata }) => metadata.type === 'period')
  const buckets = stated.flatMap(({ hourly_buckets }) => hourly_buckets)
  const anchorsMs = composed.anchorsMs.toSorted((a, b) => a - b)
  const spanned = (fromMs: number, toMs: number, own: readonly string[]) => {
    const expected = expectedHours(simulator.truth, {
      accountId: account.uid,
      wallets: own,
      fromMs,
      toMs,
      anchorsMs,
      gaps: [],
    })
    const seen = stated.filter(
      ({ period_start }) => Date.parse(period_start) >= fromMs && Date.parse(period_start) < toMs,
    )
    t.same(compare(expected, seen), [], `${expected.length} hours of ${own.join()}`)
    t.ok(expected.length >= 7)
    return expected
  }
  const endMs = Date.parse(buckets.at(-1)!.t) + hourMs
  spanned(at(1, 0), at(joinHour, 0), wallets.first)
  const later = spanned(at(joinHour + 1, 0), endMs, all)
  t.same(
    later.map(({ flows }) => flows.count).filter((count) => count > 0),
    flowsAfter,
    'of the transfers then, those between two watched wallets are none',
  )

  // What came in is what they were worth then, and that is no gain.
  const joining = stated.find(({ period_start }) => Date.parse(period_start) === at(joinHour, 0))!
  const worth = (own: readonly string[]): number => {
    const [hour] = expectedHours(simulator.truth, {
      accountId: account.uid,
      wallets: own,
      fromMs: at(joinHour - 1, 0),
      toMs: at(joinHour, 0),
      anchorsMs,
      gaps: [],
    })
    return Number(hour!.equityUsd)
  }
  const came = worth(wallets.second)
  t.equal(joining.metadata.flows.count, 1)
  t.ok(
    Math.abs(joining.metadata.flows.net_usd / came - 1) < 0.05,
    `${joining.metadata.flows.net_usd} of ${came}`,
  )
  t.ok(Math.abs(joining.hourly_buckets[0]!.return_pct!) < 3, `${joining.hourly_buckets[0]!.return_pct}`)
  t.same(joining.metadata.coverage.unreconciled, [])
  const corrections = statements.filter(({ metadata }) => metadata.type === 'correction')
  t.same(
    corrections.map(({ period_start }) => period_start),
    [],
    'nothing of before the join is told later',
  )
}

t.test('futures that join a watched spot account bring what they hold, and no past', (t) =>
  joins(t, {
    exchange: 'binance',
    seed: 20260801,
    first: 'spot',
    second: 'futures',
    wallets: { first: ['spot'], second: ['linear', 'inverse'] },
    account: {
      opening: { USDT: '20000', BTC: '0.1' },
      purses: { linear: { USDT: '9000', BNB: '1' }, inverse: { BTC: '0.3' } },
      trader: { ordersPerDay: 40, symbols: ['BTC/USDT', 'ETH/USDT'] },
      contractTrader: { ordersPerDay: 120, symbols: ['BTC/USDT:USDT', 'ETH/USDT:USDT', 'BTC/USD:BTC'] },
      events: [
        { kind: 'transfer', atMs: at(4, 31), asset: 'USDT', amount: '-3000', other: 'linear' },
        { kind: 'transfer', atMs: at(14, 12), asset: 'USDT', amount: '2000', other: 'linear' },
        { kind: 'transfer', atMs: at(16, 47), asset: 'USDT', amount: '-1000' },
      ],
    },
    flowsAfter: [1],
  }),
)

t.test('a funding wallet that joins one for trading does too, though its history is told again', (t) =>
  joins(t, {
    exchange: 'bybit',
    seed: 20260802,
    first: 'spot',
    second: 'funding',
    wallets: { first: ['spot'], second: ['funding'] },
    account: {
      opening: { USDT: '20000', BTC: '0.1' },
      unified: true,
      purses: { funding: { USDT: '9000', ETH: '2' } },
      trader: { ordersPerDay: 60, symbols: ['BTC/USDT', 'ETH/USDT'] },
      events: [
        { kind: 'transfer', atMs: at(4, 31), asset: 'USDT', amount: '-3000' },
        // just before the other wallet joins: what a later read of its history tells once more
        { kind: 'deposit', atMs: at(8, 41), asset: 'USDT', amount: '1500', purse: 'funding' },
        { kind: 'transfer', atMs: at(8, 51), asset: 'USDT', amount: '500' },
        { kind: 'deposit', atMs: at(11, 3), asset: 'ETH', amount: '0.5', purse: 'funding' },
        { kind: 'transfer', atMs: at(14, 12), asset: 'USDT', amount: '2000' },
        { kind: 'transfer', atMs: at(14, 13), asset: 'USDT', amount: '-700' },
        { kind: 'withdrawal', atMs: at(16, 47), asset: 'USDT', amount: '1000', fee: '2', purse: 'funding' },
      ],
    },
    flowsAfter: [1, 1],
  }),
)
