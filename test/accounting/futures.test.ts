import fc from 'fast-check'
import t from 'tap'
import { absolute, add, compare, divide, multiply, subtract, toNumber, toText, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { Account } from '../../src/accounting/account.ts'
import type { Hour } from '../../src/accounting/hour/hour.ts'
import { d, hour, minute, start } from './desk.ts'
import { FuturesDesk, btcInverse, btcLinear } from './futures-desk.ts'
import type { Terms } from './futures-desk.ts'
import { turning, Watch } from './watch.ts'

const facts = ({ returnPct, trades, volumeBase, volumeQuoteUsd, feesUsd, equityUsd, marks }: Hour) => ({
  returnPct,
  trades,
  base: toText(volumeBase),
  quote: toText(volumeQuoteUsd),
  fees: toText(feesUsd),
  equity: toText(equityUsd!),
  marks,
})

t.test('a linear long: wallet, unrealised P&L at the mark, funding its own line', (t) => {
  const marks = turning(90, '50000', '51000')
  const watch = new Watch(new FuturesDesk({ USDT: '10000' }), marks)
  watch.fill(start + 10 * minute, btcLinear, 'buy', '500', '50000', { fee: '10' })
  watch.at(start + 100 * minute, (desk) => desk.income(start + 100 * minute, 'funding', 'USDT', '-2.5'))
  watch.fill(start + 130 * minute, btcLinear, 'sell', '500', '51000', { fee: '10.2' })
  const hours = watch.run(3)
  const none = { trades: 0, base: '0', quote: '0', fees: '0' }
  t.same(hours.map(facts), [
    { returnPct: -0.1, trades: 1, base: '0.5', quote: '25000', fees: '10', equity: '9990', marks: {} },
    {
      ...none,
      returnPct: (497.5 / 9990) * 100,
      equity: '10487.5',
      marks: { income: [{ kind: 'funding', usd: '-2.5' }] },
    },
    {
      returnPct: (-10.2 / 10487.5) * 100,
      trades: 1,
      base: '0.5',
      quote: '25500',
      fees: '10.2',
      equity: '10477.3',
      marks: {},
    },
  ])
  const bytes = watch.account.snapshot()
  t.same(Account.restore(bytes).snapshot(), bytes, 'the hour keeps its funding')
  const { incomeUsd, symbols } = watch.account.view(0)
  t.equal(toText(incomeUsd['funding']!), '-2.5')
  t.equal(toText(symbols[0]!.realizedPnlUsd), '500')
  t.equal(toText(symbols[0]!.unrealizedPnlUsd), '0')
  t.end()
})

t.test('an inverse long is short its coin: 1 BTC of collateral, as many dollars of contracts', (t) => {
  const marks = turning(30, '50000', '40000')
  const watch = new Watch(new FuturesDesk({ BTC: '1' }), marks, marks)
  // 500 contracts of $100 short: 1 BTC hedged into 50,000 dollars.
  watch.fill(start + 10 * minute, btcInverse, 'sell', '500', '50000')
  const [first] = watch.run(1)
  t.same(facts(first!), {
    returnPct: 0,
    trades: 1,
    base: '1',
    quote: '50000',
    fees: '0',
    equity: '50000',
    marks: {},
  })
  const { symbols } = watch.account.view(0)
  t.equal(toText(symbols[0]!.unrealizedPnlUsd), '10000')
  t.end()
})

t.test('a liquidation, its fee, and delivery that is no trade', (t) => {
  const marks = turning(30, '50000', '45000')
  const watch = new Watch(new FuturesDesk({ USDT: '6000' }), marks)
  watch.fill(start + 10 * minute, btcLinear, 'buy', '1000', '50000')
  watch.fill(start + 40 * minute, btcLinear, 'sell', '400', '45000', { execution: 'liquidation', fee: '9' })
  watch.at(start + 41 * minute, (desk) => desk.income(start + 41 * minute, 'liquidation-fee', 'USDT', '-90'))
  watch.fill(start + 42 * minute, btcLinear, 'sell', '100', '45000', { execution: 'adl' })
  watch.fill(start + 80 * minute, btcLinear, 'sell', '500', '45000', { execution: 'settlement' })
  const hours = watch.run(2)
  t.same(
    hours.map(({ trades, feesUsd, equityUsd, volumeBase }) => [
      trades,
      toText(feesUsd),
      toText(equityUsd!),
      toText(volumeBase),
    ]),
    [
      [3, '99', '901', '1.5'],
      [0, '0', '901', '0'],
    ],
  )
  t.equal(hours[1]!.returnPct, 0)
  t.end()
})

t.test('what a position lost beyond the wallet is −100 %', (t) => {
  const marks = turning(30, '50000', '40000')
  const watch = new Watch(new FuturesDesk({ USDT: '5000' }), marks)
  watch.fill(start + 10 * minute, btcLinear, 'buy', '1000', '50000')
  const [first] = watch.run(1)
  t.same([first!.returnPct, toText(first!.equityUsd!)], [-100, '-5000'])
  t.end()
})

t.test('collateral in another coin moves with its own price', (t) => {
  const marks = turning(30, '50000', '55000')
  const watch = new Watch(new FuturesDesk({ BTC: '1' }), marks, marks)
  // The short's loss is owed in USDT against the bitcoin.
  watch.fill(start + 10 * minute, btcLinear, 'sell', '1000', '50000', { fee: '0.1', feeAsset: 'BNB' })
  watch.desk.wallet.set('BNB', d('1'))
  const hours = watch.run(1)
  t.equal(toText(hours[0]!.equityUsd!), '99500', '55,000 − 5,000 and 0.9 BNB at 55,000')
  t.equal(toText(hours[0]!.feesUsd), '5000')
  t.end()
})

t.test('a position without a mark: nothing is stated, and after a day it is a gap', (t) => {
  const watch = new Watch(new FuturesDesk({ USDT: '5000' }), () => null)
  watch.fill(start + 10 * minute, btcLinear, 'buy', '10', '50000')
  t.same(watch.run(2), [])
  watch.account.take(watch.observation(start + 25 * hour + minute))
  t.same(watch.close(start + 25 * hour + minute).gaps, [
    { fromMs: start, toMs: start + hour, reason: 'liability-unpriced' },
  ])
  t.end()
})

t.test('marks that pause stand for an hour, and say so', (t) => {
  const marks = turning(30, '50000', null)
  const watch = new Watch(new FuturesDesk({ USDT: '5000' }), marks)
  watch.fill(start + 10 * minute, btcLinear, 'buy', '10', '50000')
  const [first] = watch.run(1)
  t.same(first!.marks.stale, [{ asset: 'BTC/USDT:USDT', ageS: 1800 }])
  t.end()
})

t.test('a position and what it was opened with are one unexplained change, not a gain and a loss', (t) => {
  const marks = turning(0, '50000', '50000')
  const watch = new Watch(new FuturesDesk({ USDT: '10000' }), marks)
  // A fill that no list shows: half a bitcoin, 100 dollars above the mark.
  watch.fill(start + 20 * minute, btcLinear, 'buy', '500', '50200', { isHidden: true })
  const [first] = watch.run(1)
  t.equal(first!.returnPct, -1)
  t.same(first!.marks.unreconciled?.map(({ asset, amount }) => [asset, amount]).toSorted(), [
    ['BTC/USDT:USDT', '500'],
    ['USDT', '-25100'],
  ])
  const gain = new Watch(new FuturesDesk({ USDT: '10000' }), marks)
  gain.fill(start + 20 * minute, btcLinear, 'buy', '500', '49800', { isHidden: true })
  t.equal(gain.run(1)[0]!.returnPct, 0, 'an unexplained gain is never gain')
  const cent = new Watch(new FuturesDesk({ USDT: '10000' }), marks)
  cent.fill(start + 10 * minute, btcLinear, 'buy', '500', '50000')
  cent.at(start + 20 * minute, (desk) => desk.wallet.set('USDT', d('9999.99')))
  t.same(cent.run(1)[0]!.marks.unreconciled, [{ asset: 'USDT', amount: '-0.01', usd: '-0.01' }])
  t.end()
})

t.test('a transfer out of the watched wallets cuts the hour, at the mark of its minute', (t) => {
  const marks = turning(30, '50000', '51000')
  const watch = new Watch(new FuturesDesk({ USDT: '10000' }), marks)
  watch.fill(start + 10 * minute, btcLinear, 'buy', '1000', '50000')
  const atMs = start + 40 * minute
  watch.flows.push({ id: 'x', flow: 'transfer', asset: 'USDT', amount: '-5500', atMs, atEstimated: false })
  watch.at(atMs, (desk) => desk.wallet.set('USDT', d('4500')))
  const [first] = watch.run(1)
  t.equal(first!.returnPct, 10)
  t.equal(toText(first!.equityUsd!), '5500')
  t.end()
})

t.test('both sides of one contract in hedge mode are one quantity', (t) => {
  const watch = new Watch(new FuturesDesk({ USDT: '10000' }), () => '50000')
  const seen = watch.observation(start + 10_000)
  const [terms] = [{ size: '0.001', settle: 'USDT' }]
  const side = { market: 'linear', symbol: 'BTC/USDT:USDT', base: 'BTC', quote: 'USDT', terms } as const
  const positions = [
    { ...side, quantity: '1000', entry: '49000.0' },
    { ...side, quantity: '-400', entry: '52000.0' },
    { ...side, quantity: '0', entry: '0.0' },
  ]
  watch.account.take({ ...seen, anchor: { ...seen.anchor!, positions } })
  const later = start + hour + minute
  watch.account.take({ ...seen, begunAtMs: later, anchor: { ...seen.anchor!, atMs: later, positions } })
  const { hours } = watch.close(later)
  t.equal(toText(hours[0]!.equityUsd!), '11800', '10,000 + 1,000 + 800')
  t.same(watch.account.lastAnchor()!.positions, positions.slice(0, 2), 'and come back as they were')
  t.same(watch.account.lastAnchor()!.balances, [{ asset: 'USDT', amount: '10000' }])
  t.end()
})

t.test('contracts without terms, or with others than before, never become a number', (t) => {
  const watch = new Watch(new FuturesDesk({ USDT: '10000' }), () => '50000')
  watch.fill(start + minute, btcLinear, 'buy', '1', '50000')
  const seen = watch.observation(start + 2 * minute)
  const { terms, ...bare } = seen.fills[0]!
  const refused = watch.account.take({
    ...seen,
    fills: [
      seen.fills[0]!,
      { ...bare, id: 'a' },
      { ...seen.fills[0]!, id: 'b', terms: { ...terms!, size: '0' } },
      { ...seen.fills[0]!, id: 'c', terms: { ...terms!, size: '1' } },
      { ...seen.fills[0]!, id: 'd', market: 'spot' },
    ],
    anchor: { ...seen.anchor!, positions: [{ ...seen.anchor!.positions![0]!, entry: '-1' }] },
  })
  t.same(
    refused.map(({ kind, reason }) => [kind, reason]),
    [
      ['fill', 'terms-missing'],
      ['fill', 'amount-not-positive'],
      ['fill', 'terms-missing'],
      ['anchor', 'amount-negative'],
      ['fill', 'contract-changed'],
    ],
  )
  t.end()
})

type Sum = 'volumeBase' | 'volumeQuoteUsd' | 'feesUsd'
const sum = (key: Sum, of: readonly { readonly [K in Sum]: Decimal }[]): Decimal =>
  of.reduce((whole, one) => add(whole, one[key]), zero)

interface Step {
  readonly terms: Terms
  readonly side: 'buy' | 'sell'
  readonly contracts: string
  readonly atMs: number
  readonly fee: string
}

const wave = (at: number): string =>
  (50_000 + Math.round(Math.sin((at - start) / 2_345_678) * 2_000_000) / 1_000).toFixed(3)

const sizes = fc.oneof(
  fc.integer({ min: 1, max: 3_000 }).map(String),
  fc.constantFrom('0.000000000000000001', '0.0000001', '1000000', '7'),
)
const steps = fc.array(
  fc.record<Step>({
    terms: fc.constantFrom(btcLinear, btcInverse),
    side: fc.constantFrom('buy', 'sell'),
    contracts: sizes,
    atMs: fc.integer({ min: 1, max: 4 * 360 - 60 }).map((tenth) => start + tenth * 10_000),
    fee: fc.constantFrom('0', '0.0001', '-0.00002'),
  }),
  { maxLength: 30 },
)

function play(made: readonly Step[]): Watch {
  const watch = new Watch(
    new FuturesDesk({ USDT: '1000000000', BTC: '100000' }),
    (_symbol, at) => wave(at),
    (_symbol, at) => wave(at),
  )
  for (const { terms, side, contracts, atMs, fee } of made.toSorted((a, b) => a.atMs - b.atMs)) {
    watch.fill(atMs, terms, side, contracts, wave(Math.floor(atMs / minute) * minute), { fee })
  }
  return watch
}

t.test(
  'equity is wallet + q·(mark − entry), whatever the exchange averages; nothing is left unexplained',
  (t) => {
    fc.assert(
      fc.property(steps, (made) => {
        const watch = play(made)
        const hours = watch.run(4)
        t.equal(hours.length, 4)
        t.ok(hours.every(({ marks }) => marks.unreconciled === undefined))
        const mark = wave(start + 4 * hour)
        const linear = watch.desk.equity(btcLinear, mark)
        const coin = watch.desk.equity(btcInverse, mark)
        const expected = add(linear, multiply(coin, d(mark)))
        const off = absolute(subtract(hours[3]!.equityUsd!, expected))
        // The exchange's own roundings, at 8 places, on as much as was held.
        t.ok(toNumber(off) < 0.5, toText(off))
      }),
      { numRuns: 40 },
    )
    t.end()
  },
)

t.test('Σ symbols = Σ hours = totals, and P&L − fees is what equity did, to the last decimal', (t) => {
  fc.assert(
    fc.property(steps, (made) => {
      const linearOnly = made.filter(({ terms }) => terms === btcLinear)
      const watch = play(linearOnly)
      watch.desk.wallet.delete('BTC')
      const hours = watch.run(4)
      const { symbols, totals } = watch.account.view(0)
      for (const key of ['volumeBase', 'volumeQuoteUsd', 'feesUsd'] as const) {
        t.equal(compare(sum(key, hours), totals[key]), 0)
        t.equal(compare(sum(key, symbols), totals[key]), 0)
      }
      const pnl = symbols.reduce(
        (whole, one) => add(whole, add(one.realizedPnlUsd, one.unrealizedPnlUsd)),
        zero,
      )
      const earned = subtract(hours[3]!.equityUsd!, d('1000000000'))
      // Equity stands on the last read: rounded by the exchange once for every fill.
      t.ok(compare(absolute(subtract(subtract(pnl, totals.feesUsd), earned)), d('0.5')) < 0)
    }),
    { numRuns: 30 },
  )
  t.end()
})

t.test('a snapshot in mid-trade restores to the same bits and the same future', (t) => {
  fc.assert(
    fc.property(steps, (made) => {
      const plain = play(made)
      const restored = play(made)
      for (let at = start + 10_000; at < start + 4 * hour; at += 40 * minute) {
        for (const one of [plain, restored]) one.account.take(one.observation(at))
        const bytes = restored.account.snapshot()
        restored.account = Account.restore(bytes)
        t.same(restored.account.snapshot(), bytes)
        restored.setMarkets()
        t.same(restored.close(at).hours.map(facts), plain.close(at).hours.map(facts))
      }
      t.same(restored.account.snapshot(), plain.account.snapshot())
    }),
    { numRuns: 10 },
  )
  t.end()
})

t.test('worth is exact: no quantity is too small and none too large', (t) => {
  const watch = new Watch(new FuturesDesk({ USDT: '1000000' }, 18), () => '50000.000000000000000001')
  watch.fill(start + 10 * minute, btcLinear, 'buy', '1000000000000', '50000')
  watch.fill(start + 11 * minute, btcLinear, 'sell', '999999999999.999999999999999999', '50000')
  const [first] = watch.run(1)
  t.equal(toText(first!.equityUsd!), '1000000.000000000000000000000000000000000000001')
  t.equal(toText(divide(first!.volumeBase, d('1'), 21)), '1999999999.999999999999999999999')
  t.end()
})
