import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import fc from 'fast-check'
import t from 'tap'
import type { Cause, Change, TrueCandle, TrueFill, Truth } from '../../../src/simulator/truth.ts'
import { compare } from './compare.ts'
import { expectedHours } from './hours.ts'
import type { ExpectedHour, Question } from './hours.ts'
import { knowledgeOf } from './knowledge.ts'
import { Prices } from './prices.ts'
import { Rational } from './rational.ts'

/** The answer itself is held against figures made by hand: who judges must be right. */

const startMs = Date.UTC(2026, 0, 5)

/** A market whose minutes all trade at one price, 1 unit each, unless said otherwise. */
interface Tape {
  readonly price: (minuteIndex: number) => string | null
  readonly volume?: (minuteIndex: number) => string
}

function truthOf(
  tapes: Record<string, Tape>,
  changes: readonly Partial<Change>[],
  historyMs = Number.POSITIVE_INFINITY,
): Truth {
  const markets = Object.keys(tapes).map((symbol) => {
    const [base = '', quote = ''] = symbol.split('/')
    return { symbol, base, quote }
  })
  return {
    markets,
    contracts: [],
    mark: () => null,
    historyMs,
    changes: changes.map((change, sequence) => ({
      account: '1',
      sequence,
      atMs: startMs,
      cause: 'opening' as Cause,
      id: String(sequence),
      moves: [],
      visibleAtMs:
        change.cause === 'unexplained' || change.cause === undefined ? null : (change.atMs ?? startMs),
      dated: true,
      ...change,
    })),
    candle(symbol, atMs): TrueCandle | null {
      const index = (atMs - startMs) / minuteMs
      const price = tapes[symbol]?.price(index) ?? null
      if (price === null) return null
      const baseVolume = tapes[symbol]?.volume?.(index) ?? '1'
      const quoteVolume = Rational.of(price).times(Rational.of(baseVolume)).text()
      return {
        open: price,
        high: price,
        low: price,
        close: price,
        baseVolume,
        quoteVolume,
        trades: baseVolume === '0' ? 0 : 1,
      }
    },
  }
}

const every = (stepMs: number, hours: number): number[] =>
  Array.from({ length: (hours * hourMs) / stepMs + 1 }, (_, index) => startMs + index * stepMs)

function ask(truth: Truth, hours: number, more: Partial<Question> = {}): ExpectedHour[] {
  return expectedHours(truth, {
    accountId: '1',
    fromMs: startMs,
    toMs: startMs + hours * hourMs,
    anchorsMs: every(minuteMs, hours + 1),
    gaps: [],
    ...more,
  })
}

function fillOf(fill: Partial<TrueFill> & { symbol: string; quantity: string; price: string }): TrueFill {
  const [base = '', quote = ''] = fill.symbol.split('/')
  const quoteQuantity = Rational.of(fill.price).times(Rational.of(fill.quantity)).text()
  return {
    base,
    quote,
    orderId: 1,
    side: 'buy',
    maker: false,
    quoteQuantity,
    fee: { asset: quote, amount: '0' },
    ...fill,
  }
}

const flat: Tape = { price: () => '100' }
/** 100 until an hour has passed, then 110. */
const step: Tape = { price: (minute) => (minute < 60 ? '100' : '110') }

t.test('holding: the return is the price', (t) => {
  const truth = truthOf({ 'BTC/USDT': step }, [{ moves: [{ asset: 'BTC', amount: '10' }] }])
  t.same(
    ask(truth, 2).map(({ returnPct }) => returnPct),
    [0, 10],
  )
  t.end()
})

