import t from 'tap'
import { toText } from '@perf-agg/sdk'
import { Desk, hour, minute, start } from './desk.ts'

const flat = (symbol: string): string =>
  ({ 'BTC/USDT': '50000', 'BNB/USDT': '300', 'ETH/USDT': '2000' })[symbol] ?? '1'

t.test('an hour in which only the price moved', (t) => {
  const desk = new Desk({
    opening: { USDT: '1000', BTC: '0.1' },
    // One dollar a minute from 50,000 on: 50,060 at the hour's end.
    prices: (_symbol, at) => String(50_000 + (at - start) / minute),
  })
  const { hours } = desk.run(start + 10_000, start + hour + 2 * minute, minute)
  t.equal(hours.length, 1)
  const [first] = hours
  t.equal(first!.startMs, start)
  t.equal(first!.origin, 'observed')
  t.equal(toText(first!.equityUsd!), '6006')
  // The close of the minute before each boundary: 50,000 and 50,060.
  t.equal(first!.returnPct, 0.1)
  t.same(first!.marks, {})
  t.end()
})

t.test('a buy, its fee in BNB, in the minute of its open', (t) => {
  const desk = new Desk({ opening: { USDT: '10000', BNB: '1' }, prices: flat })
  desk.fill(start + 5 * minute, 'buy', 'BTC/USDT', '0.1', '50000', { fees: [['BNB', '0.01']] })
  const { hours } = desk.run(start + 10_000, start + hour + 2 * minute, minute)
  const [first] = hours
  t.equal(first!.trades, 1)
  t.equal(toText(first!.volumeBase), '0.1')
  t.equal(toText(first!.volumeQuoteUsd), '5000')
  t.equal(toText(first!.feesUsd), '3')
  t.equal(first!.returnPct, (-3 / 10_300) * 100)
  t.same(first!.marks, {})
  t.end()
})

t.test('a deposit in mid-hour is a cut, not a gain', (t) => {
  const desk = new Desk({
    opening: { BTC: '1' },
    prices: (_symbol, at) => (at >= start + 30 * minute ? '110' : '100'),
  })
  desk.flow(start + 45 * minute, 'deposit', 'USDT', '890')
  const { hours } = desk.run(start + 10_000, start + 2 * hour + 2 * minute, minute)
  t.equal(hours.length, 2)
  t.ok(Math.abs(hours[0]!.returnPct! - 10) < 1e-12)
  t.equal(toText(hours[0]!.equityUsd!), '1000')
  t.same({ ...hours[0]!.flows, netUsd: toText(hours[0]!.flows.netUsd) }, { count: 1, netUsd: '890' })
  t.equal(hours[1]!.returnPct, 0)
  t.end()
})

t.test('a movement that is told again under another kind is one', (t) => {
  const desk = new Desk({ opening: { USDT: '100' }, prices: flat })
  const atMs = start + 20 * minute
  const id = desk.flow(atMs, 'transfer', 'USDT', '500')
  desk.run(start + 10_000, start + 30 * minute, minute)
  const again = (amount: string) => ({
    begunAtMs: start + 31 * minute,
    complete: false,
    fills: [],
    flows: [{ id, flow: 'deposit' as const, asset: 'USDT', amount, atMs, atEstimated: false }],
    conversions: [],
    incomes: [],
    anchor: null,
    unavailable: [],
    lost: null,
  })
  t.same(desk.account.take(again('500')), [])
  const { hours } = desk.run(start + 31 * minute, start + hour + 2 * minute, minute)
  t.same({ ...hours[0]!.flows, netUsd: toText(hours[0]!.flows.netUsd) }, { count: 1, netUsd: '500' })
  t.same([hours[0]!.returnPct, hours[0]!.marks], [0, {}])
  // another amount under the same number is another movement
  desk.account.take(again('7'))
  t.equal(desk.account.close(start + 2 * hour).corrections.length, 1)
  t.end()
})

