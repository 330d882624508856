import fc from 'fast-check'
import t from 'tap'
import { Reader, Writer } from '../../src/accounting/codec.ts'

const written = (write: (writer: Writer) => void): Uint8Array => {
  const writer = new Writer()
  write(writer)
  return writer.finish()
}

const grainsMs = [1, 1_000, 60_000, 3_600_000]

t.test('everything comes back as it went', (t) => {
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      fc.string({ unit: 'grapheme' }),
      fc.double(),
      fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }),
      fc.nat(40),
      fc.dictionary(fc.string(), fc.nat()),
      fc.array(fc.tuple(fc.string(), fc.integer({ min: 0, max: 4_000_000_000_000 }), fc.nat(3))),
      (count, text, double, digits, scale, record, told) => {
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
          for (const [name, atMs, grain] of told) {
            const rounded = Math.floor(atMs / grainsMs[grain]!) * grainsMs[grain]!
            writer.name(name)
            writer.id(name)
            writer.id(String(atMs))
            writer.instant(rounded)
            writer.repeated({ digits: BigInt(grain), scale: 1 })
          }
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
        for (const [name, atMs, grain] of told) {
          t.equal(reader.name(), name)
          t.equal(reader.id(), name)
          t.equal(reader.id(), String(atMs))
          t.equal(reader.instant(), Math.floor(atMs / grainsMs[grain]!) * grainsMs[grain]!)
          t.equal(Number(reader.repeated().digits), grain)
        }
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
  t.throws(() => new Reader(new Uint8Array([2, 20])).decimal(), refused, 'one place, and ten of them')
  t.throws(() => new Reader(new Uint8Array([1, 2, 5])).decimal(), refused, 'few digits the long way')
  t.throws(() => new Reader(new Uint8Array([1, 4, 0, 5])).decimal(), refused, 'a leading zero')
  t.throws(() => new Reader(new Uint8Array([1, 0])).decimal(), refused, 'no digits')
  t.throws(() => new Reader(new Uint8Array([0, 1, 0x37])).id(), refused, 'a number as text')
  t.throws(() => new Reader(new Uint8Array([3])).name(), refused, 'a name that was never written')
  const twice = new Reader(new Uint8Array([0, 1, 0x61, 0, 1, 0x61]))
  twice.name()
  t.throws(() => twice.name(), refused, 'a name written twice')
  const hour = 3_600_000
  t.equal(new Reader(new Uint8Array([2 * 3])).instant(), hour)
  t.throws(
    () => new Reader(new Uint8Array([((120 * 3 + 1) % 128) | 128, 2])).instant(),
    refused,
    'an hour in minutes',
  )
  t.throws(() => new Reader(new Uint8Array([1 * 3])).instant(), refused, 'before 1970')
  const again = new Reader(new Uint8Array([0, 0, 2, 0, 0, 2]))
  again.repeated()
  t.throws(() => again.repeated(), refused, 'the same said anew')
  t.throws(() => new Reader(new Uint8Array([1])).repeated(), refused, 'the same as nothing')
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

const form = (text: string) => () =>
  new Reader(written((writer) => writer.text(text))).form('perf-agg account 3')

t.test('another form of a snapshot is told from bytes that are none', (t) => {
  t.doesNotThrow(form('perf-agg account 3'))
  t.throws(form('perf-agg account 2'), { code: 'SNAPSHOT_VERSION' })
  t.throws(form('perf-agg account 30'), { code: 'SNAPSHOT_VERSION' })
  t.throws(form('perf-agg account x'), refused)
  t.throws(form('perf-agg composite 3'), refused)
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
