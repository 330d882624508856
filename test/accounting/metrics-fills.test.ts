import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { decimalFromInteger, hourMs, negate, parseDecimal, signOf, toText } from '@perf-agg/sdk'
import type { AnalyzedFill, AnalyzedInstrument } from '../../src/accounting/analysis/fill-analysis.ts'
import { computeFillStatistics, fillStatisticSet } from '../../src/accounting/metrics/fills/set.ts'
import { TradeHistory } from '../../src/accounting/metrics/fills/trade-history.ts'

const folder = join(import.meta.dirname, '../../../shared/reference/metrics/fills')

const linear: AnalyzedInstrument = {
  kind: 'linear',
  base: 'BTC',
  contractSize: decimalFromInteger(1),
  pnlCurrency: 'USDT',
}

interface Short {
  readonly side: 'buy' | 'sell'
  readonly size: string
  readonly price: string
  readonly fee?: string
  readonly hour?: number
}

function fillOf({ side, size, price, fee = '0', hour }: Short): AnalyzedFill {
  return {
    side,
    size: parseDecimal(size),
    price: parseDecimal(price),
    fee: parseDecimal(fee),
    feeCurrency: 'USDT',
    feeRate: null,
    atMs: hour === undefined ? null : hour * hourMs,
  }
}

function historyOf(fills: readonly Short[]): TradeHistory {
  const history = new TradeHistory(linear)
  for (const fill of fills) history.take(fillOf(fill))
  return history
}

t.test('round trips, net of fees and funding, with their times', async (t) => {
  const history = historyOf([
    { side: 'buy', size: '1', price: '100', fee: '1', hour: 0 },
    { side: 'sell', size: '1', price: '110', fee: '1', hour: 2 },
    // Through zero: 3 sold of which 1 closes; its fee of 3 is split 1 to 2.
    { side: 'buy', size: '1', price: '100', fee: '0', hour: 6 },
    { side: 'sell', size: '3', price: '96', fee: '3', hour: 7 },
  ])
  history.takeFunding(decimalFromInteger(-2), 8 * hourMs)
  history.take(fillOf({ side: 'buy', size: '2', price: '90', fee: '0', hour: 10 }))
  const { metrics, reasons } = computeFillStatistics(history)
  t.match(metrics, {
    fills: 5,
    round_trips: 3,
    closing_fills: 3,
    round_trip_win_rate: 2 / 3,
    // 10 − 2, −4 − 1, 12 − 2 − 2
    round_trip_profit_factor: 16 / 5,
    round_trip_average_win: 8,
    round_trip_average_loss: -5,
    round_trip_payoff_ratio: 8 / 5,
    round_trip_expectancy: 11 / 3,
    closing_fill_profit_factor: 22 / 4,
    closing_fill_expectancy: 18 / 3,
    longest_winning_streak: 1,
    longest_losing_streak: 1,
    current_streak: 1,
    average_holding_time_hours: 2,
    longest_holding_time_hours: 3,
    shortest_holding_time_hours: 1,
    volume: 100 + 110 + 100 + 288 + 180,
    time_in_market: 6 / 10,
    fees_share_of_pnl: 5 / 18,
    funding_share_of_pnl: 2 / 18,
  })
  t.same(reasons, {})
  // After the flip 2 × 96 are at work; until then 10 − 2 − 4 − 3 = 1 had been made, so nothing lost adds to it.
  t.equal(metrics['capital_in_use'], 192)
  t.equal(metrics['turnover'], 380 / 192)
  t.equal(metrics['average_exposure'], (2 * 100 + 100 + 3 * 192) / 10 / 192)
  t.equal(toText(history.roundTrips.total), toText(history.netPnl))
})

t.test('what does not exist says why', async (t) => {
  const { metrics, reasons } = computeFillStatistics(historyOf([]))
  for (const [name, value] of Object.entries(metrics)) t.equal(value === null, name in reasons, name)
  t.match(reasons, { round_trip_win_rate: 'no_trades', turnover: 'no_capital', time_in_market: 'no_times' })
  const won = computeFillStatistics(
    historyOf([
      { side: 'buy', size: '1', price: '1' },
      { side: 'sell', size: '1', price: '2' },
    ]),
  )
  t.match(won.reasons, {
    round_trip_profit_factor: 'no_losses',
    round_trip_payoff_ratio: 'no_losses',
    average_holding_time_hours: 'no_times',
  })
  t.equal(won.metrics['round_trip_win_rate'], 1)
  const lost = computeFillStatistics(
    historyOf([
      { side: 'sell', size: '1', price: '1' },
      { side: 'buy', size: '1', price: '2' },
    ]),
  )
  t.match(lost.reasons, { round_trip_average_win: 'no_gains', fees_share_of_pnl: 'no_gross_profit' })
  t.equal(lost.metrics['round_trip_profit_factor'], 0)
  t.equal(lost.metrics['current_streak'], -1)
})

const trip = (to: string): Short[] => [
  { side: 'buy', size: '1', price: '5' },
  { side: 'sell', size: '1', price: to },
]

t.test('streaks end at a round trip of exactly nothing', async (t) => {
  const { metrics } = computeFillStatistics(historyOf(['6', '7', '5', '6', '4', '3', '2'].flatMap(trip)))
  t.match(metrics, { longest_winning_streak: 2, longest_losing_streak: 3, current_streak: -3 })
})

