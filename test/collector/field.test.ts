import t from 'tap'
import { decimalOf } from '../../src/collector/field.ts'

/** A decimal of an exchange's answer: as it was written, or refused. */

t.test('plain decimals stay as they are', async (t) => {
  for (const text of ['0', '-0', '3', '0.10', '-12.5', '123456789012345678901234567890.1']) {
    t.equal(decimalOf(text, 'place', 'any'), text)
  }
  t.equal(decimalOf(5, 'place', 'any'), '5')
  t.equal(decimalOf(0.5, 'place', 'any'), '0.5')
})

t.test('what is small may come with an exponent', async (t) => {
  for (const [given, plain] of [
    ['1e-8', '0.00000001'],
    ['0E-8', '0.00000000'],
    ['-2.5e-3', '-0.0025'],
    ['12.5e-1', '1.25'],
    ['1e-0', '1'],
    [1e-7, '0.0000001'],
    [-1.25e-9, '-0.00000000125'],
  ] as const) {
    t.equal(decimalOf(given, 'place', 'any'), plain, String(given))
  }
})

t.test('everything else is refused', async (t) => {
  const strange = [
    '',
    ' 1',
    '+1',
    '.5',
    '5.',
    '00.5',
    '1e3',
    '1e999',
    '1e-31',
    '1e-999',
    'NaN',
    '0x10',
    '1,5',
  ]
  for (const given of [
    ...strange,
    1e15,
    1e30,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    true,
    [],
    {},
  ]) {
    t.throws(() => decimalOf(given, 'place', 'any'), String(given))
  }
  t.throws(() => decimalOf('-1', 'place', 'not-negative'))
  t.throws(() => decimalOf('0e-3', 'place', 'positive'))
})
