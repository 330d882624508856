import fc from 'fast-check'
import t from 'tap'
import { toText } from '@perf-agg/sdk'
import { Composite } from '../../src/accounting/composite/composite.ts'
import type { Closed, Hour } from '../../src/accounting/hour/hour.ts'
import { defaultRules } from '../../src/accounting/rules.ts'
import { Desk, hour, minute, start } from './desk.ts'

const flat = (symbol: string): string =>
  ({ 'BTC/USDT': '50000', 'BNB/USDT': '300', 'ETH/USDT': '2000' })[symbol] ?? '1'

/** Several desks and the composite of their accounts. */
class Family {
  composite = Composite.open('live', defaultRules)
  readonly desks: Map<string, Desk>

  constructor(desks: Record<string, Desk>) {
    this.desks = new Map(Object.entries(desks))
    for (const [id, desk] of this.desks) this.composite.join(id, desk.account, 'live')
  }

  add(id: string, desk: Desk): void {
    this.desks.set(id, desk)
    this.composite.join(id, desk.account, 'live')
  }

  close(nowMs: number): Closed {
    for (let round = 0; round < 10; round += 1) {
      const wants = this.composite.priceWants()
      if (wants.length === 0) break
      for (const { id, want } of wants) {
        const desk = this.desks.get(id)!
        desk.account.takeCandles(want, desk.candles(want.symbol, want.fromMs, want.toMs))
      }
    }
    return this.composite.close(nowMs)
  }

  run(fromMs: number, toMs: number, everyMs = 10 * minute, away: readonly string[] = []): Closed {
    const all = { hours: [], gaps: [], corrections: [] } as { [K in keyof Closed]: Closed[K][number][] }
    for (let at = fromMs; at <= toMs; at += everyMs) {
      for (const [id, desk] of this.desks) {
        if (away.includes(id)) continue
        desk.poll(at)
        desk.close(at)
      }
      const closed = this.close(at)
      all.hours.push(...closed.hours)
      all.gaps.push(...closed.gaps)
      all.corrections.push(...closed.corrections)
    }
    return all
  }
}

const first = (family: Family, hours = 1) =>
  family.run(start + 10_000, start + hours * hour + 2 * minute, minute)
const facts = ({ returnPct, equityUsd, flows, trades, marks }: Hour) => [
  returnPct,
  toText(equityUsd!),
  flows.count,
  toText(flows.netUsd),
  trades,
  marks,
]
const rising = (symbol: string, at: number): string =>
  symbol === 'BTC/USDT' && at >= start + 30 * minute ? '55000' : flat(symbol)

t.test('accounts count by what is in them', (t) => {
  const family = new Family({
    a: new Desk({ opening: { BTC: '0.02' }, prices: rising }),
    b: new Desk({ opening: { USDT: '9000' }, prices: rising }),
  })
  const { hours } = first(family)
  t.same(hours.map(facts), [[1, '10100', 0, '0', 0, {}]])
  t.same(family.composite.members, [
    { id: 'a', fromMs: start },
    { id: 'b', fromMs: start },
  ])
  t.end()
})

t.test("what moves between a client's own accounts is no flow, not even while it is on its way", (t) => {
  const a = new Desk({ opening: { BTC: '1', USDT: '1000' }, prices: rising })
  const b = new Desk({ opening: { USDT: '1000' }, prices: rising })
  // Leaves before the price rises, arrives in the next hour; the network keeps a little.
  a.flow(start + 20 * minute, 'withdrawal', 'BTC', '-1')
  b.flow(start + 80 * minute, 'deposit', 'BTC', '0.999')
  const family = new Family({ a, b })
  const { hours, corrections } = first(family, 2)
  // Before it arrived it looked like a withdrawal.
  t.same(facts(hours[0]!), [0, '2000', 1, '-50000', 0, {}])
  t.equal(corrections.length, 1)
  const [corrected] = corrections[0]!.hours
  t.equal(toText(corrected!.equityUsd!), '56945')
  t.same([corrected!.flows.count, toText(corrected!.flows.netUsd)], [0, '0'])
  t.ok(Math.abs(corrected!.returnPct! - (56945 / 52000 - 1) * 100) < 1e-9, 'the rise, less the network fee')
  t.same(facts(hours[1]!), [0, '56945', 0, '0', 0, {}])
  t.end()
})

