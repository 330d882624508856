import t from 'tap'
import { toText } from '@perf-agg/sdk'
import { Desk, hour, minute, start } from './desk.ts'

const flat = (symbol: string): string =>
  ({ 'BTC/USDT': '50000', 'BNB/USDT': '300', 'ETH/USDT': '2000' })[symbol] ?? '1'
const near = (t: Tap.Test, got: number | null, want: number, what: string): void => {
  t.ok(got !== null && Math.abs(got - want) < 1e-9, `${what}: ${got} is ${want}`)
}
declare namespace Tap {
  type Test = { ok: (value: boolean, what: string) => unknown }
}
const first = (desk: Desk, hours = 1) => desk.run(start + 10_000, start + hours * hour + 2 * minute, minute)

t.test('withdrawing to one dollar and doubling it doubles nothing', (t) => {
  const desk = new Desk({
    opening: { USDT: '10000' },
    prices: (_symbol, at) => (at < start + 90 * minute ? '100' : '200'),
  })
  desk.flow(start + 65 * minute, 'withdrawal', 'USDT', '-9999')
  desk.fill(start + 70 * minute, 'buy', 'BTC/USDT', '0.01', '100')
  const { hours } = first(desk, 3)
  t.equal(hours[1]!.returnPct, 0)
  t.equal(toText(hours[1]!.equityUsd!), '2')
  t.equal(hours[1]!.marks.belowFloor, true)
  t.end()
})

t.test('losses below the floor do count', (t) => {
  const desk = new Desk({
    opening: { BTC: '0.5' },
    prices: (_symbol, at) => (at < start + 30 * minute ? '100' : '50'),
  })
  const { hours } = first(desk)
  t.equal(hours[0]!.returnPct, -50)
  t.equal(hours[0]!.marks.belowFloor, true)
  t.end()
})

t.test(
  'equity gone by a valuation that holds: −100 %, and a later deposit does not bring the index back',
  (t) => {
    const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
    // Converted into nothing at all.
    desk.convert(start + 20 * minute, 'convert', [['USDT', '-1000']])
    desk.flow(start + 80 * minute, 'deposit', 'USDT', '500')
    const { hours } = first(desk, 3)
    t.equal(hours[0]!.returnPct, -100)
    t.equal(hours[1]!.returnPct, 0)
    const { portfolio } = desk.account.view(0)
    t.equal(portfolio.values['twr_pct'], null)
    t.equal(portfolio.reasons['twr_pct'], 'wiped_out')
    t.equal(portfolio.values['twr_since_wipe_out_pct'], 0)
    t.end()
  },
)

t.test('a wipe-out is never concluded from a residual: held for a day, then a gap', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.unexplained(start + 20 * minute, 'USDT', '-1000')
  const early = first(desk, 2)
  t.same([early.hours.length, early.gaps.length], [0, 0])
  const later = desk.run(start + 25 * hour + minute, start + 25 * hour + 2 * minute, minute)
  t.same(later.gaps[0], { fromMs: start, toMs: start + hour * 25, reason: 'unexplained-change' })
  t.end()
})

t.test('a residual ten times the equity: no gain, no wipe-out', (t) => {
  const desk = new Desk({ opening: { USDT: '1000', BTC: '0' }, prices: flat })
  desk.unexplained(start + 20 * minute, 'USDT', '10000')
  // Half of everything is then lost: (5,500 − 10,000) / 1,000 is below −100 %.
  desk.fill(start + 40 * minute, 'buy', 'BTC/USDT', '0.11', '100000')
  const early = first(desk, 2)
  t.equal(early.hours.length, 0)
  t.end()
})

t.test('an hour without capital is no hour of the count', (t) => {
  const desk = new Desk({ opening: {}, prices: flat })
  desk.flow(start + 80 * minute, 'deposit', 'USDT', '500')
  const { hours } = first(desk, 3)
  t.same(
    hours.map(({ returnPct, marks }) => [returnPct, marks]),
    [
      [0, { noCapital: true }],
      [0, {}],
      [0, {}],
    ],
  )
  t.end()
})

t.test('a full withdrawal is no loss', (t) => {
  const desk = new Desk({ opening: { USDT: '1000', BTC: '0.01' }, prices: flat })
  desk.flow(start + 10 * minute, 'withdrawal', 'USDT', '-1000')
  desk.flow(start + 10 * minute, 'withdrawal', 'BTC', '-0.01')
  const { hours } = first(desk, 2)
  t.same(
    hours.map(({ returnPct, marks, flows }) => [returnPct, marks, flows.count]),
    [
      [0, {}, 2],
      [0, { noCapital: true }, 0],
    ],
  )
  t.end()
})

