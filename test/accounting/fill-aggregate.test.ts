import fc from 'fast-check'
import t from 'tap'
import { add, compare, decimalFromInteger, hourOf, multiply, parseDecimal, subtract } from '@perf-agg/sdk'
import { toText, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { FillAggregate } from '../../src/accounting/analysis/fill-aggregate.ts'
import { executionAt, pageOf } from '../../src/accounting/analysis/fill-page.ts'
import type { TimedExecution } from '../../src/accounting/analysis/fill-page.ts'
import { FifoPosition } from '../../src/accounting/position/position.ts'
import type { Instrument } from '../../src/accounting/position/position.ts'

/** Pages of fills come to what the same fills come to one by one, by numbers of any size, to the last decimal. */

interface Sums {
  readonly hours: number
  readonly realized: string
  readonly volume: string
  readonly deepest: string
  readonly open: string
}

function oneByOne(instrument: Instrument, fills: readonly TimedExecution[]): Sums {
  const position = new FifoPosition(instrument)
  let [volume, peak, deepest] = [zero, zero, zero]
  let [hours, hour] = [0, -1]
  for (const fill of fills) {
    if (hourOf(fill.atMs) !== hour) {
      hour = hourOf(fill.atMs)
      hours += 1
      if (compare(position.realized, peak) > 0) peak = position.realized
      const fall = subtract(position.realized, peak)
      if (compare(fall, deepest) < 0) deepest = fall
    }
    volume = add(volume, multiply(fill.quantity, fill.price))
    position.apply(fill)
  }
  const last = subtract(position.realized, peak)
  if (compare(last, deepest) < 0) deepest = last
  return sums(hours, position.realized, volume, deepest, position.quantity)
}

function sums(hours: number, realized: Decimal, volume: Decimal, deepest: Decimal, open: Decimal): Sums {
  return {
    hours,
    realized: toText(realized),
    volume: toText(volume),
    deepest: toText(deepest),
    open: toText(open),
  }
}

function paged(instrument: Instrument, pages: readonly (readonly TimedExecution[])[]): Sums | null {
  const made = new FillAggregate(instrument)
  for (const fills of pages) {
    const page = pageOf(fills)
    if (page === null) return null
    made.take(page)
  }
  return sums(made.hours, made.realized, made.volume, made.deepestFall, made.position.quantity)
}

const fillsOf = (most: number, scales: readonly number[]): fc.Arbitrary<TimedExecution[]> => {
  const digits = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: most }))
  const decimal = fc
    .tuple(digits, fc.constantFrom(...scales))
    .map(([whole, scale]) => ({ digits: BigInt(whole), scale }))
  const fill = fc.record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    quantity: decimal,
    price: decimal,
    pauseMs: fc.integer({ min: 0, max: 3_000_000 }),
  })
  return fc.array(fill, { minLength: 1, maxLength: 60 }).map((fills) => {
    let atMs = 0
    return fills.map(({ pauseMs, ...one }) => ({ ...one, atMs: (atMs += pauseMs) }))
  })
}

const instruments: readonly Instrument[] = [
  { kind: 'linear', contractSize: decimalFromInteger(1) },
  { kind: 'spot', contractSize: decimalFromInteger(1) },
  { kind: 'linear', contractSize: parseDecimal('0.001') },
  { kind: 'inverse', contractSize: decimalFromInteger(1) },
]

for (const [name, most, scales] of [
  ['small numbers', 100_000, [2]],
  ['scales that change from page to page', 1_000_000, [0, 1, 2, 5, 8]],
  ['numbers at the edge of the safe range', 2 ** 26, [0]],
  ['numbers that leave it', 2 ** 40, [0, 3]],
] as const) {
  t.test(`pages are the sum of their fills: ${name}`, async () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...instruments.slice(0, 3)),
        fillsOf(most, scales),
        fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 3 }),
        (instrument, fills, cuts) => {
          const ends = [...cuts.toSorted((a, b) => a - b), fills.length]
          const pages = ends.map((end, at) => fills.slice(ends[at - 1] ?? 0, end))
          const got = paged(instrument, pages)
          if (got === null) return
          const wanted = oneByOne(instrument, fills)
          if (JSON.stringify(got) !== JSON.stringify(wanted))
            throw new Error(`${JSON.stringify(got)} is not ${JSON.stringify(wanted)}`)
        },
      ),
      { numRuns: 400 },
    )
  })
}

t.test('an inverse contract goes one by one', async (t) => {
  const instrument = instruments[3]!
  const fills = fc.sample(fillsOf(1_000, [0, 1]), { numRuns: 20, seed: 7 })
  for (const some of fills) {
    const made = new FillAggregate(instrument)
    const page = pageOf(some)!
    made.take(page)
    const alone = new FifoPosition(instrument)
    for (const one of some) alone.apply(one)
    t.equal(toText(made.realized), toText(alone.realized))
  }
})

t.test('a page gives back the fills it was made of; what has too many digits makes none', async (t) => {
  const fill = (quantity: string, price: string): TimedExecution => ({
    side: 'sell',
    quantity: parseDecimal(quantity),
    price: parseDecimal(price),
    atMs: 5,
  })
  const page = pageOf([fill('0.5', '10'), fill('2', '10.25')])!
  t.same([toText(executionAt(page, 0).quantity), toText(executionAt(page, 0).price)], ['0.5', '10'])
  t.match(executionAt(page, 1), { side: 'sell', atMs: 5 })
  t.same([page.unitsMax, page.priceMax], [20, 1_025])
  t.equal(pageOf([fill('0.000000000000000001', '1'), fill('1', '1')]), null)
  t.equal(pageOf([fill('9007199254740993', '1')]), null)
})
