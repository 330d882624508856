import fc from 'fast-check'
import t from 'tap'
import { add, compare, negate, toText, zero } from '@perf-agg/sdk'
import type { Balances } from '../../src/accounting/ledger/balances.ts'
import type { FlowEntry } from '../../src/accounting/entry/entry.ts'
import { Ledger } from '../../src/accounting/ledger/ledger.ts'
import { d, hour, minute, start } from './desk.ts'

let id = 0
const flow = (atMs: number, asset: string, amount: string): FlowEntry => ({
  kind: 'flow',
  key: `k${++id}`,
  id: `${id}`,
  atMs,
  flow: 'transfer',
  atEstimated: false,
  changes: [{ asset, amount: d(amount) }],
})
const held = (amounts: Record<string, string>): Balances =>
  new Map(Object.entries(amounts).map(([asset, amount]) => [asset, d(amount)]))
const text = (balances: Balances | null): Record<string, string> =>
  Object.fromEntries([...(balances ?? [])].map(([asset, amount]) => [asset, toText(amount)]))

t.test('balances roll back from the first anchor after', (t) => {
  const ledger = new Ledger(start, 8)
  ledger.takeAnchor(start + minute, held({ USDT: '100' }))
  ledger.take(flow(start + 10 * minute, 'USDT', '5'))
  ledger.take(flow(start + 20 * minute, 'BTC', '1'))
  ledger.takeAnchor(start + 30 * minute, held({ USDT: '105', BTC: '1' }))
  t.same(text(ledger.balancesBefore(start)), { USDT: '100' })
  t.same(
    text(ledger.balancesBefore(start + 10 * minute)),
    { USDT: '100' },
    'just before an entry of that instant',
  )
  t.same(text(ledger.balancesBefore(start + 10 * minute + 1)), { USDT: '105' })
  t.same(text(ledger.balancesBefore(start + hour)), { USDT: '105', BTC: '1' })
  t.same(ledger.residuals(0, start + hour, start + hour), [])
  t.end()
})

t.test('balance(t1) − balance(t0) = Σ explained + residual, for any history, in any order', (t) => {
  const amount = fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((n) => `${n}e-8`)
  const entry = fc.tuple(fc.integer({ min: 1, max: 200 }), fc.constantFrom('A', 'B', 'C'), amount)
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 30 }),
      fc.array(entry, { maxLength: 5 }),
      fc.nat(),
      (shown, hidden, seed) => {
        const entries = shown.map(([at, asset, value]) => flow(start + at * 10_000, asset, value))
        const all = [...shown, ...hidden]
        const at = (atMs: number): Balances => {
          const balances: Balances = new Map()
          for (const [when, asset, value] of all) {
            if (start + when * 10_000 <= atMs) balances.set(asset, add(balances.get(asset) ?? zero, d(value)))
          }
          return balances
        }
        const make = (order: FlowEntry[]): Ledger => {
          const ledger = new Ledger(start, 30)
          for (const each of order.slice(0, seed % 10)) ledger.take(each)
          // Five seconds beside every entry.
          for (let atMs = start + 5_000; atMs < start + 40 * minute; atMs += 7 * minute)
            ledger.takeAnchor(atMs, at(atMs))
          for (const each of order) ledger.take(each)
          return ledger
        }
        const ledger = make(entries)
        const residuals = ledger.residuals(0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
        for (const asset of ['A', 'B', 'C']) {
          const missing = hidden
            .filter(([, name]) => name === asset)
            .reduce((sum, [, , value]) => add(sum, d(value)), zero)
          const found = residuals
            .filter((one) => one.asset === asset)
            .reduce((sum, one) => add(sum, one.amount), zero)
          t.equal(compare(found, missing), 0, 'what nothing explains is found whole')
        }
        const other = make(entries.toReversed())
        t.same(
          text(other.balancesBefore(start + 20 * minute)),
          text(ledger.balancesBefore(start + 20 * minute)),
        )
        t.same(
          other
            .residuals(0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
            .map(({ amount: one }) => toText(one)),
          residuals.map(({ amount: one }) => toText(one)),
        )
      },
    ),
    { numRuns: 60 },
  )
  t.end()
})

