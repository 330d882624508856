import { type AccountType, hourMs, minuteMs, newSigningKey, PerfAggClient, verifyLink } from '@perf-agg/sdk'
import t from 'tap'
import { stepUntil } from '../../src/daemon/stepping.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { compare } from './answer/compare.ts'
import { expectedHours } from './answer/hours.ts'
import { startBackend, startComposed } from './enclave.ts'

const startMs = Date.UTC(2026, 2, 1, 7, 20)
const hours = 20
const joinHour = 9
const at = (hour: number, minute: number): number =>
  startMs - 20 * minuteMs + hour * hourMs + minute * minuteMs

t.setTimeout(300_000)

t.test('futures that join a watched spot account bring what they hold, and no past', async (t) => {
  const backend = await startBackend()
  const simulator = await startSimulator({
    exchange: 'binance',
    seed: 20260801,
    startMs,
    scenario: {
      accounts: [
        {
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
      ],
    },
  })
  const composed = await startComposed({
    startMs,
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
      exchange: 'binance',
      config: { accountType },
      credentials: { api_key: account.apiKey, secret: account.secret },
      clientKey,
      insecureSimulated: true,
    })
  const spot = await register('spot')
  const move = (atMs: number): void => simulator.advanceTo(atMs)
  await stepUntil(daemon, clock, at(joinHour, 40), move)
  const futures = await register('futures')
  t.equal(futures.receipt.account, spot.receipt.account, 'one account of the exchange, one record')
  await stepUntil(daemon, clock, startMs + hours * hourMs, move)

  const { statements } = backend
  for (const [index, statement] of statements.entries()) {
    const steps = await verifyLink(statements[index - 1] ?? null, statement)
    t.ok(steps.every(({ status }) => status === 'affirming'))
  }
  const all = ['spot', 'linear', 'inverse']
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
  const spanned = (fromMs: number, toMs: number, wallets: readonly string[]) => {
    const expected = expectedHours(simulator.truth, {
      accountId: account.uid,
      wallets,
      fromMs,
      toMs,
      anchorsMs,
      gaps: [],
    })
    const seen = stated.filter(
      ({ period_start }) => Date.parse(period_start) >= fromMs && Date.parse(period_start) < toMs,
    )
    t.same(compare(expected, seen), [], `${expected.length} hours of ${wallets.join()}`)
    t.ok(expected.length >= 7)
    return expected
  }
  const endMs = Date.parse(buckets.at(-1)!.t) + hourMs
  spanned(at(1, 0), at(joinHour, 0), ['spot'])
  const after = spanned(at(joinHour + 1, 0), endMs, all)
  t.same(
    after.map(({ flows }) => flows.count).filter((count) => count > 0),
    [1],
    'of the transfers then, the one to a wallet that nobody watches is a flow',
  )

  // What came in is what the futures were worth then, and that is no gain.
  const joining = stated.find(({ period_start }) => Date.parse(period_start) === at(joinHour, 0))!
  const worth = (wallets: readonly string[]): number => {
    const [before] = expectedHours(simulator.truth, {
      accountId: account.uid,
      wallets,
      fromMs: at(joinHour - 1, 0),
      toMs: at(joinHour, 0),
      anchorsMs,
      gaps: [],
    })
    return Number(before!.equityUsd)
  }
  const came = worth(['linear', 'inverse'])
  t.equal(joining.metadata.flows.count, 1)
  t.ok(
    Math.abs(joining.metadata.flows.net_usd / came - 1) < 0.05,
    `${joining.metadata.flows.net_usd} of ${came}`,
  )
  t.ok(Math.abs(joining.hourly_buckets[0]!.return_pct!) < 3, `${joining.hourly_buckets[0]!.return_pct}`)
  t.same(joining.metadata.coverage.unreconciled, [])
})
