import t from 'tap'
import { toText, zero } from '@perf-agg/sdk'
import type { Gap, Hour } from '../../src/accounting/hour/hour.ts'
import { portfolioOf } from '../../src/accounting/record/portfolio.ts'
import { Desk, d, hour, minute, start } from './desk.ts'

/** Ways to look better than one was: none of them makes a return that was not earned, and none hides a loss. */

const day = 24 * hour
const flat = (symbol: string): string =>
  ({ 'BTC/USDT': '50000', 'BNB/USDT': '300', 'ETH/USDT': '2000' })[symbol] ?? '1'
const first = (desk: Desk, hours = 1) => desk.run(start + 10_000, start + hours * hour + 2 * minute, minute)
const returns = (hours: readonly Hour[]): (number | null)[] => hours.map(({ returnPct }) => returnPct)
const isNear = (got: number | null | undefined, want: number): boolean =>
  got !== null && got !== undefined && Math.abs(got - want) < 1e-9

t.test('what nothing explains: a loss is a loss, a gain is none, and both are said', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.unexplained(start + 10 * minute, 'USDT', '-100')
  desk.unexplained(start + 70 * minute, 'USDT', '300')
  const { hours } = first(desk, 2)
  t.same(returns(hours), [-10, 0])
  t.same(
    hours.map(({ marks }) => marks.unreconciled),
    [[{ asset: 'USDT', amount: '-100', usd: '-100' }], [{ asset: 'USDT', amount: '300', usd: '300' }]],
  )
  t.end()
})

t.test('borrowed money is no capital: ten times the coin, ten times the move', (t) => {
  const desk = new Desk({
    // 1,000 of one's own and 9,000 borrowed bought 0.2 BTC.
    opening: { USDT: '-9000', BTC: '0.2' },
    prices: (_symbol, at) => (at < start + 30 * minute ? '50000' : '47500'),
  })
  desk.income(start + 90 * minute, 'interest', 'USDT', '-5')
  const { hours } = first(desk, 2)
  t.same(returns(hours), [-50, -1])
  t.equal(toText(hours[1]!.equityUsd!), '495')
  t.equal(toText(hours[1]!.feesUsd), '0', 'interest is no trading fee')
  t.end()
})

t.test('a coin that is owed grows with its price, and without a price nothing can be said', (t) => {
  const short = new Desk({
    opening: { USDT: '60000', BTC: '-1' },
    prices: (_symbol, at) => (at < start + 30 * minute ? '50000' : '51000'),
  })
  t.same(returns(first(short).hours), [-10])
  const desk = new Desk({
    opening: { USDT: '60000', NEW: '-1' },
    prices: (name) => (name === 'NEW/USDT' ? null : flat(name)),
  })
  desk.run(start + 10_000, start + 2 * hour, 10 * minute)
  const { hours, gaps } = desk.run(start + 25 * hour + minute, start + 25 * hour + minute)
  t.equal(hours.length, 0)
  t.same(gaps, [{ fromMs: start, toMs: start + hour, reason: 'liability-unpriced' }])
  t.end()
})

t.test('equity below zero is −100 %, and what is paid in afterwards starts a segment of its own', (t) => {
  const desk = new Desk({
    opening: { USDT: '-9000', BTC: '0.2' },
    prices: (_symbol, at) =>
      at < start + 30 * minute ? '50000' : at < start + 3.5 * hour ? '40000' : '44000',
  })
  desk.flow(start + 2.5 * hour, 'deposit', 'USDT', '5000')
  const { hours } = first(desk, 4)
  t.same(
    hours.map(({ returnPct, equityUsd, marks }) => [returnPct, toText(equityUsd!), marks.noCapital ?? false]),
    [
      [-100, '-1000', false],
      [0, '-1000', true],
      [0, '4000', false],
      [20, '4800', false],
    ],
  )
  const { portfolio } = desk.account.view(0)
  for (const name of ['twr_pct', 'sharpe', 'max_drawdown_pct', 'mwr_pct']) {
    t.equal(portfolio.values[name], null, name)
    t.equal(portfolio.reasons[name], 'wiped_out', name)
  }
  t.ok(isNear(portfolio.values['twr_since_wipe_out_pct'], 20))
  t.end()
})