t.test('an asset that never had a price counts 0 and comes in at its first as a flow', (t) => {
  const desk = new Desk({
    opening: { USDT: '1000' },
    prices: (symbol, at) => (symbol !== 'NEW/USDT' ? flat(symbol) : at < start + 90 * minute ? null : '5'),
  })
  desk.flow(start + 10 * minute, 'reward', 'NEW', '100')
  const { hours } = first(desk, 3)
  t.same(
    hours.map(({ returnPct, equityUsd, flows, marks }) => [
      returnPct,
      toText(equityUsd!),
      toText(flows.netUsd),
      marks.unpriced ?? [],
    ]),
    [
      [0, '1000', '0', ['NEW']],
      [0, '1000', '0', []],
      [0, '1500', '500', []],
    ],
  )
  t.end()
})

t.test('an airdrop without a price, sold: the first price is a flow, not a gain', (t) => {
  const desk = new Desk({
    opening: { USDT: '1000' },
    prices: (symbol) => (symbol === 'NEW/USDT' ? null : flat(symbol)),
  })
  desk.flow(start + 10 * minute, 'reward', 'NEW', '100')
  desk.fill(start + 70 * minute, 'sell', 'NEW/USDT', '40', '5')
  const { hours } = first(desk, 3)
  t.same(
    hours.map(({ returnPct, equityUsd, flows }) => [returnPct, toText(equityUsd!), toText(flows.netUsd)]),
    [
      [0, '1000', '0'],
      [0, '1500', '500'],
      [0, '1500', '0'],
    ],
  )
  t.end()
})

t.test('an asset bought that has no market price carries its fill price, and says so', (t) => {
  const desk = new Desk({
    opening: { USDT: '1000' },
    prices: (symbol) => (symbol === 'NEW/USDT' ? null : flat(symbol)),
  })
  desk.fill(start + 10 * minute, 'buy', 'NEW/USDT', '40', '5')
  const { hours } = first(desk, 3)
  t.same(
    hours.map(({ returnPct, marks }) => [returnPct, marks.stale]),
    [
      [0, [{ asset: 'NEW', ageS: 3000 }]],
      [0, [{ asset: 'NEW', ageS: 6600 }]],
      [0, [{ asset: 'NEW', ageS: 10200 }]],
    ],
  )
  t.end()
})

t.test('a market that falls silent leaves its last price, stale with its age', (t) => {
  const desk = new Desk({
    opening: { BTC: '1' },
    prices: (_symbol, at) => (at < start + 30 * minute ? '1000' : null),
  })
  const { hours } = first(desk, 3)
  t.equal(hours[0]!.marks.stale, undefined, 'the average of the last hour')
  t.same(hours[1]!.marks.stale, [{ asset: 'BTC', ageS: 5400 }])
  t.same(
    hours.map(({ returnPct }) => returnPct),
    [0, 0, 0],
  )
  t.end()
})

t.test('own fills in a thin coin do not make its price', (t) => {
  const desk = new Desk({
    opening: { USDT: '10000', NEW: '1000' },
    prices: (symbol, at) => (symbol !== 'NEW/USDT' ? flat(symbol) : at >= start + 55 * minute ? '9' : '1'),
  })
  desk.volume = (symbol, at) => (symbol === 'NEW/USDT' ? (at >= start + 55 * minute ? '3' : '10') : '1000')
  // All volume of the last five minutes is the account's own, at nine times the price.
  for (let at = 55; at < 60; at += 1) desk.fill(start + at * minute, 'buy', 'NEW/USDT', '3', '9')
  const { hours } = first(desk)
  // Fifteen coins for 135 are worth 15: the rest is lost, and the thousand held are worth no more than before.
  near(t, hours[0]!.returnPct, (-120 / 11000) * 100, 'only the loss')
  t.end()
})

t.test('deposit a coin and sell it: no gain beyond its move', (t) => {
  const desk = new Desk({
    opening: { USDT: '1000' },
    prices: (symbol, at) =>
      symbol === 'BTC/USDT' ? (at < start + 40 * minute ? '50000' : '51000') : flat(symbol),
  })
  desk.flow(start + 10 * minute, 'deposit', 'BTC', '1')
  desk.fill(start + 50 * minute, 'sell', 'BTC/USDT', '1', '51000')
  const { hours } = first(desk)
  near(t, hours[0]!.returnPct, (1000 / 51000) * 100, 'two per cent on what was there')
  const [symbol] = desk.account.view(0).symbols
  t.equal(toText(symbol!.realizedPnlUsd), '1000')
  t.end()
})

t.test('dust is a disposal and an acquisition, no trade', (t) => {
  const desk = new Desk({ opening: { USDT: '1000', ETH: '0.001' }, prices: flat })
  desk.convert(start + 10 * minute, 'dust', [
    ['ETH', '-0.001'],
    ['BNB', '0.006'],
  ])
  const { hours } = first(desk)
  near(t, hours[0]!.returnPct, (-0.2 / 1002) * 100, 'its price is a loss')
  t.equal(hours[0]!.trades, 0)
  t.end()
})