t.test('the same figures for what closes a short as for what closes a long, mirrored', async (t) => {
  const longs = historyOf([
    { side: 'buy', size: '2', price: '10' },
    { side: 'sell', size: '1', price: '13' },
    { side: 'sell', size: '1', price: '9' },
  ])
  const shorts = historyOf([
    { side: 'sell', size: '2', price: '10' },
    { side: 'buy', size: '1', price: '7' },
    { side: 'buy', size: '1', price: '11' },
  ])
  for (const name of ['round_trip_expectancy', 'closing_fill_profit_factor', 'closing_fill_win_rate']) {
    t.equal(computeFillStatistics(longs).metrics[name], computeFillStatistics(shorts).metrics[name], name)
  }
})

t.test('once flat, round trips are the whole net P&L, to the last decimal', async (t) => {
  const short = fc.record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    size: fc.integer({ min: 1, max: 10_000 }).map((n) => String(n / 1000)),
    price: fc.integer({ min: 1, max: 1_000_000 }).map((n) => String(n / 100)),
    fee: fc.integer({ min: -300, max: 300 }).map((n) => String(n / 1000)),
  })
  fc.assert(
    fc.property(fc.array(short, { maxLength: 40 }), fc.constantFrom('fifo', 'average'), (fills, method) => {
      const history = new TradeHistory(linear, method)
      let quantity = 0n
      for (const fill of fills) {
        history.take(fillOf(fill))
        const size = parseDecimal(fill.size)
        const units = size.digits * 10n ** BigInt(3 - size.scale)
        quantity += fill.side === 'buy' ? units : -units
      }
      if (quantity !== 0n) {
        const size = { digits: quantity < 0n ? -quantity : quantity, scale: 3 }
        history.take({
          ...fillOf({ side: quantity < 0n ? 'buy' : 'sell', size: '1', price: '77.7' }),
          size,
        })
      }
      t.equal(toText(history.roundTrips.total), toText(history.netPnl))
      t.equal(toText(history.closings.total), toText(history.grossPnl))
      t.ok(history.roundTrips.count <= history.closings.count)
      t.ok(signOf(history.capital) >= 0 && signOf(negate(history.volume)) <= 0)
    }),
    { numRuns: 200 },
  )
})

interface Reference {
  readonly input: {
    readonly instrument: {
      readonly kind: 'spot' | 'linear' | 'inverse'
      readonly base: string
      readonly contract_size: string
      readonly pnl_currency: string
    }
    readonly fills: readonly {
      readonly side: 'buy' | 'sell'
      readonly price: string
      readonly size: string
      readonly fee: string
      readonly fee_currency: string
      readonly fee_rate?: string
      readonly timestamp: string
    }[]
  }
  readonly expected: Record<
    'fifo' | 'average',
    { readonly trade_statistics_gross: Readonly<Record<string, number | null>> }
  >
  readonly tolerance: { readonly rel: number; readonly abs: number }
}

const inReference = {
  closing_fills: 'closing_fills',
  win_rate: 'closing_fill_win_rate',
  profit_factor: 'closing_fill_profit_factor',
  average_win: 'closing_fill_average_win',
  average_loss: 'closing_fill_average_loss',
  payoff_ratio: 'closing_fill_payoff_ratio',
  expectancy: 'closing_fill_expectancy',
}

t.test(
  'closing fills agree with every reference file, by both methods',
  { skip: existsSync(folder) ? false : 'no reference files here' },
  async (t) => {
    const mismatches: string[] = []
    let compared = 0
    for (const name of readdirSync(folder).toSorted()) {
      const { input, expected, tolerance }: Reference = JSON.parse(readFileSync(join(folder, name), 'utf8'))
      const { kind, base, contract_size: size, pnl_currency: pnlCurrency } = input.instrument
      for (const method of ['fifo', 'average'] as const) {
        const history = new TradeHistory(
          { kind, base, contractSize: parseDecimal(size), pnlCurrency },
          method,
        )
        for (const fill of input.fills) {
          history.take({
            side: fill.side,
            price: parseDecimal(fill.price),
            size: parseDecimal(fill.size),
            fee: parseDecimal(fill.fee),
            feeCurrency: fill.fee_currency,
            feeRate: fill.fee_rate === undefined ? null : parseDecimal(fill.fee_rate),
            atMs: Date.parse(fill.timestamp),
          })
        }
        const { metrics } = computeFillStatistics(history)
        for (const [theirs, ours] of Object.entries(inReference)) {
          compared += 1
          const want = expected[method].trade_statistics_gross[theirs]
          const got = metrics[ours]
          const isSame =
            typeof got === 'number' && typeof want === 'number'
              ? Math.abs(got - want) <= Math.max(tolerance.abs, tolerance.rel * Math.abs(want))
              : got === want
          if (!isSame) mismatches.push(`${name} ${method} ${theirs}: ${got} is not ${want}`)
        }
      }
    }
    t.ok(compared > 300, `${compared} values compared`)
    t.same(mismatches, [])
  },
)

t.test('every figure has a formula and a source, and no name twice', async (t) => {
  t.equal(new Set(fillStatisticSet.map(({ name }) => name)).size, fillStatisticSet.length)
  for (const { name, formula, source } of fillStatisticSet) t.ok(formula !== '' && source !== '', name)
})
