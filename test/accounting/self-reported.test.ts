import fc from 'fast-check'
import t from 'tap'
import { add, compare, hourOf, toText, zero } from '@perf-agg/sdk'
import { SelfReported } from '../../src/accounting/self-reported/self-reported.ts'
import type { ReportedTrade } from '../../src/accounting/self-reported/self-reported.ts'
import { hour, minute, start } from './desk.ts'

const open = (): SelfReported =>
  SelfReported.open({ openedAtMs: start + 20 * minute, graceMs: 90_000, correctionWindowMs: 8 * 24 * hour })

const trade = (over: Partial<ReportedTrade> = {}): ReportedTrade => ({
  symbol: 'BTCUSDT',
  side: 'buy',
  price: '50000',
  size: '0.1',
  fee: '1.5',
  atMs: start + 30 * minute,
  id: null,
  ...over,
})

t.test('an hour is stated when it is over and quiet, on the capital in use', (t) => {
  const account = open()
  account.takeTrade(trade(), start + 30 * minute)
  account.takeTrade(trade({ side: 'sell', price: '51000', atMs: start + 50 * minute }), start + hour + 60_000)
  t.equal(account.nextDueMs(), start + hour + 150_000)
  t.same(account.close(start + hour + 149_999).hours, [])
  const { hours } = account.close(start + hour + 150_000)
  t.equal(hours.length, 1)
  t.equal(hours[0]!.startMs, start)
  t.equal(hours[0]!.trades, 2)
  t.equal(toText(hours[0]!.volumeQuoteUsd), '10100')
  t.equal(toText(hours[0]!.feesUsd), '3')
  // 5,000 of cost and 1.5 lost when it was highest; 100 − 3 made.
  t.equal(hours[0]!.returnPct, (97 / 5001.5) * 100)
  t.equal(toText(account.view(0).symbols[0]!.realizedPnlUsd), '100')
  t.end()
})

t.test('trades that drip in hold an hour up for a quarter of an hour at most', (t) => {
  const account = open()
  account.takeTrade(trade(), start + 30 * minute)
  for (let at = 0; at < 15; at += 1) account.takeTrade(trade(), start + hour + at * minute)
  t.equal(account.nextDueMs(), start + hour + 15 * minute)
  t.end()
})

t.test('at the end all that is over is stated, at whatever minute of an hour', (t) => {
  for (const late of [1, 50, 59.9]) {
    const account = open()
    const endMs = start + hour + late * minute
    account.takeTrade(trade(), endMs)
    account.takeTrade(trade({ atMs: start + hour }), endMs)
    t.same(account.close(endMs).hours, [], 'it waits for more')
    const { hours } = account.settle(endMs)
    t.same(
      hours.map(({ startMs, trades }) => [startMs, trades]),
      [[start, 1]],
      'nothing comes any more; the hour that runs is not over',
    )
    account.takeTrade(trade({ size: '0.2' }), endMs)
    t.same(account.close(endMs).corrections, [])
    t.equal(account.settle(endMs).corrections.length, 1, 'nor is what came late left out')
    t.same(account.settle(endMs), { hours: [], gaps: [], corrections: [] })
  }
  t.end()
})

t.test('without any trade there is no return, and nothing stands in for it', (t) => {
  const { hours } = open().close(start + 3 * hour + 90_000)
  t.same(
    hours.map(({ returnPct, returnReason }) => [returnPct, returnReason]),
    Array.from({ length: 3 }, () => [null, 'no_trades_yet']),
  )
  t.end()
})

t.test('trades of a day long past make an hour of their own, backfilled', (t) => {
  const account = open()
  const atMs = 1_640_995_200_000
  account.takeTrade(trade({ atMs }), start + 25 * minute)
  const { hours } = account.close(start + 25 * minute + 90_000)
  t.same(
    hours.map(({ startMs, origin, trades }) => [startMs, origin, trades]),
    [[hourOf(atMs), 'backfilled', 1]],
  )
  t.equal(
    account.close(start + hour + 90_000).hours[0]!.startMs,
    start,
    'then the hours of the session, no others',
  )
  t.end()
})