t.test('a coin without market leads to USD over another', (t) => {
  const desk = new Desk({
    opening: { ETH: '10' },
    symbols: ['ETH/BTC', 'BTC/USDT'],
    prices: (symbol, at) => (symbol === 'ETH/BTC' ? '0.04' : at < start + 30 * minute ? '50000' : '55000'),
  })
  const { hours } = first(desk)
  t.equal(toText(hours[0]!.equityUsd!), '22000')
  t.equal(hours[0]!.returnPct, 10)
  t.end()
})

t.test('a dollar coin with a market of its own is worth what that says', (t) => {
  const desk = new Desk({
    opening: { USDT: '1000' },
    symbols: ['USDT/USD', 'BTC/USDT'],
    prices: (_symbol, at) => (at < start + 30 * minute ? '1' : '0.99'),
  })
  const { hours } = first(desk)
  t.equal(hours[0]!.returnPct, -1)
  t.end()
})

t.test('fees: a rebate lowers them, a rate that is not to be had is said', (t) => {
  const desk = new Desk({
    opening: { USDT: '1000', BNB: '1', NEW: '5' },
    prices: (symbol) => (symbol === 'NEW/USDT' ? null : flat(symbol)),
  })
  desk.fill(start + 10 * minute, 'buy', 'BTC/USDT', '0.001', '50000', { fees: [['USDT', '-0.005']] })
  desk.fill(start + 11 * minute, 'buy', 'BTC/USDT', '0.001', '50000', { fees: [['NEW', '0.1']] })
  desk.income(start + 12 * minute, 'rebate', 'BNB', '0.0001')
  const { hours } = first(desk)
  t.equal(toText(hours[0]!.feesUsd), '-0.035')
  t.equal(hours[0]!.marks.unpricedFees, true)
  t.equal(hours[0]!.trades, 2)
  t.end()
})

t.test('an entry stamped beside an anchor belongs where the books balance', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  // The balance read at :10 has it, its stamp says 0.7 s later.
  desk.flow(start + 10 * minute + 10_000, 'deposit', 'USDT', '100')
  for (let at = start + 10_000; at <= start + hour + 2 * minute; at += minute) {
    const seen = desk.observation(at)
    desk.account.take({ ...seen, flows: seen.flows.map((flow) => ({ ...flow, atMs: flow.atMs + 700 })) })
  }
  const { hours } = desk.close(start + hour + 2 * minute)
  t.same(
    hours.map(({ returnPct, marks }) => [returnPct, marks]),
    [[0, {}]],
  )
  t.end()
})

t.test('hostile entries never become a number', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.fill(start + 10 * minute, 'buy', 'BTC/USDT', '0.001', '50000')
  const seen = desk.observation(start + 20 * minute)
  const fill = seen.fills[0]!
  const refused = desk.account.take({
    ...seen,
    anchor: null,
    fills: [
      { ...fill, id: 'a', price: 'NaN' },
      { ...fill, id: 'b', quantity: '-1' },
      { ...fill, id: 'c', quoteQuantity: '1e999' },
      { ...fill, id: 'd', atMs: 99_999_999_999_999 },
      { ...fill, id: 'e', quantity: '9'.repeat(60) },
      { ...fill, id: 'f', market: 'linear' },
      { ...fill, id: 'g', fees: [{ asset: 'BNB', amount: 'Infinity' }] },
      { ...fill, id: 'h', base: 'USDT' },
      { ...fill, id: 'i', atMs: start + 20 * minute + hour },
    ],
  })
  t.same(
    refused.map(({ id, reason }) => [id, reason]),
    [
      ['a', 'amount-not-a-number'],
      ['b', 'amount-not-positive'],
      ['c', 'amount-not-a-number'],
      ['d', 'time-out-of-range'],
      ['e', 'amount-too-large'],
      ['f', 'terms-missing'],
      ['g', 'amount-not-a-number'],
      ['h', 'base-is-quote'],
      ['i', 'time-in-future'],
    ],
  )
  t.same(desk.account.candidateSymbols(), [])
  t.end()
})

t.test('instruments are searched where something is unexplained', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.poll(start + 10_000)
  desk.unexplained(start + minute, 'ETH', '0.5')
  desk.unexplained(start + minute, 'USDT', '-1000')
  desk.poll(start + 2 * minute)
  t.same(
    desk.account
      .openResiduals()
      .map(({ asset, amount }) => [asset, amount])
      .toSorted(),
    [
      ['ETH', '0.5'],
      ['USDT', '-1000'],
    ],
  )
  t.same(desk.account.candidateAssets().toSorted(), ['ETH', 'USDT'])
  t.equal(desk.account.lastAnchor()!.atMs, start + 2 * minute)
  t.end()
})