t.test('a bonus is a flow: $500 on $100 is not +500 %', (t) => {
  const desk = new Desk({ opening: { USDT: '100' }, prices: flat })
  desk.flow(start + 20 * minute, 'reward', 'USDT', '500')
  const { hours } = desk.run(start + 10_000, start + hour + 2 * minute, minute)
  t.equal(hours[0]!.returnPct, 0)
  t.equal(toText(hours[0]!.equityUsd!), '600')
  t.end()
})

t.test('an unexplained gain is never gain', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.unexplained(start + 20 * minute, 'USDT', '500')
  const { hours } = desk.run(start + 10_000, start + hour + 2 * minute, minute)
  t.equal(hours[0]!.returnPct, 0)
  t.same(hours[0]!.marks.unreconciled, [{ asset: 'USDT', amount: '500', usd: '500' }])
  t.end()
})

t.test('an unexplained loss is a loss', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.unexplained(start + 20 * minute, 'USDT', '-250')
  const { hours } = desk.run(start + 10_000, start + hour + 2 * minute, minute)
  t.equal(hours[0]!.returnPct, -25)
  t.same(hours[0]!.marks.unreconciled, [{ asset: 'USDT', amount: '-250', usd: '-250' }])
  t.end()
})

t.test("one asset's residual never makes up for another's", (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  // A fill that no list shows: 0.01 BTC for 500.
  desk.unexplained(start + 20 * minute, 'USDT', '-500')
  desk.unexplained(start + 20 * minute, 'BTC', '0.01')
  const { hours } = desk.run(start + 10_000, start + hour + 2 * minute, minute)
  // min(1000 / 1500, 500 / 1000) − 1
  t.equal(hours[0]!.returnPct, -50)
  t.end()
})

t.test('a fill that shows late is a correction of both hours that it moves', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  // Executed between a boundary and the first anchor after it, 10 % above the market, shown two hours later.
  const atMs = start + 2 * hour + 5_000
  const id = desk.fill(atMs, 'buy', 'BTC/USDT', '0.01', '55000', { shownFromMs: start + 4 * hour })
  const before = desk.run(start + 10_000, start + 3 * hour + 10 * minute + 10_000, 10 * minute)
  t.same(
    before.hours.map(({ trades, marks }) => [trades, marks.unreconciled?.length ?? 0]),
    [
      [0, 0],
      [0, 2],
      [0, 0],
    ],
  )
  // Without the fill, it looks as if BTC had come and USDT had gone before the boundary.
  t.ok(before.hours[1]!.returnPct! < -50)
  const after = desk.run(start + 4 * hour, start + 4 * hour + 2 * minute, minute)
  t.equal(after.corrections.length, 1)
  const [correction] = after.corrections
  t.equal(correction!.cause, 'explained')
  t.same(correction!.records, [id])
  t.same(
    correction!.hours.map(({ startMs, trades, returnPct, marks }) => [startMs, trades, returnPct, marks]),
    [
      [start + hour, 0, 0, {}],
      [start + 2 * hour, 1, -5, {}],
    ],
  )
  t.equal(desk.account.view(0).totals.trades, 1)
  t.equal(toText(desk.account.view(0).symbols[0]!.unrealizedPnlUsd), '-50')
  t.end()
})

t.test('no hour before a complete poll begun after its end and settling', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.poll(start + 10_000)
  desk.poll(start + hour + 20_000)
  t.equal(desk.close(start + hour + 40_000).hours.length, 0, 'begun before it had settled')
  desk.poll(start + hour + 41_000, { complete: false })
  t.equal(desk.close(start + hour + 42_000).hours.length, 0, 'not complete')
  desk.poll(start + hour + 45_000, { anchor: null })
  t.equal(desk.close(start + hour + 46_000).hours.length, 0, 'no balances')
  desk.poll(start + hour + 50_000)
  t.equal(desk.close(start + hour + 51_000).hours.length, 1)
  t.end()
})

