import t from 'tap'
import { carryOf } from '../../src/accounting/hour/carry.ts'
import type { GapSpan } from '../../src/accounting/hour/carry.ts'
import { growthOf, percentOf } from '../../src/accounting/hour/sub-period.ts'
import type { SubPeriod } from '../../src/accounting/hour/sub-period.ts'
import { d } from './desk.ts'

const floor = d('100')
const period = (
  startUsd: string,
  endUsd: string,
  gainedUsd = '0',
  hasResidual = gainedUsd !== '0',
): SubPeriod => ({
  fromMs: 0,
  toMs: 1,
  startUsd: d(startUsd),
  endUsd: d(endUsd),
  gainedUsd: d(gainedUsd),
  hasResidual,
})
const growth = (one: SubPeriod): unknown => {
  const result = growthOf(one, floor)
  return result.kind === 'factor' ? [percentOf(result.factor), result.belowFloor] : result.kind
}

t.test('a sub-period: V1 / V0 − 1, and what an unexplained gain makes of it', (t) => {
  t.same(growth(period('1000', '1100')), [10, false])
  // min(1100 / 1500, 600 / 1000)
  t.same(growth(period('1000', '1100', '500')), [-40, false])
  // A real gain beside it counts: min(2100 / 1500, 1600 / 1000).
  t.same(growth(period('1000', '2100', '500')), [40, false])
  t.same(growth(period('1000', '400', '500')), 'hold', '−110 % is not concluded')
  t.same(growth(period('1000', '0')), 'wiped-out')
  t.same(growth(period('1000', '-5')), 'wiped-out')
  t.same(growth(period('1000', '0', '0', true)), 'hold', 'nor a wipe-out from a residual')
  t.same(growth(period('0', '0')), 'no-capital')
  t.same(growth(period('0', '50', '100')), [-50, false], 'found and lost again')
  t.same(growth(period('0', '200', '100')), [0, false], 'out of nothing comes no gain')
  t.end()
})

t.test('on less than the floor only losses link', (t) => {
  t.same(growth(period('99', '198')), [0, true])
  t.same(growth(period('99', '49.5')), [-50, true])
  t.same(growth(period('100', '200')), [100, false])
  t.same(growth({ ...period('99', '198'), toMs: 0 }), [100, false], 'no time, no rule')
  t.end()
})

t.test('a return is rounded once, to the nearest double', (t) => {
  t.equal(percentOf({ top: d('4'), bottom: d('3') }), 100 / 3)
  t.equal(percentOf({ top: d('1.000000000000000000000001'), bottom: d('1') }), 1e-22)
  t.equal(percentOf({ top: d('7'), bottom: d('7') }), 0)
  t.end()
})

const gap = (
  over: Partial<Record<'startUsd' | 'endUsd' | 'gainedUsd', string>>,
  flows: [number, string][] = [],
): GapSpan => ({
  fromMs: 0,
  toMs: 100,
  startUsd: d(over.startUsd ?? '1000'),
  endUsd: d(over.endUsd ?? '1000'),
  flows: flows.map(([atMs, usd]) => ({ atMs, usd: d(usd) })),
  gainedUsd: d(over.gainedUsd ?? '0'),
  hasResidual: over.gainedUsd !== undefined,
})
const carry = (span: GapSpan): unknown => {
  const result = carryOf(span, floor)
  return result.kind === 'factor' ? percentOf(result.factor) : result.kind
}

t.test('across a gap: Modified Dietz at exact times', (t) => {
  t.equal(carry(gap({ endUsd: '600' })), -40, 'a loss is not hidden')
  // 100 gained on 1000 + 3/4 of 400.
  t.equal(carry(gap({ endUsd: '1500' }, [[25, '400']])), 100 / 13)
  t.equal(carry(gap({ startUsd: '0', endUsd: '440' }, [[50, '400']])), 20)
  t.equal(carry(gap({ endUsd: '0' }, [[50, '-1000']])), 0, 'withdrawn, not lost')
  t.equal(carry(gap({ endUsd: '0' })), 'wiped-out')
  t.equal(carry(gap({ endUsd: '0', gainedUsd: '0' })), 'hold')
  t.end()
})

t.test('across a gap an unexplained gain is none', (t) => {
  t.equal(carry(gap({ endUsd: '1500', gainedUsd: '500' })), 0)
  t.equal(carry(gap({ endUsd: '1400', gainedUsd: '500' })), -10)
  // −120 % is not concluded; what is left of all that may have been there is.
  t.equal(carry(gap({ endUsd: '1800', gainedUsd: '2000' })), -40)
  t.end()
})

t.test('where weights leave no capital, all that came in counts', (t) => {
  // 10,000 in and out again at once at the start: the weighted capital is negative.
  t.equal(
    carry(
      gap({ startUsd: '100', endUsd: '90' }, [
        [0, '10000'],
        [1, '-10000'],
      ]),
    ),
    (-10 / 200) * 100,
  )
  t.equal(
    carry(
      gap({ startUsd: '100', endUsd: '90' }, [
        [0, '-10000'],
        [99, '10000'],
      ]),
    ),
    (-10 / 10100) * 100,
  )
  t.end()
})
