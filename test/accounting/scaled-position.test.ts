import fc from 'fast-check'
import t from 'tap'
import { decimalFromInteger, parseDecimal, toText } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { Reader, Writer } from '../../src/accounting/codec.ts'
import { FifoPosition } from '../../src/accounting/position/position.ts'
import type { Closed, Execution, Instrument } from '../../src/accounting/position/position.ts'
import { ScaledFifo } from '../../src/accounting/position/scaled-fifo.ts'

/** The quick way for small numbers is the slow way for all numbers, to the last decimal and the last byte. */

function bytesOf(position: FifoPosition): Uint8Array {
  const writer = new Writer()
  position.write(writer)
  return writer.finish()
}

/** A position that was read back goes by exact numbers of any size. */
function exactly(position: FifoPosition, instrument: Instrument): FifoPosition {
  return FifoPosition.read(new Reader(bytesOf(position)), instrument)
}

const decimal = (most: number, scales: readonly number[]): fc.Arbitrary<Decimal> =>
  fc
    .tuple(
      fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: most })),
      fc.constantFrom(...scales),
    )
    .map(([digits, scale]) => ({ digits: BigInt(digits), scale }))

const execution = (scales: readonly number[], most: number): fc.Arbitrary<Execution> =>
  fc.record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    quantity: decimal(most, scales),
    price: decimal(most, scales),
  })

const text = (closed: Closed | null): string | null =>
  closed === null ? null : `${toText(closed.quantity)} ${toText(closed.pnl)}`

const state = (position: FifoPosition): string =>
  [position.quantity, position.realized, position.unrealized(parseDecimal('1.01'))].map(toText).join(' ')

function compared(instrument: Instrument, executions: readonly Execution[]): void {
  const quick = new FifoPosition(instrument)
  const exact = exactly(quick, instrument)
  for (const [index, one] of executions.entries()) {
    const [got, wanted] = [quick.apply(one), exact.apply(one)]
    if (text(got) !== text(wanted)) throw new Error(`fill ${index}: ${text(got)} is not ${text(wanted)}`)
    if (state(quick) !== state(exact))
      throw new Error(`after fill ${index}: ${state(quick)} is not ${state(exact)}`)
  }
  const [own, other] = [bytesOf(quick), bytesOf(exact)]
  if (Buffer.compare(own, other) !== 0) throw new Error('the snapshots differ')
  if (Buffer.compare(bytesOf(quick.clone()), own) !== 0) throw new Error('the clone differs')
}

const instruments: readonly Instrument[] = [
  { kind: 'linear', contractSize: decimalFromInteger(1) },
  { kind: 'spot', contractSize: decimalFromInteger(1) },
  { kind: 'linear', contractSize: parseDecimal('0.001') },
  { kind: 'inverse', contractSize: decimalFromInteger(100) },
]

for (const [name, scales, most] of [
  ['numbers of one scale', [2], 100_000],
  ['scales that change', [0, 1, 2, 5, 8], 1_000_000],
  ['numbers at the edge of the safe range', [0, 2], 2 ** 27],
  ['numbers beyond it', [0, 8, 18], 1e12],
] as const) {
  t.test(name, async () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...instruments),
        fc.array(execution(scales, most), { maxLength: 50 }),
        (instrument, executions) => compared(instrument, executions),
      ),
      { numRuns: 400 },
    )
  })
}

t.test('what would leave the safe range is refused before anything moved', async (t) => {
  const fifo = new ScaledFifo()
  const run = (units: number, price: number): number =>
    fifo.run(Float64Array.of(units), Float64Array.of(price), 0, 1)
  t.equal(fifo.room(2 ** 26, 2 ** 26), 1)
  t.equal(fifo.room(2 ** 26, 2 ** 23), 8)
  t.equal(fifo.room(2 ** 26 + 1, 2 ** 26), 0)
  t.equal(fifo.room(1, Number.NaN), 0)
  t.equal(fifo.room(1, -1), 0)
  t.equal(fifo.room(0, 1), 0)
  run(1, 2 ** 40)
  t.equal(fifo.room(2 ** 13, 1), 0, 'against the highest price that was ever paid')
  t.notOk(fifo.refine(1, 2 ** 13))
  t.notOk(fifo.refine(Number.POSITIVE_INFINITY, 1))
  t.equal(fifo.open, 1)
})

t.test('lots come and go without end in little room', async (t) => {
  const fifo = new ScaledFifo()
  const run = (units: number, price: number): number =>
    fifo.run(Float64Array.of(units), Float64Array.of(price), 0, 1)
  for (let at = 1; at <= 100_000; at += 1) {
    run(2, at)
    if (at > 3 && run(-2, at) !== 6) throw new Error(`lot ${at}`)
  }
  t.equal(fifo.open, 6)
})