t.test('origins: observed, recovered, backfilled', (t) => {
  const desk = new Desk({
    opening: { USDT: '1000' },
    prices: flat,
    account: { openedAtMs: start - 2 * hour, firstRegisteredAtMs: start },
  })
  desk.poll(start + 10 * minute)
  t.same(
    desk.close(start + 10 * minute).hours.map(({ origin }) => origin),
    ['backfilled', 'backfilled'],
  )
  desk.poll(start + 5 * hour)
  t.same(
    desk.close(start + 5 * hour).hours.map(({ origin }) => origin),
    ['recovered', 'recovered', 'observed', 'observed'],
  )
  t.end()
})

t.test('after 24 hours unseen hours are a gap, and the first hour after carries its loss', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  const seen = desk.run(start + 10_000, start + hour + 2 * minute, minute)
  t.equal(seen.hours.length, 1)
  desk.fill(start + 3 * hour, 'buy', 'BTC/USDT', '0.01', '75000')
  const gone = desk.close(start + 26 * hour)
  t.same(gone.gaps, [{ fromMs: start + hour, toMs: start + 2 * hour, reason: 'exchange-unreachable' }])
  t.equal(desk.close(start + 29 * hour).gaps.length, 1)
  desk.poll(start + 29 * hour + minute)
  const back = desk.close(start + 29 * hour + minute)
  t.equal(back.hours[0]!.startMs, start + 5 * hour)
  t.equal(back.hours[0]!.marks.approximate, true)
  t.equal(back.hours[0]!.returnPct, -25)
  t.equal(back.hours[0]!.origin, 'recovered')
  t.equal(back.hours.at(-1)!.startMs, start + 28 * hour)
  t.end()
})

t.test('lost history is a gap at once', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.run(start + 10_000, start + hour + 2 * minute, minute)
  desk.unexplained(start + 2 * hour, 'USDT', '-100')
  desk.poll(start + 6 * hour + minute, {
    lost: { fromMs: start + hour + 60_000, toMs: start + 4 * hour + 1 },
  })
  const closed = desk.close(start + 6 * hour + minute)
  t.same(closed.gaps, [{ fromMs: start + hour, toMs: start + 5 * hour, reason: 'history-lost' }])
  t.equal(closed.hours.length, 1)
  t.equal(closed.hours[0]!.returnPct, -10)
  t.end()
})

t.test('what comes late for a gap corrects the hour that carries it', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.run(start + 10_000, start + hour + 2 * minute, minute)
  // At half past one, in what becomes a gap from one to four: two thirds of the way from its end.
  const id = desk.flow(start + 90 * minute, 'withdrawal', 'USDT', '-500', start + 31 * hour)
  desk.close(start + 28 * hour)
  desk.poll(start + 28 * hour + minute)
  const back = desk.close(start + 28 * hour + minute)
  t.equal(back.hours[0]!.startMs, start + 4 * hour)
  t.equal(back.hours[0]!.returnPct, -50, 'unexplained, it is a loss')
  desk.poll(start + 31 * hour + minute)
  const { corrections } = desk.close(start + 31 * hour + minute)
  t.equal(corrections.length, 1)
  t.same(corrections[0]!.records, [id])
  t.same(
    corrections[0]!.hours.map(({ startMs, returnPct, marks }) => [startMs, returnPct, marks]),
    [[start + 4 * hour, 0, { approximate: true }]],
  )
  t.end()
})

t.test('polls of one frozen instant: the complete one counts', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.poll(start + 10_000)
  desk.poll(start + hour + minute, { complete: false })
  t.equal(desk.close(start + hour + minute).hours.length, 0)
  desk.poll(start + hour + minute)
  t.equal(desk.close(start + hour + minute).hours.length, 1)
  t.end()
})

t.test('while prices are missing an hour waits, and after a day it is a gap', (t) => {
  const desk = new Desk({ opening: { BTC: '1' }, prices: flat })
  desk.poll(start + 10_000)
  desk.poll(start + hour + minute)
  t.ok(desk.account.priceWants(start + hour + minute).length > 0)
  t.equal(desk.account.close(start + hour + minute).hours.length, 0)
  t.same(desk.account.close(start + 25 * hour).gaps, [
    { fromMs: start, toMs: start + hour, reason: 'prices-unavailable' },
  ])
  t.end()
})

