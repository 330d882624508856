import fc from 'fast-check'
import t from 'tap'
import { Reader, Writer } from '../../src/accounting/codec.ts'
import { readOldHour, writeOldHour } from '../../src/accounting/hour/old-hour.ts'
import { hour, start } from './desk.ts'

const value = fc.oneof(
  fc.constantFrom(0, 1, -0.5, 0.1, 1e-30, 1e22, 5e-324, -0),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((cents) => cents / 100),
)
const lacking = fc.oneof(value, fc.constant(Number.NaN))
const row = fc
  .tuple(fc.nat(10_000), lacking, fc.nat(9_999), value, value, value, lacking, fc.nat(99), value, fc.nat(63))
  .map(([at, ...rest]) => Float64Array.from([start + at * hour, ...rest]))

t.test('an old hour comes back to the bit', (t) => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
      const writer = new Writer()
      for (const one of rows) writeOldHour(writer, one)
      const reader = new Reader(writer.finish())
      for (const one of rows) {
        const back = readOldHour(reader)
        t.ok(back.every((number, at) => Object.is(number, one[at])))
        t.equal(back.length, one.length)
      }
      reader.end()
    }),
    { numRuns: 300 },
  )
  t.end()
})

t.test('other bytes are refused or are another hour', (t) => {
  fc.assert(
    fc.property(row, fc.nat(60), fc.integer({ min: 1, max: 255 }), (one, at, change) => {
      const writer = new Writer()
      writeOldHour(writer, one)
      const bytes = writer.finish()
      bytes[at % bytes.length]! ^= change
      try {
        const reader = new Reader(bytes)
        const back = Float64Array.from(readOldHour(reader))
        reader.end()
        const again = new Writer()
        writeOldHour(again, back)
        t.same(again.finish(), bytes)
      } catch (error) {
        t.match(error, { code: 'SNAPSHOT_INVALID' })
      }
    }),
    { numRuns: 500 },
  )
  t.end()
})

const empty = (at: number) => Float64Array.from([start + at * hour, 0, 0, 0, 0, 0, 1000.5, 0, 0, 0])

t.test('an hour in which nothing happened takes a dozen bytes', (t) => {
  const writer = new Writer()
  writeOldHour(writer, empty(0))
  const first = writer.finish().length
  writeOldHour(writer, empty(1))
  t.ok(writer.finish().length - first <= 12, String(writer.finish().length - first))
  t.end()
})
