import fc from 'fast-check'
import t from 'tap'
import { InputError, parseDecimal, toNumber, toText } from '@perf-agg/sdk'

/** Numbers as text, read exactly: short ones take a way of their own, which must read what the long one reads. */

/** Digits and places of plain notation, by bigints alone. */
function plainly(text: string): { digits: bigint; scale: number } {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  let digits = BigInt(whole + fraction)
  let scale = fraction.length
  while (scale > 0 && digits % 10n === 0n) {
    digits /= 10n
    scale -= 1
  }
  return { digits: text.startsWith('-') ? -digits : digits, scale }
}

const digitsOf = (min: number, max: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0000123456789'), minLength: min, maxLength: max })

t.test('what is written is what is read, short or long', async (t) => {
  const text = fc
    .tuple(fc.constantFrom('', '-'), digitsOf(1, 20), fc.option(digitsOf(1, 20), { nil: null }))
    .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}`)
  fc.assert(
    fc.property(text, (given) => {
      t.same(parseDecimal(given), plainly(given), given)
      t.same(parseDecimal(toText(parseDecimal(given))), parseDecimal(given))
      t.equal(toNumber(parseDecimal(given)), Number(given) + 0, 'the nearest double')
    }),
    { numRuns: 1_000 },
  )
})

t.test('around 2^53 nothing is rounded', async (t) => {
  for (const given of [
    '9007199254740991',
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '900719925474099.3',
    '9007199254740.993',
    '9999999999999999',
    '-999999999999999.9',
  ]) {
    t.equal(toText(parseDecimal(given)), given)
  }
  t.same(parseDecimal('-0'), { digits: 0n, scale: 0 })
  t.same(parseDecimal('-0.000'), { digits: 0n, scale: 0 })
  t.same(parseDecimal('007.10'), { digits: 71n, scale: 1 })
  t.same(parseDecimal('1e-7'), { digits: 1n, scale: 7 })
})

t.test('refuses what is no plain number', async (t) => {
  const wrong = [
    '',
    '-',
    '.',
    '.5',
    '5.',
    '-.5',
    '+1',
    '1..2',
    '1.2.3',
    '--1',
    '1-',
    ' 1',
    '1 ',
    '1,5',
    '0x1',
    '１',
    '1_0',
  ]
  for (const text of [
    ...wrong,
    'NaN',
    'Infinity',
    '1e',
    '1e99',
    '1e-61',
    '1'.repeat(81),
    '1\n',
    '٣',
    '/',
    ':',
  ]) {
    t.throws(() => parseDecimal(text), InputError, JSON.stringify(text))
  }
})