t.test('a fee is a loss, a volume is in dollars of its minute', (t) => {
  const fill = fillOf({
    symbol: 'BTC/USDT',
    quantity: '2',
    price: '100',
    fee: { asset: 'BTC', amount: '0.01' },
  })
  const truth = truthOf({ 'BTC/USDT': flat }, [
    { moves: [{ asset: 'USDT', amount: '1000' }] },
    {
      cause: 'fill',
      atMs: startMs + 10 * minuteMs + 7,
      fill,
      moves: [
        { asset: 'BTC', amount: '2' },
        { asset: 'USDT', amount: '-200' },
        { asset: 'BTC', amount: '-0.01' },
      ],
    },
  ])
  const [hour] = ask(truth, 1)
  t.match(hour, {
    returnPct: -0.1,
    trades: 1,
    volumeBase: '2',
    volumeQuote: '200',
    feesUsd: '1',
    equityUsd: '999',
  })
  t.end()
})

t.test('a deposit is no profit, a withdrawal no loss: returns link around them', (t) => {
  const tape: Tape = { price: (minute) => (minute < 30 ? '100' : minute < 60 ? '120' : '90') }
  const flow = {
    cause: 'deposit' as Cause,
    atMs: startMs + 40 * minuteMs + 5_000,
    moves: [{ asset: 'USDT', amount: '1200' }],
  }
  const back = {
    cause: 'withdrawal' as Cause,
    atMs: startMs + 70 * minuteMs,
    moves: [{ asset: 'USDT', amount: '-1200' }],
  }
  const truth = truthOf({ 'BTC/USDT': tape }, [{ moves: [{ asset: 'BTC', amount: '10' }] }, flow, back])
  const rows = ask(truth, 2)
  t.equal(rows[0]!.returnPct, 20, '1.2 before, nothing after')
  // 2400 at the hour, 900 + 1200 when it left, then 900 stays 900
  t.equal(rows[1]!.returnPct, -12.5)
  t.same(
    rows.map(({ flows }) => flows),
    [
      { count: 1, netUsd: '1200' },
      { count: 1, netUsd: '-1200' },
    ],
  )
  t.end()
})

t.test('a residual: a negative one is a loss, a positive one never gain, none pays for another', (t) => {
  const at = startMs + 20 * minuteMs + 30_000
  const residual = (...moves: [string, string][]) =>
    ask(
      truthOf({ 'BTC/USDT': step }, [
        { moves: [{ asset: 'USDT', amount: '1000' }] },
        { cause: 'unexplained', atMs: at, moves: moves.map(([asset, amount]) => ({ asset, amount })) },
      ]),
      1,
    )[0]!
  t.equal(residual(['USDT', '-100']).returnPct, -10)
  t.equal(residual(['USDT', '500']).returnPct, 0)
  // worth 110 at the next full hour? the close before it is still 100
  t.match(residual(['BTC', '1']), { returnPct: 0, unreconciled: [{ asset: 'BTC', amount: '1', usd: '100' }] })
  // min(1000 / 1100, 900 / 1000) − 1
  t.equal(residual(['BTC', '1'], ['USDT', '-100']).returnPct, -10)
  t.end()
})

t.test('a residual belongs to the hour of the look before it', (t) => {
  const truth = truthOf({ 'BTC/USDT': flat }, [
    { moves: [{ asset: 'USDT', amount: '1000' }] },
    { cause: 'unexplained', atMs: startMs + 61 * minuteMs, moves: [{ asset: 'USDT', amount: '-100' }] },
  ])
  const looks = [startMs, startMs + 58 * minuteMs, startMs + 62 * minuteMs, startMs + 125 * minuteMs]
  t.same(
    ask(truth, 2, { anchorsMs: looks }).map(({ returnPct }) => returnPct),
    [-10, 0],
  )
  t.same(
    ask(truth, 2).map(({ returnPct }) => returnPct),
    [0, -10],
  )
  t.end()
})