t.test('wants are for hours that can be stated, and no wider than one answer', (t) => {
  const desk = new Desk({ opening: { BTC: '1', ETH: '1', USDT: '5' }, prices: flat })
  desk.poll(start + 10_000)
  t.same(desk.account.priceWants(start + 30 * minute), [])
  desk.poll(start + 5 * hour + minute)
  const wants = desk.account.priceWants(start + 5 * hour + minute)
  t.same(
    wants.map(({ symbol, fromMs, toMs }) => [symbol, (fromMs - start) / hour, (toMs - start) / hour]),
    [
      ['BTC/USDT', -1, 5],
      ['ETH/USDT', -1, 5],
    ],
  )
  t.end()
})

t.test('a flow is valued at the open of its minute, not at the close before', (t) => {
  const desk = new Desk({
    opening: { BTC: '1' },
    prices: (_symbol, at) => (at < start + 30 * minute ? '100' : '110'),
  })
  // The market jumps between two minutes.
  desk.closes = (_symbol, at) => (at < start + 30 * minute ? '100' : '110')
  desk.flow(start + 30 * minute + 20_000, 'deposit', 'BTC', '2')
  const { hours } = desk.run(start + 10_000, start + hour + 2 * minute, minute)
  t.equal(toText(hours[0]!.flows.netUsd), '220')
  t.ok(Math.abs(hours[0]!.returnPct! - 10) < 1e-12)
  t.end()
})

t.test('a residual stands in the sub-period in which it came', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.flow(start + 10 * minute, 'deposit', 'USDT', '9000')
  desk.unexplained(start + 20 * minute, 'USDT', '1000')
  desk.flow(start + 30 * minute, 'withdrawal', 'USDT', '-10000')
  desk.unexplained(start + 40 * minute, 'USDT', '-100')
  const { hours } = desk.run(start + 10_000, start + hour + 2 * minute, minute)
  // min(11,000 / 11,000, 10,000 / 10,000), then 900 / 1,000.
  t.equal(hours[0]!.returnPct, -10)
  t.same(
    hours[0]!.marks.unreconciled!.map(({ amount }) => amount),
    ['1000', '-100'],
  )
  t.end()
})

t.test('what shows in the balance some polls before its entry says so nets out', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.unexplained(start + 20 * minute, 'USDT', '-500')
  desk.unexplained(start + 25 * minute, 'USDT', '500')
  const { hours } = desk.run(start + 10_000, start + hour + 2 * minute, minute)
  t.same([hours[0]!.returnPct, hours[0]!.marks], [0, {}])
  t.end()
})

t.test('balances stamped before the hour was over do not state it', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.poll(start + 10_000)
  const seen = desk.observation(start + hour + minute)
  desk.account.take({ ...seen, anchor: { ...seen.anchor!, atMs: start + hour - 1 } })
  t.equal(desk.close(start + hour + minute).hours.length, 0)
  t.end()
})

t.test('after a correction totals are still the sum of the hours', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.fill(start + 5 * minute, 'buy', 'BTC/USDT', '0.001', '50000', { fees: [['USDT', '1']] })
  desk.fill(start + 6 * minute, 'buy', 'BTC/USDT', '0.001', '50000', { shownFromMs: start + 2 * hour })
  desk.run(start + 10_000, start + 3 * hour, minute)
  const { totals, symbols, hours } = desk.account.view(0)
  t.equal(hours[0]!.trades, 2)
  t.same([totals.trades, toText(totals.volumeBase), toText(totals.feesUsd)], [2, '0.002', '1'])
  t.same(
    symbols.map(({ trades, volumeQuoteUsd }) => [trades, toText(volumeQuoteUsd)]),
    [[2, '100']],
  )
  t.end()
})
