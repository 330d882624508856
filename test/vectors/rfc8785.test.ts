import t from 'tap'
import { canonicalBytes, canonicalize, parseJson, toHex } from '../../sdk/index.ts'
import { referenceBytes, referenceFiles, referenceText, unlessThere } from './reference.ts'

const skip = unlessThere('rfc8785')

t.test('the input files of RFC 8785', { skip }, async (t) => {
  const names = referenceFiles('rfc8785/input')
  t.equal(names.length, 6)
  for (const name of names) {
    const value = parseJson(referenceBytes(`rfc8785/input/${name}`))
    const hex = referenceText(`rfc8785/outhex/${name.replace('.json', '.txt')}`).replaceAll(/\s/g, '')
    t.equal(toHex(canonicalBytes(value)), hex, name)
    t.equal(canonicalize(value), referenceText(`rfc8785/output/${name}`).trimEnd(), name)
  }
})

t.test('the text of 10,000 doubles', { skip }, async (t) => {
  const view = new DataView(new ArrayBuffer(8))
  let right = 0
  for (const line of referenceText('rfc8785/es6testfile-10000.txt').trim().split('\n')) {
    const [hex, text] = line.split(',') as [string, string]
    view.setBigUint64(0, BigInt(`0x${hex}`))
    const value = view.getFloat64(0)
    const isSame = canonicalize(value) === text && Object.is(parseJson(text), value === 0 ? 0 : value)
    if (isSame) right += 1
    else t.fail(`${hex} is ${text}, not ${canonicalize(value)}`)
  }
  t.equal(right, 10_000)
})