t.test('a late fill is known in the end, a lost one never', (t) => {
  const fill = {
    cause: 'fill' as Cause,
    atMs: startMs + 10 * minuteMs,
    visibleAtMs: startMs + 5 * hourMs,
    fill: fillOf({ symbol: 'BTC/USDT', quantity: '1', price: '100' }),
    moves: [
      { asset: 'BTC', amount: '1' },
      { asset: 'USDT', amount: '-100' },
    ],
  }
  const opening = { moves: [{ asset: 'USDT', amount: '1000' }] }
  const late = ask(truthOf({ 'BTC/USDT': flat }, [opening, fill]), 1, { anchorsMs: every(minuteMs, 6) })[0]!
  t.match(late, { trades: 1, returnPct: 0, unreconciled: [] })
  const lost = ask(truthOf({ 'BTC/USDT': flat }, [opening, fill], 4 * hourMs), 1, {
    anchorsMs: every(minuteMs, 6),
  })[0]!
  t.match(lost, { trades: 0, returnPct: -10 })
  t.equal(lost.unreconciled.length, 2)
  t.end()
})

t.test('a refused withdrawal comes back at the look that finds it', (t) => {
  const applied = startMs + 10 * minuteMs
  const returned = startMs + 30 * minuteMs + 1_000
  const truth = truthOf({ 'BTC/USDT': flat }, [
    { moves: [{ asset: 'USDT', amount: '1000' }] },
    { cause: 'withdrawal', atMs: applied, moves: [{ asset: 'USDT', amount: '-400' }] },
    { cause: 'withdrawal-returned', atMs: returned, dated: false, moves: [{ asset: 'USDT', amount: '400' }] },
  ])
  const { known } = knowledgeOf(truth, { accountId: '1', anchorsMs: every(5 * minuteMs, 2) })
  t.same(
    known.map(({ atMs }) => atMs),
    [applied, startMs + 35 * minuteMs],
  )
  t.match(ask(truth, 1)[0], { returnPct: 0, flows: { count: 2, netUsd: '0' } })
  t.end()
})

t.test('a gap is carried by the hour after it, by Modified Dietz', (t) => {
  const tape: Tape = { price: (minute) => (minute < 120 ? '100' : '150') }
  const truth = truthOf({ 'BTC/USDT': tape }, [
    { moves: [{ asset: 'BTC', amount: '10' }] },
    { cause: 'deposit', atMs: startMs + 2 * hourMs, moves: [{ asset: 'USDT', amount: '500' }] },
  ])
  const gap = { fromMs: startMs + hourMs, toMs: startMs + 3 * hourMs }
  const rows = ask(truth, 4, { gaps: [gap] })
  t.same(
    rows.map((row) => [(row.startMs - startMs) / hourMs, row.approximate]),
    [
      [0, false],
      [3, true],
    ],
  )
  // (2000 − 1000 − 500) / (1000 + 500 × ½)
  t.equal(rows[1]!.returnPct, 40)
  const halves = [
    { fromMs: gap.fromMs, toMs: gap.fromMs + hourMs },
    { fromMs: gap.fromMs + hourMs, toMs: gap.toMs },
  ]
  t.same(ask(truth, 4, { gaps: halves }), rows, 'gaps that touch are one')
  t.end()
})

t.test('under the floor only losses link', (t) => {
  const truth = truthOf(
    { 'BTC/USDT': { price: (minute) => (minute < 60 ? '50' : minute < 120 ? '100' : '25') } },
    [{ moves: [{ asset: 'BTC', amount: '1' }] }],
  )
  const rows = ask(truth, 3)
  t.same(
    rows.map(({ returnPct, belowFloor }) => [returnPct, belowFloor]),
    [
      [0, true],
      [0, true],
      [-75, false],
    ],
  )
  t.end()
})

const ownFill = (quantity: string, minute: number, price: string): Partial<Change> => ({
  cause: 'fill',
  atMs: startMs + minute * minuteMs + 1,
  fill: fillOf({ symbol: 'X/USDT', quantity, price }),
})