t.test('a withdrawal that arrives nowhere is one', (t) => {
  const a = new Desk({ opening: { USDT: '1000' }, prices: flat })
  const b = new Desk({ opening: { USDT: '1000' }, prices: flat })
  a.flow(start + 10 * minute, 'withdrawal', 'USDT', '-500')
  // Another coin, too little, and too much.
  b.flow(start + 20 * minute, 'deposit', 'USDC', '500')
  b.flow(start + 21 * minute, 'deposit', 'USDT', '449')
  b.flow(start + 22 * minute, 'deposit', 'USDT', '501')
  b.flow(start + 23 * minute, 'reward', 'USDT', '500')
  const { hours } = first(new Family({ a, b }))
  t.same(facts(hours[0]!), [0, '3450', 5, '1450', 0, {}])
  t.end()
})

t.test('of several that may be one, what arrived whole is', (t) => {
  const a = new Desk({ opening: { USDT: '2000' }, prices: flat })
  const b = new Desk({ opening: { USDT: '1000' }, prices: flat })
  a.flow(start + 10 * minute, 'withdrawal', 'USDT', '-505')
  a.flow(start + 11 * minute, 'transfer', 'USDT', '-500')
  b.flow(start + 20 * minute, 'transfer', 'USDT', '500')
  const { hours } = first(new Family({ a, b }))
  // Had the first been taken for it, five dollars would be lost on the way.
  t.same(facts(hours[0]!), [0, '2495', 1, '-505', 0, {}])
  t.end()
})

t.test('what arrives later than a day after, or before anything left, is something else', (t) => {
  const a = new Desk({ opening: { USDT: '2000' }, prices: flat })
  const b = new Desk({ opening: { USDT: '1000' }, prices: flat })
  a.flow(start + 30 * minute, 'withdrawal', 'USDT', '-500')
  b.flow(start + 27 * minute, 'deposit', 'USDT', '500')
  b.flow(start + 30 * minute + 24 * hour + 1, 'deposit', 'USDT', '500')
  const { hours, corrections } = new Family({ a, b }).run(start + 10_000, start + 26 * hour, 30 * minute)
  t.same(facts(hours[0]!), [0, '3000', 2, '0', 0, {}])
  t.same(facts(hours[24]!), [0, '3500', 1, '500', 0, {}])
  t.same(corrections, [])
  t.end()
})

t.test('who joins brings a flow, and does not change what was', (t) => {
  const family = new Family({ a: new Desk({ opening: { BTC: '0.02' }, prices: rising }) })
  const early = first(family)
  const late = new Desk({
    opening: { USDT: '50000' },
    account: { openedAtMs: start + hour + 3 * minute, firstRegisteredAtMs: start + hour },
  })
  family.add('b', late)
  const { hours, corrections } = family.run(start + hour + 3 * minute, start + 3 * hour + 2 * minute, minute)
  t.same([...early.hours, ...hours].map(facts), [
    [10, '1100', 0, '0', 0, {}],
    [0, '1100', 0, '0', 0, {}],
    [0, '51100', 1, '50000', 0, {}],
  ])
  t.same(corrections, [])
  t.end()
})

const half = (symbol: string, at: number): string =>
  symbol === 'BTC/USDT' && at >= start + 5 * hour ? '25000' : flat(symbol)

t.test('a gap of one is a gap of all, and its loss is carried by all', (t) => {
  const family = new Family({
    a: new Desk({ opening: { BTC: '0.02' }, prices: half }),
    b: new Desk({ opening: { USDT: '1000' }, prices: half }),
  })
  first(family, 2)
  // The key of the losing account is taken away for two days.
  const away = family.run(start + 2 * hour + 10 * minute, start + 48 * hour, 30 * minute, ['a'])
  t.equal(away.hours.length, 0)
  t.equal(away.gaps[0]!.reason, 'member-unseen')
  const back = family.run(start + 48 * hour + minute, start + 50 * hour + minute, 30 * minute)
  const [carrying] = back.hours
  t.equal(carrying!.marks.approximate, true)
  t.equal(carrying!.returnPct, -25, '2,000 became 1,500')
  const { portfolio, coverage } = family.composite.view()
  t.equal(portfolio.reasons['max_drawdown_pct'], 'lower_bound')
  t.ok(coverage.gaps.length > 0)
  t.end()
})

