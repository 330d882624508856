import fc from 'fast-check'
import t from 'tap'
import { AddressRates, Rate } from '../../src/http/rate.ts'

t.test('never more than the count in any span, and never less than is due', async (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 }),
      (count, pauses) => {
        const rate = new Rate(count, 1_000)
        let nowMs = 0
        const taken: number[] = []
        for (const pauseMs of pauses) {
          nowMs += pauseMs
          const waitMs = rate.take(nowMs)
          if (waitMs === 0) taken.push(nowMs)
          else if (waitMs > 1_000 / count + 1e-6) return false
        }
        // a full burst and what is earned in the span meanwhile
        return taken.every(
          (start) => taken.filter((at) => at >= start && at < start + 1_000).length <= 2 * count,
        )
      },
    ),
  )
  const rate = new Rate(60, 60_000)
  for (let index = 0; index < 60; index += 1) t.equal(rate.take(0), 0)
  t.equal(rate.take(0), 1_000)
  t.equal(rate.take(999), 1)
  t.equal(rate.take(1_000), 0)
  t.ok(rate.take(1_000) > 0)
})

t.test('a refused take costs nothing, a charge always', async (t) => {
  const rate = new Rate(10, 1_000)
  rate.charge(0, 20)
  t.equal(rate.take(0), 1_100)
  t.equal(rate.take(0), 1_100)
  t.equal(rate.take(1_100), 0)
})

t.test('addresses are counted apart, and the quiet ones forgotten', async (t) => {
  const rates = new AddressRates(1, 3)
  rates.take('a', 0)
  t.throws(() => rates.take('a', 0), { code: 'RATE_LIMITED', retryAfterS: 60 })
  for (const address of ['b', 'c']) rates.take(address, 0)
  t.throws(() => rates.take('a', 0), { code: 'RATE_LIMITED' }, 'used last: kept')
  rates.take('d', 0)
  t.equal(rates.size, 3)
  rates.take('b', 0)
  t.throws(() => rates.take('a', 0), { code: 'RATE_LIMITED' })
})