t.test('prices', (t) => {
  const opening = { moves: [{ asset: 'BTC', amount: '1' }] }
  const priceOf = (tapes: Record<string, Tape>, asset: string, changes: readonly Partial<Change>[] = []) => {
    const truth = truthOf(tapes, [opening, ...changes])
    return new Prices(truth, truth.changes).at(asset, startMs + hourMs)?.text() ?? null
  }
  const rising: Tape = { price: (minute) => String(100 + minute) }
  const active = (count: number): Tape => ({
    ...rising,
    volume: (minute) => (minute >= 60 - count || minute === 10 ? '2' : '0'),
  })
  t.equal(priceOf({ 'X/USDT': active(8) }, 'X'), '159', 'eight of fifteen are most')
  t.equal(priceOf({ 'X/USDT': active(7) }, 'X'), '150.25', 'seven are not: the average of the hour')
  t.equal(
    priceOf({ 'X/USDT': active(15) }, 'X', [ownFill('2', 50, '150')]),
    '159',
    'own fills of a fifteenth',
  )
  t.equal(
    priceOf({ 'X/USDT': active(10) }, 'X', [ownFill('2', 50, '150')]),
    '150.5',
    'own fills of a tenth: the average without them',
  )
  t.equal(priceOf({ 'X/USDT': { ...rising, volume: () => '0' } }, 'X'), null, 'never traded')
  t.equal(
    priceOf({ 'X/USDT': { ...rising, volume: (minute) => (minute === -70 ? '1' : '0') } }, 'X'),
    '30',
    'the last',
  )
  t.equal(
    priceOf(
      { 'X/USDT': { ...rising, volume: (minute) => (minute === -70 || minute === 30 ? '1' : '0') } },
      'X',
      [ownFill('1', 30, '130')],
    ),
    '30',
    'one does not make a price alone',
  )
  const third: Tape = {
    price: (minute) => (minute % 3 === 0 ? '1' : '2'),
    volume: (minute) => (minute % 20 === 0 ? '1' : '0'),
  }
  t.equal(priceOf({ 'X/USDT': third }, 'X'), '1.666666666666666667', 'eighteen places, half to even')
  t.equal(
    priceOf({ 'X/BTC': { price: () => '0.02' }, 'X/ETH': flat, 'BTC/USDC': { price: () => '500' } }, 'X'),
    '10',
    'over BTC',
  )
  t.equal(priceOf({ 'X/USDT': flat, 'X/USD': { price: () => '99' } }, 'X'), '99', 'the dollar comes first')
  t.equal(
    priceOf({ 'USDT/USD': { price: () => '0.99' }, 'X/USDT': flat }, 'X'),
    '99',
    'a listed peg is not one',
  )
  t.equal(priceOf({}, 'FDUSD'), '1')
  t.equal(priceOf({}, 'X'), null)
  t.end()
})

t.test('rationals', (t) => {
  const text = fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: 0, max: 18 }))
  fc.assert(
    fc.property(text, text, ([a, m], [b, n]) => {
      const one = new Rational(a, 10n ** BigInt(m))
      const two = new Rational(b, 10n ** BigInt(n))
      t.equal(one.plus(two).minus(two).compare(one), 0)
      t.equal(Rational.of(one.text()).compare(one), 0)
      t.equal(one.toNumber(), Number(one.text()))
      if (two.sign !== 0) t.equal(one.times(two).over(two).compare(one), 0)
    }),
    { numRuns: 300 },
  )
  t.equal(new Rational(1n, 3n).toNumber(), 1 / 3)
  t.same(
    [new Rational(5n, 2n), new Rational(7n, 2n), new Rational(-5n, 2n)].map((each) => each.rounded(0).text()),
    ['2', '4', '-2'],
  )
  t.throws(() => new Rational(1n, 3n).text(), /finite/)
  t.end()
})