t.test('a member that is lost to −100 % takes the composite down by its part only', (t) => {
  const a = new Desk({ opening: { USDT: '1000' }, prices: flat })
  a.convert(start + 20 * minute, 'convert', [['USDT', '-1000']])
  const { hours } = first(new Family({ a, b: new Desk({ opening: { USDT: '3000' }, prices: flat }) }))
  t.equal(hours[0]!.returnPct, -25)
  t.end()
})

t.test('self-reported, simulated and live are never one', (t) => {
  t.throws(() => Composite.open('self-reported', defaultRules), { code: 'COMPOSITE_SELF_REPORTED' })
  const composite = Composite.open('live', defaultRules)
  const { account } = new Desk({ opening: { USDT: '1' } })
  t.throws(() => composite.join('a', account, 'simulated'), { code: 'COMPOSITE_MIXED' })
  t.throws(() => composite.join('a', account, 'self-reported'), { code: 'COMPOSITE_MIXED' })
  t.end()
})

t.test("an account's long past is the composite's until another joins", (t) => {
  const rules = { ...defaultRules, correctionWindowMs: 24 * hour }
  const rise = (symbol: string, at: number): string =>
    symbol === 'BTC/USDT' ? String(50_000 + Math.floor((at - start) / hour) * 100) : flat(symbol)
  const a = new Desk({ opening: { BTC: '1', USDT: '1000' }, prices: rise, account: { rules } })
  a.flow(start + 10 * hour + minute, 'deposit', 'USDT', '500')
  for (let at = start + 10_000; at <= start + 80 * hour + 10_000; at += hour) {
    // A day and more without any answer: a gap that is a part of the past.
    if (at > start + 20 * hour && at < start + 50 * hour) continue
    a.poll(at + minute)
    a.close(at + minute)
  }
  const own = a.account.view(0)
  const family = new Family({ a })
  family.close(start + 80 * hour + 2 * minute)
  const alone = family.composite.view()
  t.same(alone.coverage, own.coverage)
  t.same(alone.portfolio, own.portfolio)
  t.same(alone.hours.map(facts), own.hours.map(facts))
  const b = new Desk({
    opening: { USDT: '9000' },
    prices: rise,
    account: { openedAtMs: start + 80 * hour, firstRegisteredAtMs: start + 80 * hour, rules },
  })
  family.add('b', b)
  const joined = family.run(start + 80 * hour + 3 * minute, start + 82 * hour + 5 * minute, minute)
  t.same(
    joined.hours.map(({ returnPct, equityUsd, flows }) => [
      returnPct,
      toText(equityUsd!),
      toText(flows.netUsd),
    ]),
    [
      [(100 / (58_000 + 1_500 + 9_000)) * 100, '68600', '9000'],
      [(100 / 68_600) * 100, '68700', '0'],
    ],
  )
  t.same(
    [...family.composite.weights()].map(([, weight]) => weight!.toFixed(6)),
    [((59_700 / 68_700) * 100).toFixed(6), ((9_000 / 68_700) * 100).toFixed(6)],
  )
  t.end()
})

t.test('a flow at the very turn of an hour is a flow of that hour, and no gain', (t) => {
  const a = new Desk({ opening: { USDT: '1000' }, prices: flat })
  const b = new Desk({ opening: { USDT: '500' }, prices: flat })
  a.flow(start + hour, 'deposit', 'USDT', '300')
  b.flow(start + hour, 'withdrawal', 'USDT', '-100')
  const { hours } = first(new Family({ a, b }), 2)
  t.same(
    hours.map((one) => facts(one).slice(0, 4)),
    [
      [0, '1500', 0, '0'],
      [0, '1700', 2, '200'],
    ],
  )
  t.end()
})

const prices = (symbol: string, at: number): string => {
  const base = { 'BTC/USDT': 50_000, 'BNB/USDT': 300, 'ETH/USDT': 2_000 }[symbol] ?? 1
  const wave = Math.round(Math.sin((at - start) / 2_345_678 + base) * 1_000)
  return ((base * (100_000 + wave)) / 100_000).toFixed(4)
}

