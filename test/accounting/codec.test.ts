import fc from 'fast-check'
import t from 'tap'
import { Reader, Writer } from '../../src/accounting/codec.ts'

const written = (write: (writer: Writer) => void): Uint8Array => {
  const writer = new Writer()
  write(writer)
  return writer.finish()
}

t.test('everything comes back as it went', (t) => {
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      fc.string({ unit: 'grapheme' }),
      fc.double(),
      fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }),
      fc.nat(40),
      fc.dictionary(fc.string(), fc.nat()),
      (count, text, double, digits, scale, record) => {
        const bytes = written((writer) => {
          writer.count(count)
          writer.text(text)
          writer.double(double)
          writer.decimal({ digits, scale })
          writer.map(
            new Map(Object.entries(record)),
            (key) => writer.text(key),
            (value) => writer.count(value),
          )
          writer.optional(null, () => undefined)
        })
        const reader = new Reader(bytes)
        t.equal(reader.count(), count)
        t.equal(reader.text(), text)
        t.ok(Object.is(reader.double(), double))
        const back = reader.decimal()
        t.equal(back.digits * 10n ** BigInt(scale - back.scale), digits)
        t.same(
          Object.fromEntries(
            reader.map(
              () => reader.text(),
              () => reader.count(),
            ),
          ),
          record,
        )
        t.equal(
          reader.optional(() => 1),
          null,
        )
        reader.end()
      },
    ),
    { numRuns: 200 },
  )
  t.end()
})

const of = (keys: string[]): Uint8Array =>
  written((writer) =>
    writer.map(
      new Map(keys.map((key) => [key, 1])),
      (key) => writer.text(key),
      (one) => writer.count(one),
    ),
  )

t.test('the order in which a map was filled does not show', (t) => {
  t.same(of(['b', 'a', 'c']), of(['c', 'b', 'a']))
  t.end()
})

const refused = { code: 'SNAPSHOT_INVALID' }

t.test('refuses a second form of the same value', (t) => {
  t.throws(() => new Reader(new Uint8Array([0x80, 0x00])).count(), refused, 'a longer zero')
  t.throws(() => new Reader(new Uint8Array([2])).flag(), refused, 'a flag of two')
  t.throws(() => new Reader(new Uint8Array([1, 1, 0x61])).decimal(), refused, 'one place, and ten of them')
  t.throws(() => new Reader(new Uint8Array([0, 2, 0x30, 0x31])).decimal(), refused, 'a leading zero')
  t.throws(() => new Reader(new Uint8Array([0, 2, 0x2d, 0x30])).decimal(), refused, 'a negative zero')
  t.throws(() => new Reader(new Uint8Array([1, 0xff])).text(), refused, 'text that is no UTF-8')
  t.throws(
    () =>
      new Reader(new Uint8Array([2, 1, 0x62, 1, 1, 0x61, 1])).map(
        () => '',
        () => 0,
      ),
    refused,
    'keys out of order',
  )
  t.end()
})

t.test('refuses what is missing and what is too much', (t) => {
  t.throws(() => new Reader(new Uint8Array()).count(), refused)
  t.throws(() => new Reader(new Uint8Array([9, 0x61])).text(), refused)
  t.throws(
    () => new Reader(new Uint8Array([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])).count(),
    refused,
  )
  t.throws(
    () => new Reader(new Uint8Array([0xff, 0xff, 0xff, 0x7f])).list(() => 0),
    refused,
    'a list longer than the bytes',
  )
  t.throws(() => new Reader(new Uint8Array([1])).end(), refused)
  t.end()
})
