import t from 'tap'
import { ClockWatch } from '../../src/daemon/collecting/clock-watch.ts'

/** The enclave's clock against that of the exchanges. */

const nowMs = Date.UTC(2026, 5, 1)

function watch(): { watch: ClockWatch; pass(ms: number): void } {
  let uptimeMs = 0
  return { watch: new ClockWatch(() => uptimeMs), pass: (ms) => (uptimeMs += ms) }
}

t.test('more than a minute off, ahead or behind, nothing is signed', async (t) => {
  for (const [skewMs, code] of [
    [0, undefined],
    [60_000, undefined],
    [-60_000, undefined],
    [60_001, 'CLOCK_SKEW'],
    [-60_001, 'CLOCK_SKEW'],
    [-7_200_000, 'CLOCK_SKEW'],
  ] as const) {
    const { watch: each } = watch()
    each.note('binance', [nowMs - skewMs], nowMs)
    t.equal(each.refusal('binance')?.code, code, `${skewMs} ms`)
  }
})

t.test('the nearest of a job’s dates counts: pages from a cache are old', async (t) => {
  const { watch: each } = watch()
  each.note('binance', [nowMs - 3_600_000, null, nowMs - 500], nowMs)
  t.equal(each.refusal('binance'), null)
  each.note('binance', [null], nowMs + 7_200_000)
  t.equal(each.refusal('binance'), null, 'answers without a date say nothing')
  each.note('binance', [nowMs], nowMs + 61_000)
  t.match(each.refusal('binance'), { code: 'CLOCK_SKEW', action: 'retry' })
  each.note('binance', [nowMs], nowMs)
  t.equal(each.refusal('binance'), null, 'a clock that is right again')
})

t.test('an exchange speaks for itself, and all of them for those that have none', async (t) => {
  const { watch: each, pass } = watch()
  t.equal(each.refusal('mock'), null, 'nobody has said the time yet')
  each.note('binance', [nowMs - 120_000], nowMs)
  t.equal(each.refusal('mock')?.code, 'CLOCK_SKEW')
  each.note('kraken', [nowMs], nowMs)
  t.equal(each.refusal('binance')?.code, 'CLOCK_SKEW')
  t.equal(each.refusal('kraken'), null)
  t.equal(each.refusal('mock'), null, 'one whose clock is wrong stops nobody else')
  pass(15 * 60_000 + 1)
  t.equal(each.refusal('binance'), null, 'what was said long ago counts no more')
})