t.test('one unit in the last place per entry is rounding, more is a residual', (t) => {
  const off = (difference: string): number => {
    const ledger = new Ledger(start, 8)
    ledger.takeAnchor(start + minute, held({ USDT: '1' }))
    ledger.take(flow(start + 2 * minute, 'USDT', '1'))
    ledger.takeAnchor(start + 10 * minute, new Map([['USDT', add(d('2'), d(difference))]]))
    return ledger.residuals(0, start + hour, start + hour).length
  }
  t.equal(off('1e-8'), 0)
  t.equal(off('-1e-8'), 0)
  t.equal(off('2e-8'), 1)
  const silent = new Ledger(start, 8)
  silent.takeAnchor(start + minute, held({ USDT: '1' }))
  silent.takeAnchor(start + 2 * minute, held({ USDT: '1.00000001' }))
  t.equal(silent.residuals(0, start + hour, start + hour).length, 1, 'without any entry nothing is rounding')
  t.end()
})

t.test('what is lost lies between: boundaries before it stand on the anchor before', (t) => {
  const ledger = new Ledger(start, 8)
  ledger.takeAnchor(start + minute, held({ USDT: '100' }))
  ledger.takeAnchor(start + 5 * hour, held({ USDT: '60' }))
  ledger.takeLost({ fromMs: start + 2 * hour, toMs: start + 3 * hour })
  ledger.takeLost({ fromMs: start + 3 * hour, toMs: start + 4 * hour })
  t.same(ledger.lost, [{ fromMs: start + 2 * hour, toMs: start + 4 * hour }])
  t.same(text(ledger.balancesBefore(start + 2 * hour)), { USDT: '100' })
  t.same(text(ledger.balancesBefore(start + 4 * hour)), { USDT: '60' })
  t.same(
    ledger
      .residuals(start + 2 * hour, start + 3 * hour, start + 5 * hour)
      .map(({ amount }) => toText(amount)),
    ['-40'],
  )
  t.end()
})

t.test('an anchor beyond the last complete poll says nothing yet', (t) => {
  const ledger = new Ledger(start, 8)
  ledger.takeAnchor(start + minute, held({ USDT: '100' }))
  ledger.takeAnchor(start + 2 * minute, held({ USDT: '90' }))
  t.equal(ledger.residuals(0, start + hour, start + minute).length, 0)
  t.equal(ledger.residuals(0, start + hour, start + 2 * minute).length, 1)
  t.end()
})

t.test('of an hour the first anchor and the last are kept', (t) => {
  const ledger = new Ledger(start, 8)
  for (let at = 1; at < 150; at += 1) ledger.takeAnchor(start + at * minute, held({}))
  t.same(
    ledger.anchors.map(({ atMs }) => (atMs - start) / minute),
    [1, 59, 60, 119, 120, 149],
  )
  t.equal(ledger.takeAnchor(start + 100 * minute, held({})), false, 'an old story')
  t.equal(ledger.takeAnchor(start + 149 * minute, held({})), true, 'the same again')
  t.equal(ledger.takeAnchor(start + 149 * minute, held({ A: '1' })), false, 'another one of the same instant')
  t.end()
})

t.test('an entry is taken once; one that came with other content replaces it; old ones are folded', (t) => {
  const ledger = new Ledger(start, 8)
  const one = flow(start + minute, 'USDT', '5')
  t.equal(ledger.take(one), 'new')
  t.equal(ledger.take({ ...one, changes: [{ asset: 'USDT', amount: d('5.00') }] }), 'known')
  t.equal(ledger.take({ ...one, changes: [{ asset: 'USDT', amount: negate(d('5')) }] }), 'changed')
  t.equal(ledger.entries(start, start + hour).length, 1)
  ledger.fold(start + hour)
  t.equal(ledger.entries(0, start + hour).length, 0)
  t.equal(ledger.take(one), 'folded')
  t.end()
})
