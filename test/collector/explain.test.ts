import { add, negate, parseDecimal, toText } from '@perf-agg/sdk'
import fc from 'fast-check'
import t from 'tap'
import { type Entry, explain, residualText, sameBalances } from '../../src/collector/explain.ts'

const base = { atMs: 1_000, balances: [{ asset: 'USDT', amount: '100' }] }

/** Balances after the entries until `untilMs`. */
function after(entries: readonly Entry[], untilMs: number) {
  const held = new Map(base.balances.map(({ asset, amount }) => [asset, parseDecimal(amount)]))
  for (const { atMs, changes } of entries) {
    if (atMs <= base.atMs || atMs > untilMs) continue
    for (const [asset, amount] of changes) held.set(asset, add(held.get(asset) ?? parseDecimal('0'), amount))
  }
  return [...held]
    .filter(([, amount]) => amount.digits !== 0n)
    .map(([asset, amount]) => ({ asset, amount: toText(amount) }))
}

const entries = fc.array(
  fc.record({
    atMs: fc.integer({ min: 990, max: 1_100 }),
    changes: fc.array(
      fc.tuple(
        fc.constantFrom('USDT', 'BTC', 'BNB'),
        fc.integer({ min: 1, max: 1e9 }).map((units) => parseDecimal(`0.${String(units).padStart(9, '0')}`)),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  { maxLength: 30 },
)

t.test('any true ledger explains its balances, read at any time', async (t) => {
  fc.assert(
    fc.property(entries, fc.integer({ min: 1_000, max: 1_100 }), (list, readMs) => {
      const explanation = explain(base, after(list, readMs), list, readMs)
      if (explanation.kind !== 'exact') return false
      // amounts are positive here: only one cut can fit
      return list.every(({ atMs }) => atMs <= base.atMs || atMs > readMs === atMs > explanation.atMs)
    }),
  )
  t.pass()
})

t.test('a ledger that lacks one entry leaves exactly that', async (t) => {
  fc.assert(
    fc.property(entries, fc.nat(), (list, pick) => {
      const later = list.filter(({ atMs }) => atMs > base.atMs)
      const missing = later[pick % Math.max(later.length, 1)]
      if (missing === undefined) return true
      const explanation = explain(
        base,
        after(list, 1_100),
        list.filter((entry) => entry !== missing),
        1_200,
      )
      if (explanation.kind !== 'open') return false
      const rest = after([{ ...missing, atMs: 1_001 }], 1_100).filter(({ asset }) => asset !== 'USDT')
      return rest.every(
        ({ asset, amount }) => toText(explanation.residual.get(asset) ?? parseDecimal('0')) === amount,
      )
    }),
  )
  t.pass()
})

t.test('entries before the read cannot be left out, even where the balances would fit', async (t) => {
  const sold: Entry = {
    atMs: 2_000,
    changes: [
      ['BTC', parseDecimal('-1')],
      ['USDT', parseDecimal('50')],
    ],
  }
  t.equal(explain(base, base.balances, [sold], 3_000).kind, 'open')
  t.strictSame(explain(base, base.balances, [sold], 1_500), { kind: 'exact', atMs: 1_000 })
})

t.test('a residual has one text', async (t) => {
  const residual = new Map([
    ['USDT', parseDecimal('-5')],
    ['BTC', parseDecimal('0.1')],
  ])
  t.equal(residualText(residual), 'BTC 0.1, USDT -5')
  t.equal(sameBalances([{ asset: 'A', amount: '1.0' }], [{ asset: 'A', amount: '1' }]), true)
  t.equal(sameBalances([{ asset: 'A', amount: '1' }], [{ asset: 'B', amount: '1' }]), false)
  t.equal(
    sameBalances([{ asset: 'A', amount: '1' }], [{ asset: 'A', amount: toText(negate(parseDecimal('1'))) }]),
    false,
  )
})
