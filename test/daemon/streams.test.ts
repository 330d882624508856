import { minuteMs, secondMs, utf8 } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { Streams, type StreamsOptions } from '../../src/daemon/collecting/streams.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { childrenOf, runningOf } from '../e2e/processes.ts'

const startMs = Date.UTC(2026, 0, 5, 12)

interface Stage {
  readonly simulator: Simulator
  readonly streams: Streams
  readonly clock: { atMs: number }
  readonly events: string[]
  readonly keys: Map<string, { readonly apiKey: string; readonly secret: string }>
  readonly meanMs: Map<string, number>
  readonly given: Uint8Array[]
  /** To that instant, with all that is due on the way. */
  moveTo(atMs: number): Promise<void>
  until(isTrue: () => boolean): Promise<void>
}

/** Real listeners before a simulated binance; the schedule and the store are the test's. */
async function stage(t: Test, options: Partial<StreamsOptions> = {}): Promise<Stage> {
  const accounts = ['a', 'b', 'c']
  const simulator = await startSimulator({
    exchange: 'binance',
    seed: 5,
    startMs,
    scenario: {
      accounts: accounts.map(() => ({
        opening: { USDT: '9000' },
        trader: null,
        events: [10, 20, 30, 40].map((minute) => ({
          kind: 'fill' as const,
          atMs: startMs + minute * minuteMs,
          symbol: 'ETH/USDT',
          side: 'buy' as const,
          quantity: '0.01',
        })),
      })),
    },
  })
  const clock = { atMs: startMs }
  const events: string[] = []
  const given: Uint8Array[] = []
  const keys = new Map(accounts.map((account, index) => [account, simulator.accounts[index]!]))
  const meanMs = new Map<string, number>()
  const streams = new Streams({
    clock: { nowMs: () => clock.atMs, frozen: true },
    exchanges: { binance: { base_url: simulator.url } },
    log: (_, event, fields) => events.push(`${event} ${fields['code'] ?? ''}`.trim()),
    accountsMax: 2,
    addresses: [],
    childUser: null,
    keysOf: async (account) => {
      const key = keys.get(account)
      if (key === undefined) return null
      const credentials = utf8(JSON.stringify({ api_key: key.apiKey, secret: key.secret }))
      given.push(credentials)
      return {
        source: { exchange: 'binance', sandbox: false, marketTypes: ['spot'], address: 0 },
        credentials,
      }
    },
    isClosed: () => false,
    meanMs: (account) => meanMs.get(account) ?? null,
    heard: (account, sinceMs) => events.push(`${account} ${sinceMs === null ? 'down' : 'up'}`),
    hint: (account) => events.push(`${account} hint`),
    ...options,
  })
  t.teardown(async () => {
    await streams.close()
    await simulator.close()
  })
  for (const account of accounts) {
    streams.watch(account, `session of ${account}`, { exchange: 'binance', sandbox: false })
  }
  return {
    simulator,
    streams,
    clock,
    events,
    keys,
    meanMs,
    given,
    async moveTo(atMs) {
      for (let nextMs = streams.nextMs(); nextMs <= atMs; nextMs = streams.nextMs()) {
        clock.atMs = Math.max(clock.atMs, nextMs)
        simulator.advanceTo(clock.atMs)
        await streams.tick()
      }
      clock.atMs = atMs
      simulator.advanceTo(atMs)
      await streams.tick()
    },
    async until(isTrue) {
      while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5))
    },
  }
}

t.test('the busiest are listened to, who was polled before, one after the other', async (t) => {
  const { streams, simulator, clock, events, meanMs, given, moveTo, until } = await stage(t)
  await streams.tick()
  t.same(events, [], 'nobody before his first poll')
  meanMs
    .set('a', 30 * minuteMs)
    .set('b', minuteMs)
    .set('c', 5 * minuteMs)
  await streams.tick()
  t.same(events, ['b up'])
  t.equal(streams.nextMs() - clock.atMs, 1_200, 'connections are opened at a pace')
  await moveTo(startMs + 2 * secondMs)
  t.same(events, ['b up', 'c up'])
  await moveTo(startMs + 5 * minuteMs)
  t.equal(simulator.streams.open, 2, 'no more than allowed')
  t.ok(
    given.every((bytes) => bytes.every((byte) => byte === 0)),
    'what was handed over is wiped',
  )
  await moveTo(startMs + 10 * minuteMs)
  // balances follow in messages of their own, which may be hints of their own
  await until(() => events.includes('b hint') && events.includes('c hint'))
  t.same(new Set(events.slice(2)), new Set(['b hint', 'c hint']))
  t.same(streams.hintsOf('b'), [{ wallet: 'spot', market: 'ETHUSDT' }])
  t.same(streams.hintsOf('a'), [])
  streams.answered('b', streams.hintsOf('b'))
  t.same(streams.hintsOf('b'), [])
  t.match(streams.stats(), { up: { binance: 2 }, opening: 0, listeners: 1, died: 0 })
  t.ok(streams.stats().hints >= 2)
})

t.test('who becomes much busier takes the place of the quietest', async (t) => {
  const { streams, events, meanMs, moveTo } = await stage(t)
  meanMs
    .set('a', 30 * minuteMs)
    .set('b', minuteMs)
    .set('c', 5 * minuteMs)
  await moveTo(startMs + 10 * secondMs)
  meanMs.set('a', 4 * minuteMs)
  await moveTo(startMs + 3 * minuteMs)
  t.same(events, ['b up', 'c up'], 'not for a little')
  meanMs.set('a', 2 * minuteMs)
  await moveTo(startMs + 6 * minuteMs)
  t.same(events, ['b up', 'c up', 'c down', 'a up'])
  t.match(streams.stats(), { up: { binance: 2 } })
})