/** Most of the account is a thin coin; in the 41st minute its own buy prints double the price. */
function pump(own: boolean): Desk {
  const desk = new Desk({
    opening: { USDT: '1000', NEW: '1000' },
    prices: (symbol, at) => (symbol !== 'NEW/USDT' ? flat(symbol) : at === start + 40 * minute ? '2' : '1'),
  })
  desk.closes = desk.prices
  desk.volume = (symbol) => (symbol === 'NEW/USDT' ? '10' : '1000')
  // What it trades over the quarter of an hour stays under a tenth of the volume.
  if (own) desk.fill(start + 40 * minute + 5_000, 'buy', 'NEW/USDT', '1', '2')
  return desk
}

t.test('a thin coin pumped with a large deposit behind it makes no gain', (t) => {
  const desk = pump(true)
  // Gains on the small account, loses on the large one: at the pumped price +50 %, then −5 %.
  desk.flow(start + 40 * minute + 30_000, 'deposit', 'USDT', '17000')
  const { hours } = first(desk)
  t.ok(isNear(hours[0]!.returnPct, (1999 / 2000 - 1) * 100), `${hours[0]!.returnPct} is what the buy cost`)
  t.equal(toText(hours[0]!.flows.netUsd), '17000')
  // Had others made that price, it would be one, and its fall the larger account's.
  const others = pump(false)
  others.flow(start + 40 * minute + 30_000, 'deposit', 'USDT', '17000')
  t.ok(isNear(first(others).hours[0]!.returnPct, ((3000 / 2000) * (19000 / 20000) - 1) * 100))
  t.end()
})

t.test('a thin coin pumped in the last minute of the hour is worth what others paid', (t) => {
  const desk = new Desk({
    opening: { USDT: '1000', NEW: '1000' },
    prices: (symbol, at) => (symbol !== 'NEW/USDT' ? flat(symbol) : at === start + 59 * minute ? '9' : '1'),
  })
  desk.closes = (symbol, at) =>
    symbol === 'NEW/USDT' && at === start + 59 * minute ? '9' : desk.prices(symbol, at)
  desk.volume = (symbol, at) => (symbol !== 'NEW/USDT' ? '1000' : at === start + 59 * minute ? '1' : '10')
  desk.fill(start + 59 * minute + 50_000, 'buy', 'NEW/USDT', '1', '9')
  const { hours } = first(desk)
  t.equal(toText(hours[0]!.equityUsd!), '1992')
  t.ok(isNear(hours[0]!.returnPct, -0.4))
  t.end()
})

t.test(
  'a coin nobody prices, bought and sold: the price paid until it is sold, then what it brought',
  (t) => {
    const desk = new Desk({
      opening: { USDT: '1000' },
      prices: (symbol) => (symbol === 'NEW/USDT' ? null : flat(symbol)),
    })
    desk.fill(start + 10 * minute, 'buy', 'NEW/USDT', '40', '5')
    desk.fill(start + 70 * minute, 'sell', 'NEW/USDT', '40', '7.5')
    const { hours } = first(desk, 3)
    t.same(
      hours.map(({ returnPct, equityUsd, flows }) => [returnPct, toText(equityUsd!), flows.count]),
      [
        [0, '1000', 0],
        [10, '1100', 0],
        [0, '1100', 0],
      ],
    )
    t.end()
  },
)

t.test('referral money, bonuses and airdrops are given, not earned', (t) => {
  const desk = new Desk({ opening: { USDT: '100' }, prices: flat })
  desk.flow(start + 10 * minute, 'reward', 'USDT', '500')
  desk.flow(start + 20 * minute, 'reward', 'BNB', '1')
  desk.flow(start + 30 * minute, 'transfer', 'USDT', '50')
  const { hours } = first(desk)
  t.same(returns(hours), [0])
  t.same([hours[0]!.flows.count, toText(hours[0]!.flows.netUsd)], [3, '850'])
  t.end()
})

t.test('one BTC paid in and sold: volume, and no gain', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: flat })
  desk.flow(start + 10 * minute, 'deposit', 'BTC', '1')
  desk.fill(start + 20 * minute, 'sell', 'BTC/USDT', '1', '50000', { fees: [['USDT', '51']] })
  const { hours } = first(desk)
  t.ok(isNear(hours[0]!.returnPct, -0.1), 'its fee: 51 of 51,000')
  const { symbols, totals } = desk.account.view(0)
  t.equal(toText(symbols[0]!.realizedPnlUsd), '0')
  t.equal(toText(totals.volumeQuoteUsd), '50000')
  t.end()
})

/** Down 40 % on the second day, back at the old price from the tenth. */
const valley = (_symbol: string, at: number): string =>
  at < start + day + 30 * minute || at >= start + 10 * day ? '50000' : '30000'