t.test('every kind of wrong statement is found', (t) => {
  const fill = fillOf({
    symbol: 'BTC/USDT',
    quantity: '2',
    price: '100',
    fee: { asset: 'USDT', amount: '0.2' },
  })
  const truth = truthOf({ 'BTC/USDT': step }, [
    { moves: [{ asset: 'USDT', amount: '1000' }] },
    {
      cause: 'fill',
      atMs: startMs + 5 * minuteMs,
      fill,
      moves: [
        { asset: 'BTC', amount: '2' },
        { asset: 'USDT', amount: '-200.2' },
      ],
    },
  ])
  const rows = ask(truth, 2)
  const right = () => {
    const exact = rows.map((row) => ({
      t: new Date(row.startMs).toISOString(),
      origin: 'observed' as const,
      return_reason: null,
      trades: row.trades,
      volume_base: row.volumeBase,
      volume_quote: row.volumeQuote,
      fees_usd: row.feesUsd,
    }))
    const totals = { trades: 1, volume_base: '2', volume_quote: '200', fees_usd: '0.2' }
    return {
      hourly_buckets: exact.map(({ t: at, trades, ...amounts }, index) => ({
        t: at,
        return_pct: rows[index]!.returnPct,
        trades,
        volume_base: Number(amounts.volume_base),
        volume_quote: Number(amounts.volume_quote),
        fees_usd: Number(amounts.fees_usd),
      })),
      totals: { trades: 1, volume_base: 2, volume_quote: 200, fees_usd: 0.2 },
      metadata: { type: 'period' as const, exact: { hourly_buckets: exact, totals } },
    }
  }
  const fieldsOf = (spoil: (statement: any) => unknown): string[] => {
    const statement = right()
    spoil(statement)
    return compare(rows, [statement]).map(({ field }) => field)
  }
  t.same(
    fieldsOf(() => {}),
    [],
  )
  t.same(
    fieldsOf((it) => (it.hourly_buckets[1].return_pct *= 1 + 1e-8)),
    ['return_pct'],
  )
  t.same(
    fieldsOf((it) => (it.hourly_buckets[1].return_pct *= 1 + 1e-12)),
    [],
  )
  t.same(
    fieldsOf((it) => (it.hourly_buckets[1].return_pct = null)),
    ['return_pct'],
  )
  t.same(
    fieldsOf((it) => (it.hourly_buckets[0].trades = 2)),
    ['trades'],
  )
  t.same(
    fieldsOf((it) => (it.hourly_buckets[0].volume_quote = 200.01)),
    ['volume_quote'],
  )
  t.same(
    fieldsOf((it) => (it.metadata.exact.hourly_buckets[0].fees_usd = '0.21')),
    ['exact.totals.fees_usd', 'totals.fees_usd', 'exact.fees_usd'],
  )
  t.same(
    fieldsOf((it) => (it.totals.trades = 2)),
    ['totals.trades'],
  )
  t.same(
    fieldsOf((it) => it.hourly_buckets.pop()),
    ['missing'],
  )
  t.same(
    fieldsOf((it) => (it.metadata.exact.hourly_buckets[0].approximate = true)),
    ['approximate'],
  )
  const unreconciled = [{ asset: 'BTC', amount: '1', usd: '100' }]
  t.same(
    fieldsOf((it) => (it.metadata.exact.hourly_buckets[0].unreconciled = unreconciled)),
    ['unreconciled'],
  )
  t.same(
    compare(rows.slice(0, 1), [right()]).map(({ field }) => field),
    ['unexpected'],
  )
  t.match(
    compare(rows, [right(), right()]).map(({ field }) => field),
    ['stated twice', 'stated twice'],
  )
  const wrong = right()
  wrong.hourly_buckets[0]!.trades = 9
  const corrected = { ...right(), metadata: { ...right().metadata, type: 'correction' as const } }
  t.same(
    compare(rows, [wrong, corrected]).filter(({ field }) => field === 'trades'),
    [],
    'the latest counts',
  )
  t.end()
})

t.test('what happened after the last look is no residual yet', (t) => {
  const truth = truthOf({ 'BTC/USDT': flat }, [
    { moves: [{ asset: 'USDT', amount: '1000' }] },
    { cause: 'unexplained', atMs: startMs + dayMs, moves: [{ asset: 'USDT', amount: '-1' }] },
  ])
  t.same(knowledgeOf(truth, { accountId: '1', anchorsMs: every(minuteMs, 2) }).residuals, [])
  t.end()
})