t.test('a session’s end closes its stream at once, and its listener is replaced soon', async (t) => {
  const { streams, simulator, events, meanMs, moveTo, until } = await stage(t, { replaceAfterMs: 0 })
  meanMs.set('a', minuteMs).set('b', minuteMs)
  await moveTo(startMs + 10 * secondMs)
  t.same(events, ['a up', 'b up'])
  streams.unwatch('a')
  t.same(events, ['a up', 'b up', 'a down'])
  t.same(streams.hintsOf('a'), [])
  await until(() => simulator.streams.open === 1)
  await moveTo(startMs + 2 * minuteMs)
  t.same(events, ['a up', 'b up', 'a down', 'b down', 'b up'])
  t.match(streams.stats(), { replaced: 1, died: 0, listeners: 1 })
  streams.unwatch('b')
  streams.unwatch('c')
  await streams.tick()
  await until(() => streams.stats().listeners === 0)
  t.pass('where nobody is listened to there is no listener')
})

t.test('failures are tried again later and later, bans and refusals much later', async (t) => {
  const { streams, simulator, clock, events, keys, meanMs, moveTo } = await stage(t)
  const ended = (code: string): number => streams.stats().ended[code] ?? 0
  simulator.schedule({ kind: 'refuse', fromMs: startMs, toMs: startMs + 20 * minuteMs, path: '/ws-api' })
  meanMs.set('a', minuteMs)
  const tries: number[] = []
  while (clock.atMs < startMs + 20 * minuteMs) {
    const before = ended('STREAM_UNREACHABLE')
    await moveTo(clock.atMs + 5 * secondMs)
    if (ended('STREAM_UNREACHABLE') > before) tries.push(clock.atMs - startMs)
  }
  t.ok(
    tries.length >= 3 && tries.length <= 8,
    `tried after ${tries.map((each) => each / 1_000).join(', ')} s`,
  )
  const pauses = tries.slice(1).map((each, index) => each - tries[index]!)
  t.ok(pauses.at(-1)! > 2 * pauses[0]!)
  await moveTo(startMs + 60 * minuteMs)
  t.equal(
    events.findLast((event) => event !== 'a hint'),
    'a up',
  )

  simulator.schedule({ kind: 'ban', fromMs: clock.atMs, toMs: clock.atMs + 30 * minuteMs, path: '/ws-api' })
  meanMs.set('b', minuteMs).set('c', 2 * minuteMs)
  await moveTo(clock.atMs + 5 * secondMs)
  t.equal(ended('STREAM_RATE_LIMITED'), 1)
  await moveTo(clock.atMs + 29 * minuteMs)
  t.equal(ended('STREAM_RATE_LIMITED'), 1, 'nobody opens anything from an address that was sent away')

  keys.set('c', { apiKey: 'x'.repeat(64), secret: 'y'.repeat(64) })
  streams.unwatch('b')
  await moveTo(clock.atMs + 2 * minuteMs)
  t.equal(ended('STREAM_REFUSED'), 1)
  await moveTo(clock.atMs + 25 * minuteMs)
  t.equal(ended('STREAM_REFUSED'), 1, 'a key that is refused is not tried soon')
})

t.test('where polls were sent away nothing is opened, and what was being opened is given up', async (t) => {
  const { streams, simulator, clock, events, meanMs, moveTo, until } = await stage(t)
  simulator.schedule({ kind: 'hang', fromMs: startMs, toMs: startMs + minuteMs, path: '/ws-api', count: 1 })
  meanMs.set('a', minuteMs)
  const opening = streams.tick()
  // given up while it opens: who waited for it goes on
  await until(() => simulator.streams.waiting === 1)
  streams.hold('binance', 10 * minuteMs)
  await opening
  t.same(events, [])
  await moveTo(clock.atMs + 9 * minuteMs)
  t.same(events, [])
  t.equal(simulator.streams.opened, 0)
  await moveTo(clock.atMs + 2 * minuteMs)
  t.same(events, ['a up'])
})

t.test('a listener that dies takes its streams along, and another comes', async (t) => {
  const { streams, events, meanMs, moveTo, until } = await stage(t)
  meanMs.set('a', minuteMs)
  await moveTo(startMs + 10 * secondMs)
  const [listener] = runningOf(childrenOf(process.pid), 'listener')
  process.kill(listener!, 'SIGKILL')
  await until(() => events.includes('a down'))
  t.match(streams.stats(), { up: { binance: 0 }, listeners: 0, died: 1 })
  t.ok(events.some((event) => event.startsWith('listener-died')))
})

t.test('nobody is listened to where that is turned off, or where there is no such stream', async (t) => {
  const off = await stage(t, { accountsMax: 0 })
  off.meanMs.set('a', minuteMs)
  t.equal(off.streams.nextMs(), Number.POSITIVE_INFINITY)
  await off.streams.tick()
  const other = await stage(t)
  other.meanMs.set('d', minuteMs)
  other.streams.watch('d', 's', { exchange: 'coinbase', sandbox: false })
  await other.streams.tick()
  t.same([...off.events, ...other.events], [])
  t.match(off.streams.stats(), { listeners: 0 })
})
