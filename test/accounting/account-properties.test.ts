import fc from 'fast-check'
import t from 'tap'
import { add, compare, toText, zero } from '@perf-agg/sdk'
import { Account } from '../../src/accounting/account.ts'
import type { Hour } from '../../src/accounting/hour/hour.ts'
import { Desk, hour, minute, start } from './desk.ts'

const prices = (symbol: string, at: number): string => {
  const base = { 'BTC/USDT': 50_000, 'BNB/USDT': 300, 'ETH/USDT': 2_000 }[symbol] ?? 1
  const wave = Math.round(Math.sin((at - start) / 2_345_678 + base) * 1_000)
  return ((base * (100_000 + wave)) / 100_000).toFixed(4)
}

interface Step {
  readonly kind: 'buy' | 'sell' | 'deposit' | 'withdrawal' | 'reward' | 'dust'
  readonly atMs: number
  readonly symbol: string
  readonly size: number
}

const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom('buy', 'sell', 'deposit', 'withdrawal', 'reward', 'dust'),
    // Now and then two at one instant.
    atMs: fc.integer({ min: 1, max: 9 * 360 }).map((tenth) => start + tenth * 10_000),
    symbol: fc.constantFrom('BTC/USDT', 'ETH/USDT'),
    size: fc.integer({ min: 1, max: 9_999 }),
  }),
  { maxLength: 25 },
)

function play(made: readonly Step[]): Desk {
  const desk = new Desk({ opening: { USDT: '100000', BTC: '2', ETH: '20', BNB: '10' }, prices })
  for (const { kind, atMs, symbol, size } of made) {
    const quantity = `0.${String(size).padStart(6, '0')}`
    if (kind === 'buy' || kind === 'sell') {
      desk.fill(atMs, kind, symbol, quantity, prices(symbol, atMs), { fees: [['BNB', '0.0001']] })
    } else if (kind === 'dust') {
      desk.convert(atMs, 'dust', [
        ['ETH', '-0.0001'],
        ['BNB', '0.0006'],
      ])
    } else {
      desk.flow(atMs, kind, symbol.split('/')[0]!, kind === 'withdrawal' ? `-${quantity}` : quantity)
    }
  }
  return desk
}

const shape = (hours: readonly Hour[]): unknown[] =>
  hours.map((one) => [
    one.startMs,
    one.returnPct,
    one.trades,
    ...[one.volumeBase, one.volumeQuoteUsd, one.feesUsd, one.equityUsd ?? zero, one.flows.netUsd].map(toText),
    one.flows.count,
    one.marks,
  ])

t.test('hours do not depend on when polls happened, nor on the order in which entries came', (t) => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 50 }), (made, every) => {
      const often = play(made)
      const a = often.run(start + 7_000, start + 10 * hour, 5 * minute).hours
      const seldom = play(made)
      const b = [...seldom.run(start + 11_000, start + 10 * hour, every * minute).hours]
      seldom.account.take({
        ...seldom.observation(start + 10 * hour),
        fills: seldom.observation(start + 10 * hour).fills.toReversed(),
      })
      b.push(...seldom.close(start + 10 * hour).hours)
      const count = Math.min(a.length, b.length)
      t.ok(count >= 9)
      t.same(shape(b.slice(0, count)), shape(a.slice(0, count)))
      t.ok(a.every((one) => one.marks.unreconciled === undefined))
    }),
    { numRuns: 25 },
  )
  t.end()
})

t.test('Σ hours = totals = Σ symbols, exactly', (t) => {
  fc.assert(
    fc.property(steps, (made) => {
      const desk = play(made)
      const { hours } = desk.run(start + 7_000, start + 10 * hour, 20 * minute)
      const { totals, symbols } = desk.account.view(0)
      for (const key of ['volumeBase', 'volumeQuoteUsd', 'feesUsd'] as const) {
        const whole = hours.reduce((sum, one) => add(sum, one[key]), zero)
        const parts = symbols.reduce((sum, one) => add(sum, one[key]), zero)
        t.equal(compare(whole, totals[key]), 0)
        t.equal(compare(parts, totals[key]), 0)
      }
      t.equal(
        hours.reduce((sum, one) => sum + one.trades, 0),
        totals.trades,
      )
    }),
    { numRuns: 25 },
  )
  t.end()
})

t.test('taking again changes nothing; a snapshot restores to the same bits and the same future', (t) => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 20 }), (made, when) => {
      const plain = play(made)
      const restored = play(made)
      for (let round = 1; round <= 20; round += 1) {
        const at = start + round * 30 * minute + 9_000
        for (const desk of [plain, restored]) desk.poll(at)
        restored.poll(at)
        if (round === when) {
          // In the middle of pricing, too.
          const want = restored.account.priceWants(at)[0]
          if (want) restored.account.takeCandles(want, restored.candles(want.symbol, want.fromMs, want.toMs))
        }
        const bytes = restored.account.snapshot()
        restored.account = Account.restore(bytes)
        t.same(restored.account.snapshot(), bytes)
        restored.account.setMarkets(restored.markets)
        t.same(shape(restored.close(at).hours), shape(plain.close(at).hours))
      }
      t.same(restored.account.snapshot(), plain.account.snapshot())
    }),
    { numRuns: 12 },
  )
  t.end()
})

t.test('a snapshot that is cut, prolonged or changed is refused or is another state, never a crash', (t) => {
  const desk = play([{ kind: 'buy', atMs: start + minute, symbol: 'BTC/USDT', size: 100 }])
  desk.run(start + 7_000, start + 3 * hour, 20 * minute)
  const bytes = desk.account.snapshot()
  const refused = { code: 'SNAPSHOT_INVALID' }
  for (let at = 0; at < bytes.length; at += 7) t.throws(() => Account.restore(bytes.subarray(0, at)), refused)
  t.throws(() => Account.restore(new Uint8Array([...bytes, 0])), refused)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const other = bytes.slice()
      other[at] = other[at]! ^ change
      try {
        t.same(Account.restore(other).snapshot(), other)
      } catch (error) {
        // Another digit in its first line is another form of it.
        t.match(error, { code: /^SNAPSHOT_(?:INVALID|VERSION)$/ })
      }
    }),
    { numRuns: 300 },
  )
  t.end()
})

t.test('state stays bounded: what can not change any more is folded', (t) => {
  const desk = new Desk({ opening: { USDT: '100000', BTC: '1' }, prices })
  for (let day = 0; day < 30; day += 1) {
    for (let at = 1; at < 20; at += 1) {
      desk.fill(start + day * 24 * hour + at * hour, at % 2 ? 'buy' : 'sell', 'BTC/USDT', '0.01', '50000')
    }
  }
  for (let at = start + minute; at < start + 30 * 24 * hour; at += 3 * hour) {
    desk.poll(at)
    desk.close(at)
  }
  const last = desk.account.snapshot().length
  // Hours take 24 kB, what can still be corrected the rest.
  t.ok(last < 45_000, `${last} bytes`)
  t.equal(desk.account.view(0), desk.account.view(0), 'a view is made once for what is stated')
  const view = desk.account.view(0)
  t.equal(
    view.totals.trades,
    view.hours.reduce((sum, one) => sum + one.trades, 0),
  )
  t.equal(view.hours.length, 24 * 30 - 3)
  t.end()
})
