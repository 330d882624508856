import { hourMs, minuteMs, newSigningKey, PerfAggClient } from '@perf-agg/sdk'
import t from 'tap'
import { stepUntil } from '../../src/daemon/stepping.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { expectedHours } from './answer/hours.ts'
import { startBackend, startComposed } from './enclave.ts'

const startMs = Date.UTC(2026, 2, 1, 7, 20)
const hours = 20
const at = (hour: number, minute: number): number =>
  startMs - 20 * minuteMs + hour * hourMs + minute * minuteMs

t.setTimeout(1_500_000)

t.test("a client's two accounts as one: weighted by value, what moves between them is no flow", async (t) => {
  const backend = await startBackend()
  const trader = { ordersPerDay: 60, symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'] }
  const simulator = await startSimulator({
    exchange: 'binance',
    seed: 20260701,
    startMs,
    scenario: {
      accounts: [
        {
          opening: { USDT: '10000', BTC: '0.2' },
          trader,
          events: [{ kind: 'withdrawal', atMs: at(6, 31), asset: 'USDT', amount: '4000', fee: '4' }],
        },
        {
          opening: { USDT: '2500', ETH: '1' },
          trader,
          events: [
            { kind: 'deposit', atMs: at(7, 12), asset: 'USDT', amount: '4000' },
            { kind: 'deposit', atMs: at(12, 0), asset: 'USDT', amount: '1000' },
          ],
        },
        { opening: { USDT: '500' }, trader },
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
  const [clientKey, strangers] = await Promise.all([newSigningKey(), newSigningKey()])
  const register = (index: number, key: typeof clientKey) =>
    client.register({
      clientId: 'trader',
      exchange: 'binance',
      credentials: {
        api_key: simulator.accounts[index]!.apiKey,
        secret: simulator.accounts[index]!.secret,
      },
      clientKey: key,
      insecureSimulated: true,
    })
  const one = await register(0, clientKey)
  t.equal((await client.metrics(one.access)).composite, null, 'one account is no composite')
  const two = await register(1, clientKey)
  const other = await register(2, strangers)
  await stepUntil(daemon, clock, startMs + hours * hourMs, (atMs) => simulator.advanceTo(atMs))

  const [first, second, third] = await Promise.all(
    [one, two, other].map(({ access }) => client.metrics(access)),
  )
  const { composite } = first!
  if (composite === null) return t.fail('there is a composite')
  t.same(second!.composite, composite, 'whoever of the two asks')
  t.equal(third!.composite, null, 'and no stranger')
  t.same(
    composite.accounts.map(({ account }) => account),
    [one.receipt.account, two.receipt.account].toSorted(),
  )
  t.ok(Math.abs(composite.accounts.reduce((sum, { weight_pct }) => sum + weight_pct!, 0) - 100) < 1e-9)
  t.equal(composite.hourly_buckets.length, first!.hourly_buckets.length)

  // From 08:00, where its first hour begins, to the end of the day: the closes of the minutes before.
  const closeAt = async (atMs: number): Promise<number> => {
    const query = `symbol=BTCUSDT&interval=1m&startTime=${atMs - minuteMs}&limit=1`
    const rows = (await (await fetch(`${simulator.url}/api/v3/klines?${query}`)).json()) as string[][]
    return Number(rows[0]![4])
  }
  const midnightMs = Date.UTC(2026, 2, 2)
  const risen = (await closeAt(midnightMs)) / (await closeAt(at(1, 0)))
  for (const view of [
    await client.metrics(one.access, { benchmark: 'BTC/USDT' }),
    await client.summary(
      { viewId: two.receipt.view_id, signingKey: two.access.signingKey },
      { benchmark: 'BTC/USDT' },
    ),
  ]) {
    t.equal(view.benchmark!.figures['days'], 1)
    t.ok(Math.abs(view.benchmark!.figures['benchmark_twr_pct']! - (risen - 1) * 100) < 1e-9)
    t.same([view.benchmark!.figures['beta'], view.benchmark!.reasons['beta']], [null, 'too_few_returns'])
  }
  const unknown = (await client.metrics(one.access, { benchmark: 'ETH/USDT' })).benchmark!
  t.same([unknown.figures['beta'], unknown.reasons['beta']], [null, 'not_collected'])
  t.equal(first!.benchmark, null)

  // From the truth of both: the worth of all of it at each hour's ends, and in between for what came from outside.
  const fromMs = Date.parse(composite.hourly_buckets[0]!.t)
  const toMs = fromMs + composite.hourly_buckets.length * hourMs
  const answers = simulator.accounts.slice(0, 2).map(({ uid }) =>
    expectedHours(simulator.truth, {
      accountId: uid,
      fromMs,
      toMs,
      anchorsMs: [...new Set(composed.anchorsMs)].toSorted((a, b) => a - b),
      gaps: [],
    }),
  )
  const worth = (index: number): number =>
    answers.reduce((sum, rows) => sum + Number(rows[index]!.equityUsd), 0)
  let compared = 0
  for (const [index, bucket] of composite.hourly_buckets.entries()) {
    t.equal(bucket.trades, answers[0]![index]!.trades + answers[1]![index]!.trades)
    if (index === 0) continue
    const hour = (fromMs + index * hourMs - at(0, 0)) / hourMs
    // On its way at the turn of the hour: 4,000 are in neither account and in both of them as one; the network's 4 are lost.
    const [outside, inside] = [hour === 7 ? 4000 : 0, hour === 6 ? 4000 : 0]
    const deposit = hour === 12 ? 1000 : 0
    const expected = ((worth(index) + inside - deposit) / (worth(index - 1) + outside) - 1) * 100
    t.ok(
      Math.abs(bucket.return_pct! - expected) < (deposit > 0 ? 0.1 : 1e-9),
      `hour ${hour}: ${bucket.return_pct} is ${expected}`,
    )
    compared += 1
  }
  t.ok(compared > 16, `${compared} hours`)
  const twr = composite.hourly_buckets.reduce((growth, { return_pct }) => growth * (1 + return_pct! / 100), 1)
  t.ok(Math.abs(composite.portfolio['twr_pct']! - (twr - 1) * 100) < 1e-9)
})
