import t from 'tap'
import { zero } from '@perf-agg/sdk'
import {
  benchmarkFigures,
  benchmarkFigureSet,
  noBenchmark,
} from '../../src/accounting/record/benchmark-figures.ts'
import type { Gap, Hour } from '../../src/accounting/hour/hour.ts'
import { IndexPrices } from '../../src/accounting/pricing/index-prices.ts'
import { hour, minute, start } from './desk.ts'

function stated(startMs: number, returnPct: number | null, change: Partial<Hour> = {}): Hour {
  return {
    startMs,
    origin: 'observed',
    returnPct,
    returnReason: null,
    trades: 0,
    volumeBase: zero,
    volumeQuoteUsd: zero,
    feesUsd: zero,
    equityUsd: zero,
    flows: { count: 0, netUsd: zero },
    marks: {},
    ...change,
  }
}

const day = 24 * hour
/** The index moves in each of a day's hours alike; the account in its first only. */
function story(own: readonly number[], index: readonly number[]) {
  const hours = own.flatMap((r, place) =>
    Array.from({ length: 24 }, (_, at) => stated(start + place * day + at * hour, at === 0 ? r * 100 : 0)),
  )
  const priceAt = (atMs: number): number => {
    const place = Math.floor((atMs - start) / day)
    const whole = index.slice(0, place).reduce((growth, b) => growth * (1 + b), 100)
    return whole * (1 + (index[place] ?? 0)) ** (((atMs - start) % day) / day)
  }
  return { hours, priceAt }
}
const near = (t: Tap.Test, got: number | null | undefined, want: number): void => {
  t.ok(typeof got === 'number' && Math.abs(got - want) < 1e-9, `${got} is ${want}`)
}
declare namespace Tap {
  type Test = { ok: (value: boolean, what: string) => unknown }
}

t.test('twice the index less a tenth of a percent a day', (t) => {
  const index = [0.01, -0.02, 0.03, 0.005, -0.01]
  const own = index.map((b) => 2 * b - 0.001)
  const { hours, priceAt } = story(own, index)
  const { values, reasons } = benchmarkFigures(hours, [], priceAt)
  t.same(Object.keys(values).toSorted(), benchmarkFigureSet.map(({ name }) => name).toSorted())
  t.equal(values['days'], 5)
  near(t, values['beta'], 2)
  near(t, values['alpha_day_pct'], -0.1)
  near(t, values['correlation'], 1)
  near(t, values['benchmark_twr_pct'], (1.01 * 0.98 * 1.03 * 1.005 * 0.99 - 1) * 100)
  near(t, values['twr_pct'], (own.reduce((growth, r) => growth * (1 + r), 1) - 1) * 100)
  near(t, values['up_capture'], (2 * 0.045 - 0.003) / 0.045)
  near(t, values['down_capture'], (2 * 0.03 + 0.002) / 0.03)
  for (const name of ['alpha_annualized_pct', 'jensen_alpha_pct', 'active_premium_pct', 'treynor']) {
    t.same([values[name], reasons[name]], [null, 'under_one_year'])
  }
  t.end()
})

t.test('the hour that carries a gap stands beside the whole of the gap', (t) => {
  const { hours, priceAt } = story([0.01, 0.02], [0.1, 0.2])
  const gaps: Gap[] = [
    { fromMs: start + 2 * hour, toMs: start + 5 * hour, reason: 'exchange-unreachable' },
    { fromMs: start + 5 * hour, toMs: start + 9 * hour, reason: 'history-lost' },
  ]
  const seen = hours
    .filter(({ startMs }) => startMs < start + 2 * hour || startMs >= start + 9 * hour)
    .map((one) =>
      one.startMs === start + 9 * hour ? { ...one, marks: { approximate: true as const } } : one,
    )
  const { values } = benchmarkFigures(seen, gaps, priceAt)
  near(t, values['benchmark_twr_pct'], 32)
  t.equal(values['days'], 2)
  t.end()
})

t.test('hours without capital, of before the registration, and without a price of the index', (t) => {
  const { hours, priceAt } = story([0.01, 0.02, 0.03], [0.1, 0.2, 0.3])
  const idle = hours.map((one, place) =>
    place < 24
      ? { ...one, origin: 'backfilled' as const }
      : place < 36
        ? { ...one, returnPct: 0, marks: { noCapital: true as const } }
        : one,
  )
  const half = benchmarkFigures(idle, [], priceAt)
  t.equal(half.values['days'], 2)
  near(t, half.values['benchmark_twr_pct'], (Math.sqrt(1.2) * 1.3 - 1) * 100)
  const holed = benchmarkFigures(hours, [], (atMs) => (atMs === start + 30 * hour ? null : priceAt(atMs)))
  t.same([holed.values['days'], holed.reasons['days']], [2, 'some_days_without_prices'])
  near(t, holed.values['benchmark_twr_pct'], 43)
  const none = benchmarkFigures(hours, [], () => null)
  t.same(none, noBenchmark('no_prices'))
  t.same(benchmarkFigures([], [], priceAt), noBenchmark('no_day_yet'))
  t.end()
})

t.test('an index stands at its last traded minute, is kept, and comes back as it was', (t) => {
  const prices = new IndexPrices()
  const candle = (before: number, close: string, baseVolume: string) => ({
    minuteMs: start - before * minute,
    open: '1',
    close,
    baseVolume,
    quoteVolume: '0',
  })
  t.equal(prices.take(start, [candle(3, '50000.5', '2'), candle(1, '7', '0'), candle(0, '8', '9')]), true)
  t.equal(prices.at(start), 50_000.5)
  t.equal(prices.take(start, [candle(1, '9', '9')]), false, 'never made again')
  t.equal(prices.take(start + hour, []), false)
  t.equal(prices.at(start + hour), null)
  const bytes = prices.snapshot()
  t.same(IndexPrices.restore(bytes).snapshot(), bytes)
  t.equal(IndexPrices.restore(bytes).at(start), 50_000.5)
  t.throws(() => IndexPrices.restore(bytes.slice(1)), { code: 'SNAPSHOT_INVALID' })
  t.end()
})
