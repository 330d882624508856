import t, { type Test } from 'tap'
import { hourOf, type Statement, verifyLink } from '@perf-agg/sdk'
import { SteppedClock } from '../../src/daemon/clock.ts'
import { hour, minute, start } from '../accounting/desk.ts'
import { FuturesDesk, btcLinear } from '../accounting/futures-desk.ts'
import { type Polled, startPolled, TwoWallets } from './polled.ts'

/** Whole chain sound, and what it states by hour. */
async function statedOf(t: Test, statements: readonly Statement[]) {
  for (const [index, statement] of statements.entries()) {
    const steps = await verifyLink(index === 0 ? null : statements[index - 1]!, statement)
    t.same(
      steps.filter(({ status }) => status !== 'affirming'),
      [],
    )
  }
  return statements
    .flatMap(({ hourly_buckets, metadata }) =>
      hourly_buckets.map((bucket, index) => ({
        hour: (Date.parse(bucket.t) - start) / hour,
        origin: metadata.exact.hourly_buckets[index]!.origin,
        returnPct: bucket.return_pct!,
        trades: bucket.trades,
      })),
    )
    .toSorted((a, b) => a.hour - b.hour)
}

async function run(polled: Polled, hours: number): Promise<void> {
  for (let at = polled.clock.nowMs() + 20 * minute; at <= start + (hours + 1 / 3) * hour; at += 20 * minute) {
    await polled.poll(at)
  }
}

/** To its end; each step after a start that knows nothing but what is on disk, where it is `killed`. */
async function readPast(polled: Polled, killed = false): Promise<number> {
  for (let steps = 1; steps < 2_000; steps += 1) {
    const restMs = await polled.past(killed)
    if (restMs === null) return steps
    polled.clock.moveTo(polled.clock.nowMs() + restMs)
  }
  throw new Error('it has no end')
}

const at = (minutes: number): number => start + minutes * minute

const flat = (): string => '50000'

/** A bitcoin's tenth, bought a day before the registration and still held half; a deposit; trades after it too. */
function traded(clock: SteppedClock, marks: (symbol: string, atMs: number) => string | null): TwoWallets {
  const desk = new FuturesDesk({ USDT: '10000' })
  const exchange = new TwoWallets(clock, desk, flat, marks)
  desk.fill(at(-23 * 60), btcLinear, 'buy', '100', '50000', { fee: '5' })
  desk.income(at(-22 * 60), 'funding', 'USDT', '-3')
  desk.pay('USDT', '2000')
  const flow = { id: 'd', flow: 'deposit', asset: 'USDT', amount: '2000', atMs: at(-21 * 60) } as const
  exchange.flows.push({ wallet: 'linear', flow: { ...flow, atEstimated: false } })
  desk.fill(at(-60), btcLinear, 'sell', '50', '60000')
  exchange.at(at(80), () => desk.fill(at(80), btcLinear, 'buy', '50', '60000', { fee: '6' }))
  exchange.at(at(150), () => desk.fill(at(150), btcLinear, 'sell', '100', '61200'))
  return exchange
}

const near = (got: number, want: number): boolean => Math.abs(got - want) < 1e-9

t.test('live hours wait for nothing of before; that comes in front, and is in no figure', async (t) => {
  const clock = new SteppedClock(start + 20 * minute)
  // Nobody has prices of most of the day before: a gap up to the first live hour, which may not carry its rise.
  const marks = (_symbol: string, atMs: number): string | null =>
    atMs < at(-20 * 60) ? '50000' : atMs < at(59) ? null : atMs < at(90) ? '60000' : '61200'
  const polled = await startPolled(t, clock, traded(clock, marks), { scope: ['linear'], days: 2 })
  const restMs = await polled.past()
  t.ok(hourOf(clock.nowMs() + restMs!) === at(60), 'the hour of the registration has to be over')
  await run(polled, 3)
  t.same(
    (await statedOf(t, await polled.statements())).map((each) => each.hour),
    [1, 2],
    'although nothing of the past was read',
  )
  await polled.past()
  t.equal((await polled.view()).coverage.backfilled, 0, 'nothing of it is stated yet')
  await readPast(polled)
  await run(polled, 5)
  const statements = await polled.statements()
  const stated = await statedOf(t, statements)
  const old = stated.filter(({ origin }) => origin === 'backfilled')
  t.same(
    old.map((each) => each.hour),
    [-23, -22, -21],
    'where there is a price, from the first thing that the exchange tells',
  )
  const live = stated.filter(({ origin }) => origin !== 'backfilled')
  // 11,992 and a thousand made before; 1,200 a coin on a tenth of one from the first live hour on
  t.same(
    live.map((each) => each.hour),
    [1, 2, 3, 4],
  )
  t.ok(near(live[0]!.returnPct, ((120 - 6) / 12992) * 100), `${live[0]!.returnPct}`)
  const first = statements.findLast(({ metadata }) => metadata.first_observed_at !== null)
  t.equal(first?.metadata.first_observed_at, new Date(at(60)).toISOString())
  const gaps = statements.flatMap(({ metadata }) => metadata.coverage.gaps)
  t.equal(gaps[0]?.from, new Date(at(-20 * 60)).toISOString(), 'none before the first hour')
  t.equal(gaps.at(-1)?.to, new Date(at(60)).toISOString())
  const { portfolio, coverage, totals, hours } = await polled.view()
  t.ok(near(portfolio.values['twr_pct']!, (114 / 12992) * 100))
  t.equal(portfolio.reasons['max_drawdown_hourly_pct'], undefined, 'a gap of before hides nothing of it')
  t.same([coverage.backfilled, coverage.hoursExpected, coverage.gaps.length > 0], [3, 4, true])
  t.equal(
    totals.trades,
    stated.reduce((sum, { trades }) => sum + trades, 0),
    'its hours are in the sums of hours',
  )
  t.same(
    hours.map(({ startMs }) => (startMs - start) / hour),
    [-23, -22, -21, 1, 2, 3, 4],
  )
})

