import fc from 'fast-check'
import t from 'tap'
import { Account } from '../../src/accounting/account.ts'
import { TradeHistory } from '../../src/accounting/metrics/fills/trade-history.ts'
import { computeFillStatistics } from '../../src/accounting/metrics/fills/set.ts'
import { SelfReported } from '../../src/accounting/self-reported/self-reported.ts'
import { d, Desk, hour, minute, start } from './desk.ts'
import { FuturesDesk, btcLinear } from './futures-desk.ts'
import { Watch } from './watch.ts'

const near = (got: number | null | undefined, want: number | null | undefined): boolean =>
  got === want ||
  (typeof got === 'number' &&
    typeof want === 'number' &&
    Math.abs(got - want) <= 1e-9 * Math.max(1, Math.abs(want)))

interface Step {
  readonly side: 'buy' | 'sell'
  readonly contracts: number
  readonly price: number
  readonly fee: number
  readonly atTenth: number
  readonly funding: number | null
}
const steps = fc.uniqueArray(
  fc.record<Step>({
    side: fc.constantFrom('buy', 'sell'),
    contracts: fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.constantFrom(100, 200)),
    price: fc.integer({ min: 40_000, max: 60_000 }),
    fee: fc.integer({ min: -20, max: 100 }),
    atTenth: fc.integer({ min: 1, max: 4 * 360 - 40 }),
    funding: fc.oneof(fc.constant(null), fc.integer({ min: -50, max: 50 })),
  }),
  { maxLength: 40, selector: ({ atTenth }) => atTenth },
)
const tenths = (cents: number): string => (cents / 10).toFixed(1)
const history = (): TradeHistory =>
  new TradeHistory({ kind: 'linear', contractSize: d('0.001'), base: 'BTC', pnlCurrency: 'USDT' })

t.test("an account's figures of one contract are those of its fills analysed by themselves", (t) => {
  fc.assert(
    fc.property(steps, fc.boolean(), (made, isRestored) => {
      const watch = new Watch(new FuturesDesk({ USDT: '1000000' }), () => '50000')
      const expected = history()
      for (const { side, contracts, price, fee, atTenth, funding } of made.toSorted(
        (a, b) => a.atTenth - b.atTenth,
      )) {
        const atMs = start + atTenth * 10_000
        watch.fill(atMs, btcLinear, side, String(contracts), String(price), { fee: tenths(fee) })
        expected.take({
          side,
          size: d(String(contracts)),
          price: d(String(price)),
          fee: d(tenths(fee)),
          feeCurrency: 'USDT',
          feeRate: null,
          atMs,
        })
        if (funding === null) continue
        const laterMs = atMs + 5_000
        watch.at(laterMs, (desk) => desk.income(laterMs, 'funding', 'USDT', tenths(funding)))
        expected.takeFunding(d(tenths(funding)), laterMs)
      }
      for (let at = start + 17_000; at <= start + 4 * hour + 60 * minute; at += 40 * minute) {
        watch.account.take(watch.observation(at))
        watch.close(at)
        if (!isRestored) continue
        watch.account = Account.restore(watch.account.snapshot())
        watch.setMarkets()
      }
      const { values } = watch.account.view(0).trading
      const { metrics } = computeFillStatistics(expected)
      t.same(Object.keys(values), Object.keys(metrics))
      t.same(
        Object.keys(metrics).filter((name) => !near(values[name], metrics[name])),
        [],
        JSON.stringify([values, metrics]),
      )
    }),
    { numRuns: 40 },
  )
  t.end()
})

t.test('a late fill counts as if it had been there in time', (t) => {
  const told = (shownFromMs?: number) => {
    const desk = new Desk({ opening: { USDT: '10000', BNB: '1' }, prices: () => '100' })
    desk.fill(start + 10 * minute, 'buy', 'BTC/USDT', '2', '100', { fees: [['BNB', '0.01']] })
    desk.fill(
      start + 20 * minute,
      'sell',
      'BTC/USDT',
      '2',
      '90',
      shownFromMs === undefined ? {} : { shownFromMs },
    )
    desk.fill(start + 80 * minute, 'buy', 'BTC/USDT', '1', '100')
    desk.fill(start + 140 * minute, 'sell', 'BTC/USDT', '1', '130', { fees: [['USDT', '1']] })
    desk.run(start + 10_000, start + 3 * hour + 12 * minute)
    return desk.account.view(0)
  }
  const { trading } = told()
  const figures = [
    'fills',
    'round_trips',
    'round_trip_win_rate',
    'round_trip_profit_factor',
    'round_trip_expectancy',
    'average_holding_time_hours',
    'fees_share_of_pnl',
    'turnover',
  ]
  t.same(
    figures.map((name) => trading.values[name]),
    // lost 21 with the fee of a hundredth BNB at 100, won 29; 200, a fee and the rest of the BNB were at work
    [4, 2, 0.5, 29 / 21, 4, (1 / 6 + 1) / 2, 0.2, 1],
  )
  t.same(told(start + 130 * minute).trading, trading)
  t.end()
})

t.test('what only came and went with flows is no trade; what was deposited and sold is one', (t) => {
  const desk = new Desk({ opening: { USDT: '1000' }, prices: () => '100' })
  desk.flow(start + 10 * minute, 'deposit', 'ETH', '1')
  desk.flow(start + 20 * minute, 'withdrawal', 'ETH', '-1')
  desk.flow(start + 30 * minute, 'deposit', 'BTC', '1')
  desk.fill(start + 50 * minute, 'sell', 'BTC/USDT', '1', '110')
  desk.run(start + 10_000, start + hour + 12 * minute)
  const { values } = desk.account.view(0).trading
  t.same([values['fills'], values['round_trips'], values['round_trip_expectancy']], [1, 1, 10])
  t.equal(values['average_holding_time_hours'], 1 / 3)
  t.end()
})

t.test('self-reported trades have them too, and those of before the registration count nowhere', (t) => {
  const account = SelfReported.open({ openedAtMs: start, graceMs: 1_000, correctionWindowMs: 8 * 24 * hour })
  const trade = (atMinute: number, side: 'buy' | 'sell', price: string, size = '1') =>
    account.takeTrade(
      { symbol: 'BTC/USDT', side, price, size, fee: '1', atMs: start + atMinute * minute, id: null },
      start + 3 * hour,
    )
  trade(-30, 'buy', '100')
  trade(10, 'sell', '150')
  trade(20, 'buy', '100')
  trade(30, 'sell', '120', '2')
  trade(50, 'buy', '110')
  account.close(start + 4 * hour)
  const restored = SelfReported.restore(account.snapshot())
  const { values } = restored.view(0).trading
  // the flip's fee is halved: 20 − 1 − 0.5 and 10 − 0.5 − 1; the trip of before is in no result of a round trip
  t.same(
    [values['fills'], values['round_trips'], values['round_trip_expectancy'], values['closing_fills']],
    [4, 2, (18.5 + 8.5) / 2, 3],
  )
  t.same(restored.snapshot(), account.snapshot())
  t.end()
})