t.test('a late trade is one correction of every hour that it moves', (t) => {
  const account = open()
  account.takeTrade(trade({ fee: '0' }), start + 30 * minute)
  account.takeTrade(
    trade({ side: 'sell', price: '51000', fee: '0', atMs: start + 90 * minute }),
    start + 90 * minute,
  )
  t.equal(account.close(start + 3 * hour + 90_000).hours.length, 3)
  account.takeTrade(trade({ price: '52000', fee: '0', atMs: start + 40 * minute, id: 'x' }), start + 4 * hour)
  t.same(account.close(start + 4 * hour).corrections, [])
  const { corrections } = account.close(start + 4 * hour + 90_000)
  t.equal(corrections.length, 1)
  t.same(corrections[0]!.records, ['x'])
  t.same(
    corrections[0]!.hours.map(({ startMs, trades }) => [startMs, trades]),
    [
      [start, 2],
      [start + hour, 1],
    ],
  )
  // 10,200 of cost; marked at 52,000 it had made 200.
  t.equal(corrections[0]!.hours[0]!.returnPct, (200 / 10200) * 100)
  t.end()
})

t.test('takes a trade of one id once, and refuses what is none', (t) => {
  const account = open()
  t.equal(account.takeTrade(trade({ id: 'a' }), start + hour), true)
  t.equal(account.takeTrade(trade({ id: 'a' }), start + hour), false)
  for (const price of ['NaN', '-1', '0', '1e99', '', ' 1', '0x10']) {
    t.throws(() => account.takeTrade(trade({ price }), start + hour), { code: 'TRADE_INVALID' })
  }
  t.throws(() => account.takeTrade(trade({ atMs: start + 2 * hour }), start + hour), {
    code: 'TRADE_IN_FUTURE',
  })
  t.throws(() => account.takeTrade(trade({ atMs: 0 }), start + hour), { code: 'TRADE_INVALID' })
  t.end()
})

t.test('whatever the order of arrival: the same hours, Σ hours = totals, the same snapshot', (t) => {
  const trades = fc.array(
    fc.record({
      side: fc.constantFrom('buy' as const, 'sell' as const),
      symbol: fc.constantFrom('BTCUSDT', 'ETHUSDT'),
      price: fc.integer({ min: 1, max: 100_000 }).map(String),
      size: fc.integer({ min: 1, max: 1_000_000 }).map((n) => `0.${String(n).padStart(8, '0')}`),
      fee: fc.integer({ min: -5, max: 50 }).map((n) => String(n / 10)),
      atMs: fc.integer({ min: start + 20 * minute, max: start + 10 * hour - 1 }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  fc.assert(
    fc.property(trades, fc.nat(), (made, seed) => {
      const named = made.map((one, index) =>
        trade({ ...one, atMs: one.atMs * 1 + (index % 2), id: `t${index}` }),
      )
      const unique = [...new Map(named.map((one) => [one.atMs, one])).values()]
      const ordered = unique.toSorted((a, b) => a.atMs - b.atMs)
      const shuffled = unique.toSorted(
        (a, b) => ((a.atMs * 7919 + seed) % 1009) - ((b.atMs * 7919 + seed) % 1009),
      )
      const one = open()
      for (const each of ordered) one.takeTrade(each, start + 10 * hour)
      one.close(start + 11 * hour)
      let other = open()
      for (const [index, each] of shuffled.entries()) {
        other.takeTrade(each, start + 10 * hour + index * minute)
        if (index % 3 === 0) other.close(start + 10 * hour + index * minute)
        const bytes = other.snapshot()
        other = SelfReported.restore(bytes)
        t.same(other.snapshot(), bytes)
      }
      other.close(start + 20 * hour)
      const a = one.view(0)
      const b = other.view(0)
      const pick = (view: typeof a) =>
        view.hours
          .slice(0, 10)
          .map((each) => [each.startMs, each.returnPct, each.trades, toText(each.volumeQuoteUsd)])
      t.same(pick(b), pick(a))
      for (const view of [a, b]) {
        const fees = view.hours.reduce((sum, each) => add(sum, each.feesUsd), zero)
        t.equal(compare(fees, view.totals.feesUsd), 0)
        t.equal(
          view.hours.reduce((sum, each) => sum + each.trades, 0),
          view.totals.trades,
        )
        t.equal(
          view.symbols.reduce((sum, each) => sum + each.trades, 0),
          view.totals.trades,
        )
      }
    }),
    { numRuns: 40 },
  )
  t.end()
})