t.test('a start in the middle goes on where the one before stopped', async (t) => {
  const marks = (_symbol: string, atMs: number): string => (atMs < at(90) ? '50000' : '61200')
  const told = async (killed: boolean) => {
    const clock = new SteppedClock(start + 20 * minute)
    const exchange = traded(clock, marks)
    const polled = await startPolled(t, clock, exchange, { scope: ['linear'], days: 9 })
    exchange.futures.fill(at(-7 * 24 * 60), btcLinear, 'buy', '10', '50000', { fee: '1' })
    exchange.futures.fill(at(-7 * 24 * 60 + 61), btcLinear, 'sell', '10', '50000', { fee: '1' })
    await run(polled, 2)
    const steps = await readPast(polled, killed)
    t.ok(steps > 7, 'a day a step')
    const asked = exchange.asked.filter(({ background }) => background === true)
    t.equal(asked.length, 1, 'what was read is not read again')
    return statedOf(t, await polled.statements())
  }
  const whole = await told(false)
  t.equal(whole.filter(({ origin }) => origin === 'backfilled').length, 7 * 24 + 1)
  t.same(await told(true), whole)
})

t.test('of an account of which nothing is told nothing of before is stated', async (t) => {
  const clock = new SteppedClock(start + 20 * minute)
  const exchange = new TwoWallets(clock, new FuturesDesk({ USDT: '10000' }), flat, flat)
  const polled = await startPolled(t, clock, exchange, { scope: ['linear'], days: 730 })
  await run(polled, 3)
  await readPast(polled)
  t.same(
    (await statedOf(t, await polled.statements())).map((each) => each.hour),
    [1, 2],
  )
  t.equal((await polled.view()).coverage.backfilled, 0)
})

t.test('what fails is tried again, and what is lost makes no gap of before', async (t) => {
  const clock = new SteppedClock(start + 20 * minute)
  const exchange = traded(clock, flat)
  const polled = await startPolled(t, clock, exchange, { scope: ['linear'], days: 9 })
  await run(polled, 2)
  exchange.fails = () => 'EXCHANGE_UNREACHABLE'
  t.equal(await polled.past(), 300_000)
  exchange.fails = () => null
  exchange.lostAt = () => ({ fromMs: at(-9 * 24 * 60), toMs: at(-21 * 60 - 30) })
  await readPast(polled)
  const stated = await statedOf(t, await polled.statements())
  t.equal(stated[0]?.hour, -21, 'the first whole hour behind it')
  t.same(
    (await polled.statements()).flatMap(({ metadata }) => metadata.coverage.gaps),
    [],
  )
})

t.test('a wallet that joins before anything of the past is stated is in all of it', async (t) => {
  const clock = new SteppedClock(start + 20 * minute)
  const exchange = traded(clock, flat)
  exchange.pay('USDT', '5000')
  const polled = await startPolled(t, clock, exchange, {
    scope: ['spot'],
    wallets: ['spot', 'linear'],
    days: 2,
  })
  await run(polled, 2)
  await readPast(polled)
  const stated = await statedOf(t, await polled.statements())
  t.equal(stated.filter(({ origin }) => origin === 'backfilled').length, 24)
  const asked = exchange.asked.filter(({ background }) => background === true)
  t.same(asked.at(-1)?.source.marketTypes, ['spot', 'linear'])
})