interface Step {
  readonly who: 'a' | 'b'
  readonly kind: 'buy' | 'sell' | 'deposit' | 'withdrawal' | 'reward' | 'move'
  readonly atMs: number
  readonly symbol: string
  readonly size: number
}
const steps = fc.uniqueArray(
  fc.record<Step>({
    who: fc.constantFrom('a', 'b'),
    kind: fc.constantFrom('buy', 'sell', 'deposit', 'withdrawal', 'reward', 'move'),
    atMs: fc
      .oneof(fc.integer({ min: 1, max: 4 * 360 - 10 }), fc.constantFrom(360, 720, 361))
      .map((tenth) => start + tenth * 10_000),
    symbol: fc.constantFrom('BTC/USDT', 'ETH/USDT'),
    size: fc.integer({ min: 1, max: 9_999 }),
  }),
  { maxLength: 20, selector: ({ atMs }) => atMs },
)

/** The same story told to two accounts and to one that holds both. */
function tell(made: readonly Step[]): { family: Family; whole: Desk } {
  const a = new Desk({ opening: { USDT: '60000', BTC: '1' }, prices })
  const b = new Desk({ opening: { USDT: '40000', BTC: '1', ETH: '20' }, prices })
  const whole = new Desk({ opening: { USDT: '100000', BTC: '2', ETH: '20' }, prices })
  for (const { who, kind, atMs, symbol, size } of made) {
    const one = who === 'a' ? a : b
    const asset = symbol.split('/')[0]!
    const quantity = `0.${String(size).padStart(6, '0')}`
    if (kind === 'buy' || kind === 'sell') {
      for (const desk of [one, whole]) desk.fill(atMs, kind, symbol, quantity, prices(symbol, atMs))
    } else if (kind === 'move') {
      // Arrives at the same instant: the whole account sees nothing.
      one.flow(atMs, 'transfer', asset, `-${quantity}7`)
      ;(one === a ? b : a).flow(atMs, 'transfer', asset, `${quantity}7`)
    } else {
      // Amounts of their own, so that none is taken for a move.
      const amount = `${kind === 'withdrawal' ? '-' : ''}${kind === 'deposit' ? '1' : '0'}${quantity.slice(1)}`
      for (const desk of [one, whole]) desk.flow(atMs, kind, asset, amount)
    }
  }
  return { family: new Family({ a, b }), whole }
}

t.test('the composite of two accounts is the account that holds both', (t) => {
  fc.assert(
    fc.property(steps, (made) => {
      const { family, whole } = tell(made)
      const composed = family.run(start + 7_000, start + 5 * hour, 15 * minute)
      const hours = new Map(composed.hours.map((one) => [one.startMs, one]))
      for (const one of composed.corrections.flatMap((correction) => correction.hours))
        hours.set(one.startMs, one)
      const expected = whole.run(start + 7_000, start + 5 * hour, 15 * minute).hours
      t.equal(expected.length, hours.size)
      for (const one of expected) {
        const got = hours.get(one.startMs)!
        t.ok(Math.abs(got.returnPct! - one.returnPct!) < 1e-9, `${got.returnPct} is ${one.returnPct}`)
        t.same(facts(got).slice(1), facts(one).slice(1))
        for (const key of ['volumeBase', 'volumeQuoteUsd', 'feesUsd'] as const)
          t.equal(toText(got[key]), toText(one[key]))
      }
    }),
    { numRuns: 25 },
  )
  t.end()
})

t.test('a snapshot restores to the same bits and the same future', (t) => {
  fc.assert(
    fc.property(steps, (made) => {
      const plain = tell(made).family
      const restored = tell(made).family
      for (let at = start + 7_000; at < start + 5 * hour; at += 35 * minute) {
        const closed = plain.run(at, at)
        const bytes = restored.composite.snapshot()
        const accounts = new Map([...restored.desks].map(([id, desk]) => [id, desk.account]))
        restored.composite = Composite.restore(bytes, accounts)
        t.same(restored.composite.snapshot(), bytes)
        t.same(restored.run(at, at).hours.map(facts), closed.hours.map(facts))
      }
      t.same(restored.composite.snapshot(), plain.composite.snapshot())
      t.throws(() => Composite.restore(plain.composite.snapshot(), new Map()), { code: 'SNAPSHOT_INVALID' })
    }),
    { numRuns: 8 },
  )
  t.end()
})
