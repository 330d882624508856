import { hourMs, minuteMs, newSigningKey, PerfAggClient, secondMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import type { Faults } from '../../src/simulator/faults.ts'
import type { Scenario } from '../../src/simulator/scenario.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { compare } from './answer/compare.ts'
import { expectedHours } from './answer/hours.ts'
import { type Backend, type Composed, startBackend, startComposed } from './enclave.ts'

t.setTimeout(600_000)

interface Watched {
  readonly simulator: Simulator
  readonly backend: Backend
  readonly composed: Composed
  /** The counts that the operator sees. */
  counts(): Promise<Readonly<Record<string, number>>>
  /** In small steps, with every event heard before the next. */
  stepTo(untilMs: number, between?: () => Promise<void>): Promise<void>
}

/** A whole enclave that watches one account of a simulated binance. */
async function watch(
  t: Test,
  options: {
    readonly startMs: number
    readonly scenario: Scenario
    readonly faults?: Faults
    readonly streams: boolean
    readonly marketTypes?: readonly ('spot' | 'linear' | 'inverse')[]
  },
): Promise<Watched> {
  const { startMs, scenario, faults = [], streams } = options
  const backend = await startBackend()
  const simulator = await startSimulator({ exchange: 'binance', seed: 77, startMs, scenario, faults })
  const composed = await startComposed({
    startMs,
    exchangeUrl: simulator.url,
    backendUrl: backend.url,
    pauseMs: 30 * secondMs,
    pauseMsMax: 5 * minuteMs,
    streams,
  })
  t.teardown(async () => {
    await composed.close()
    await Promise.all([backend.close(), simulator.close()])
  })
  const { daemon, clock } = composed
  const account = simulator.accounts[0]!
  const client = new PerfAggClient({ serviceUrl: daemon.urls.enclave, nowMs: () => clock.nowMs() })
  await client.register({
    clientId: 'trader',
    exchange: 'binance',
    credentials: { api_key: account.apiKey, secret: account.secret },
    clientKey: await newSigningKey(),
    insecureSimulated: true,
    ttlSeconds: 86_400,
    ...(options.marketTypes === undefined ? {} : { marketTypes: options.marketTypes }),
  })
  const counts = async (): Promise<Readonly<Record<string, number>>> => {
    const text = await (await fetch(`${daemon.urls.operations}/metrics`)).text()
    return Object.fromEntries(
      [...text.matchAll(/^perf_agg_(\w+)(\{[^}]*\})? (\S+)$/gm)].map(([, name, labels = '', value]) => [
        `${name}${labels}`,
        Number(value),
      ]),
    )
  }
  let told = 0
  let hints = 0
  /** Until what was told is heard. What orders only lock is told and is no hint: that is not waited for long. */
  const hear = async (): Promise<void> => {
    if (simulator.streams.told === told) return
    told = simulator.streams.told
    for (let tries = 0; tries < 50; tries += 1) {
      const now = (await counts())['stream_hints_total'] ?? 0
      if (now > hints) {
        hints = now
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  return {
    simulator,
    backend,
    composed,
    counts,
    async stepTo(untilMs, between = async () => {}) {
      for (;;) {
        const nextMs = Math.max(Math.ceil(await daemon.nextMs()), clock.nowMs() + secondMs)
        const atMs = Math.min(nextMs, clock.nowMs() + stepMs, untilMs)
        simulator.advanceTo(atMs)
        clock.moveTo(atMs)
        await hear()
        await daemon.runDue()
        await between()
        if (atMs >= untilMs) return
      }
    },
  }
}

/** An event is heard so much later than it happened, at the most. */
const stepMs = 20 * secondMs

const weightOf = ({ simulator }: Watched, path: string): number => simulator.spent.get(path) ?? 0

t.test('a round trip that no balance points to is found by its hint, for a part of the weight', async (t) => {
  const startMs = Date.UTC(2026, 2, 1, 6, 50)
  const tradedAtMs = startMs + 37 * minuteMs
  const scenario: Scenario = {
    accounts: [
      {
        opening: { USDT: '20000' },
        trader: null,
        events: [
          { kind: 'fill', atMs: tradedAtMs, symbol: 'PROM/USDT', side: 'buy', quantity: '40' },
          { kind: 'fill', atMs: tradedAtMs + 12_000, symbol: 'PROM/USDT', side: 'sell', quantity: '39.96' },
        ],
      },
    ],
  }
  const found: Record<string, { weight: number; seconds: number }> = {}
  for (const streams of [true, false]) {
    const watched = await watch(t, { startMs, scenario, streams })
    await watched.stepTo(tradedAtMs - secondMs)
    t.equal((await watched.counts())['streams_up{place="binance"}'] ?? 0, streams ? 1 : 0)
    const before = weightOf(watched, '/api/v3/myTrades')
    let seconds = 0
    await watched.stepTo(tradedAtMs + 12 * minuteMs, async () => {
      if (seconds === 0 && weightOf(watched, '/api/v3/myTrades') > before) {
        seconds = (watched.composed.clock.nowMs() - tradedAtMs) / secondMs
      }
    })
    const weight = weightOf(watched, '/api/v3/myTrades') - before
    found[streams ? 'hint' : 'search'] = { weight, seconds }
    await watched.stepTo(startMs + 75 * minuteMs)
    const hours = watched.backend.statements.flatMap((each) => each.hourly_buckets)
    t.ok(
      hours.some(({ trades }) => trades === 2),
      'both fills are in the statement',
    )
  }
  const { hint, search } = found
  t.comment(`by the hint ${hint?.weight} weight after ${hint?.seconds} s`)
  t.comment(`by search ${search?.weight} weight after ${search?.seconds} s`)
  t.ok(hint!.weight * 4 <= search!.weight, 'a quarter of the weight at the most')
  t.ok(hint!.seconds < search!.seconds, 'and sooner')
})

/** Hours of everything that can go wrong with a stream, one after the other. */
function streamFaults(startMs: number): Faults {
  const during = (hour: number) => ({ fromMs: startMs + hour * hourMs, toMs: startMs + (hour + 1) * hourMs })
  return [
    { kind: 'stream-cut', ...during(1) },
    { kind: 'stream-lose', ...during(3) },
    { kind: 'stream-twice', ...during(4) },
    { kind: 'stream-delay', delayMs: 7 * minuteMs, ...during(5) },
    { kind: 'stream-lie', ...during(6) },
    { kind: 'refuse', ...during(7), toMs: startMs + 7.2 * hourMs },
    { kind: 'rate-limit', ...during(8), toMs: startMs + 8.1 * hourMs, retryAfterS: 60 },
  ]
}

t.test('streams that are cut, late, silent, doubled or lying: every bucket is right', async (t) => {
  const startMs = Date.UTC(2026, 2, 1, 6, 50)
  const hours = 10
  const scenario: Scenario = {
    accounts: [
      {
        opening: { USDT: '20000', BTC: '0.1', BNB: '1' },
        trader: { ordersPerDay: 200, roundTripShare: 0.3 },
        events: [
          { kind: 'deposit', atMs: startMs + 2.4 * hourMs, asset: 'USDT', amount: '700' },
          { kind: 'convert', atMs: startMs + 4.4 * hourMs, from: 'USDT', to: 'FDUSD', amount: '150' },
          { kind: 'withdrawal', atMs: startMs + 6.5 * hourMs, asset: 'USDT', amount: '90', fee: '1' },
        ],
      },
    ],
  }
  const watched = await watch(t, { startMs, scenario, faults: streamFaults(startMs), streams: true })
  const { simulator, backend, composed } = watched
  await watched.stepTo(startMs + hours * hourMs)
  const counts = await watched.counts()
  t.equal(counts['streams_up{place="binance"}'], 1, 'it is up again')
  t.ok(simulator.streams.opened >= 2, 'after it was cut')
  t.ok((counts['stream_ended_total{code="STREAM_CLOSED"}'] ?? 0) >= 1)
  const heard = `${counts['stream_hints_total']} hints of ${simulator.streams.told} events`
  const hoursStated = backend.statements
    .filter(({ metadata }) => metadata.type === 'period')
    .flatMap((each) => each.hourly_buckets)
  const expected = expectedHours(simulator.truth, {
    accountId: simulator.accounts[0]!.uid,
    fromMs: Date.parse(hoursStated[0]!.t),
    toMs: Date.parse(hoursStated.at(-1)!.t) + hourMs,
    anchorsMs: composed.anchorsMs,
    gaps: [],
  })
  const mismatches = compare(expected, backend.statements)
  const trades = hoursStated.reduce((sum, each) => sum + each.trades, 0)
  t.comment(
    `${heard}; ${expected.length} hours with ${trades} fills compared, ${mismatches.length} mismatches`,
  )
  t.comment(`troubles: ${JSON.stringify(Object.fromEntries(composed.troubles))}`)
  t.same(mismatches.slice(0, 20), [])
  t.ok(expected.length >= hours - 2)
  t.ok(trades > 50)
})
