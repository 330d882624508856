import { hourMs, minuteMs, newSigningKey, PerfAggClient, type Statement } from '@perf-agg/sdk'
import t from 'tap'
import { stepUntil } from '../../src/daemon/stepping.ts'
import type { PlannedEvent } from '../../src/simulator/scenario.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { compare } from './answer/compare.ts'
import { expectedHours } from './answer/hours.ts'
import { startBackend, startComposed } from './enclave.ts'
import { type Meddling, Meddler } from './meddler.ts'

/** An exchange that answers with what can't be: its hours wait or become gaps, and never a number of its making. */

const startMs = Date.UTC(2026, 4, 4, 6, 20)
const hours = 48
const events: PlannedEvent[] = Array.from({ length: hours }, (_, hour) => ({
  kind: 'fill',
  atMs: startMs + hour * hourMs + 20 * minuteMs,
  symbol: 'BTC/USDT',
  side: hour % 2 === 0 ? 'buy' : 'sell',
  quantity: '0.01',
}))

type Row = Record<string, unknown>
const trades = (change: (row: Row) => Row) => (path: string, sound: string) =>
  path === '/api/v3/myTrades' ? { body: JSON.stringify((JSON.parse(sound) as Row[]).map(change)) } : null
const tradesAs = (body: Meddling) => (path: string) => (path === '/api/v3/myTrades' ? body : null)
const member = (name: string, value: unknown) => trades((row) => ({ ...row, [name]: value }))
const rawNumber = (value: string) => (path: string, sound: string) =>
  path === '/api/v3/myTrades' ? { body: sound.replaceAll(/"qty":"[^"]*"/g, `"qty":${value}`) } : null
const balances = (free: string) => (path: string, sound: string) => {
  if (path !== '/api/v3/account') return null
  const account = JSON.parse(sound) as Row & { balances: Row[] }
  return {
    body: JSON.stringify({ ...account, balances: account.balances.map((each) => ({ ...each, free })) }),
  }
}
const candles = (place: number, value: unknown) => (path: string, sound: string) => {
  if (path !== '/api/v3/klines') return null
  const rows = JSON.parse(sound) as unknown[][]
  return { body: JSON.stringify(rows.map((row) => row.with(place, value))) }
}
const html = { headers: { 'content-type': 'text/html' }, body: '<html><h1>Maintenance</h1></html>' }

const hostilities: Record<string, (path: string, sound: string) => Meddling | null> = {
  'a quantity that is no number': member('qty', 'NaN'),
  'a negative quantity': member('qty', '-0.01'),
  'a quantity without end': member('qty', '1e999'),
  'a number without end': rawNumber('1e999'),
  'a bare NaN': rawNumber('NaN'),
  'a price of nothing': member('price', '0'),
  'the year 5138': member('time', 1e14),
  'a time in text': member('time', '2026-05-04'),
  'a fee in an asset that is none': member('commissionAsset', '\u0000\u001b[2J'),
  HTML: tradesAs(html),
  'half an answer': (path, sound) =>
    path === '/api/v3/myTrades' ? { body: sound.slice(0, sound.length / 2) } : null,
  'an empty answer': tradesAs({ body: '' }),
  'an answer of 34 MB': tradesAs({ body: Buffer.alloc(34_000_000, ' ') }),
  'an answer without bottom': tradesAs({ body: '['.repeat(100_000) }),
  'a redirect': tradesAs({ status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '' }),
  'an object where a list belongs': tradesAs({ body: '{"rows":[]}' }),
  'negative balances': balances('-5'),
  'balances that are no numbers': balances('Infinity'),
  'a candle of nothing': candles(4, '0.00000000'),
  'a candle that is no number': candles(4, 'NaN'),
  'a candle of the year 5138': candles(0, 1e14),
}

t.test('what can not be is stated by nobody', { timeout: 900_000 }, async (t) => {
  const backend = await startBackend()
  const simulator = await startSimulator({
    exchange: 'binance',
    seed: 3,
    startMs,
    scenario: { accounts: [{ opening: { USDT: '10000', BTC: '0.2' }, trader: null, events }] },
  })
  const meddler = await Meddler.before(t, simulator.url)
  const composed = await startComposed({
    startMs,
    exchangeUrl: meddler.url,
    backendUrl: backend.url,
    pauseMs: hourMs,
  })
  t.teardown(async () => {
    await composed.close()
    await Promise.all([backend.close(), simulator.close()])
  })
  const { daemon, clock } = composed
  const client = new PerfAggClient({ serviceUrl: daemon.urls.enclave, nowMs: () => clock.nowMs() })
  const account = simulator.accounts[0]!
  const { access } = await client.register({
    clientId: 'trader',
    exchange: 'binance',
    credentials: { api_key: account.apiKey, secret: account.secret },
    config: { maxRetries: 1 },
    clientKey: await newSigningKey(),
    insecureSimulated: true,
    ttlSeconds: 7 * 86_400,
  })
  let nowMs = startMs
  const step = async (forMs: number): Promise<void> => {
    nowMs += forMs
    await stepUntil(daemon, clock, nowMs, (atMs) => simulator.advanceTo(atMs))
  }
  const statedHours = (): string[] =>
    backend.statements
      .filter(({ metadata }) => metadata.type === 'period')
      .flatMap((each) => each.hourly_buckets.map((bucket) => bucket.t))

  await step(2 * hourMs)
  const before = statedHours().length
  const { totals } = await client.metrics(access)
  t.ok(before > 0 && totals.trades > 0, 'while all is well hours are stated')
  for (const [what, rule] of Object.entries(hostilities)) {
    let met = 0
    meddler.rule = (path, sound) => {
      const meddling = rule(path, sound)
      met += meddling === null ? 0 : 1
      return meddling
    }
    await step(hourMs)
    t.ok(met > 0, `${what}: was met`)
    t.equal(statedHours().length, before, `${what}: nothing is stated`)
    t.same((await client.metrics(access)).totals, totals, `${what}: nothing is counted`)
  }
  meddler.soundly()
  await step(3 * hourMs)
  const gaps = (): Statement['metadata']['coverage']['gaps'] =>
    backend.statements.flatMap(({ metadata }) => [...metadata.coverage.gaps])
  t.same(gaps(), [], 'none of it is lost')
  t.comment(JSON.stringify(Object.fromEntries(composed.troubles)))

  const stated = statedHours()
  t.same(stated, [...new Set(stated)].toSorted(), 'every hour once, in order')
  const expected = expectedHours(simulator.truth, {
    accountId: account.uid,
    fromMs: Date.parse(stated[0]!),
    toMs: Date.parse(stated.at(-1)!) + hourMs,
    anchorsMs: composed.anchorsMs,
    gaps: [],
  })
  t.ok(expected.length > 20)
  t.same(compare(expected, backend.statements), [], 'and all of it is right')

  meddler.rule = tradesAs(html)
  await step(26 * hourMs)
  const [gap] = gaps()
  t.match(gap, { reason: /^[a-z-]+$/ }, 'what stays away for a day is a gap, with its reason')
  t.comment(JSON.stringify(gaps()))
})