/** Hours of an outage are priced some at a time. */
function closeAll(desk: Desk, nowMs: number): { hours: Hour[]; gaps: Gap[] } {
  const all: { hours: Hour[]; gaps: Gap[] } = { hours: [], gaps: [] }
  for (;;) {
    const before = desk.account.nextHourMs
    const { hours, gaps } = desk.close(nowMs)
    all.hours.push(...hours)
    all.gaps.push(...gaps)
    if (desk.account.nextHourMs === before) return all
  }
}

t.test('the key is revoked at −40 % and given back at break-even: the fall stays', (t) => {
  const desk = new Desk({ opening: { BTC: '1' }, prices: valley })
  desk.run(start + 10_000, start + day + 2 * hour, 10 * minute)
  // The exchange keeps a day of history: what lies before is gone.
  const backMs = start + 11 * day + minute
  const lost = { fromMs: start + day + 2 * hour, toMs: backMs - day }
  desk.poll(backMs, { lost })
  const { hours, gaps } = closeAll(desk, backMs)
  t.same(gaps, [
    { fromMs: start + day + 2 * hour, toMs: backMs - day - minute + hour, reason: 'history-lost' },
  ])
  const carrying = hours.filter(({ marks }) => marks.approximate)
  t.ok(carrying.length === 1 && isNear(carrying[0]!.returnPct, 200 / 3))
  const { portfolio, coverage } = desk.account.view(0)
  t.ok(isNear(portfolio.values['twr_pct'], 0))
  t.ok(isNear(Math.abs(portfolio.values['max_drawdown_hourly_pct']!), 40))
  t.equal(portfolio.reasons['max_drawdown_hourly_pct'], 'lower_bound')
  t.equal(coverage.gaps.length, 1)
  t.end()
})

/** Not looked at from the first day's end until the price was back. */
function away(lost: boolean) {
  const desk = new Desk({ opening: { BTC: '1' }, prices: valley })
  desk.run(start + 10_000, start + day, 10 * minute)
  const backMs = start + 10 * day + 3 * hour + minute
  desk.poll(backMs, lost ? { lost: { fromMs: start + day, toMs: backMs - 2 * hour } } : {})
  const { hours, gaps } = closeAll(desk, backMs)
  return { view: desk.account.view(0), hours, gaps }
}

t.test(
  'the key is revoked before the fall: recovered hours show it, a gap says that falls may be hidden',
  (t) => {
    const recovered = away(false)
    t.same(recovered.gaps, [])
    t.ok(recovered.hours.every(({ origin }) => origin === 'recovered' || origin === 'observed'))
    t.ok(isNear(Math.abs(recovered.view.portfolio.values['max_drawdown_hourly_pct']!), 40))
    t.equal(recovered.view.portfolio.reasons['max_drawdown_hourly_pct'], undefined)
    t.ok(isNear(recovered.view.portfolio.values['twr_pct'], 0))
    const lost = away(true)
    t.equal(Math.abs(lost.view.portfolio.values['max_drawdown_hourly_pct']!), 0)
    t.equal(lost.view.portfolio.reasons['max_drawdown_hourly_pct'], 'lower_bound')
    t.end()
  },
)

t.test('100 good days among 265 empty ones are 100 days, and a year by the clock', (t) => {
  const hours = Array.from({ length: 365 * 24 }, (_, index): Hour => {
    const isGood = Math.floor(index / 24) % 3 === 0 && index < 300 * 24
    return {
      startMs: start + index * hour,
      origin: 'observed',
      returnPct: isGood && index % 24 === 12 ? (index % 48 === 12 ? 1 : 0.5) : 0,
      returnReason: null,
      trades: isGood ? 1 : 0,
      volumeBase: zero,
      volumeQuoteUsd: zero,
      feesUsd: zero,
      equityUsd: isGood ? d('1000') : zero,
      flows: { count: 0, netUsd: zero },
      marks: isGood ? {} : { noCapital: true },
    }
  })
  const { values } = portfolioOf(hours, [])
  t.equal(values['days'], 100)
  t.equal(values['win_rate_days_pct'], 100)
  const growth = 1.01 ** 50 * 1.005 ** 50
  t.ok(isNear(values['twr_pct']! / 100 + 1, growth))
  t.ok(isNear(values['annualized_return_pct']! / 100 + 1, growth), 'over the 365 days that passed')
  // The sample deviation of fifty times 1 % and fifty times 0.5 %, over √365.
  t.ok(isNear(values['volatility_annualized_pct'], 0.25 * Math.sqrt(100 / 99) * Math.sqrt(365)))
  t.end()
})
