import { hourMs, minuteMs, secondMs } from '@perf-agg/sdk'
import t from 'tap'
import type { Scenario } from '../../src/simulator/scenario.ts'
import { compare } from './answer/compare.ts'
import { expectedHours } from './answer/hours.ts'
import { streamFaults, type Watched, watch } from './streamed.ts'

t.setTimeout(1_500_000)

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
    const watched = await watch(t, { startMs, scenario, streams, patient: true })
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
