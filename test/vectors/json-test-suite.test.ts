import t from 'tap'
import { canonicalize, InputError, parseJson, parseJsonWithSlice, utf8 } from '../../sdk/index.ts'
import { referenceBytes, referenceFiles, unlessThere } from './reference.ts'

const folder = 'json-test-suite/test_parsing'

t.test('JSONTestSuite', { skip: unlessThere(folder) }, async (t) => {
  const counts = { y: 0, n: 0 }
  for (const name of referenceFiles(folder)) {
    const bytes = referenceBytes(`${folder}/${name}`)
    const wrapped = new Uint8Array([...utf8('{"secret":'), ...bytes, ...utf8('}')])
    if (name.startsWith('y_')) {
      // Duplicate keys are grammar to the suite and refused by I-JSON.
      if (/duplicated_key/.test(name)) {
        t.throws(() => parseJson(bytes), { code: 'JSON_DUPLICATE_KEY' }, name)
      } else {
        t.equal(
          canonicalize(parseJson(bytes)),
          canonicalize(JSON.parse(new TextDecoder().decode(bytes))),
          name,
        )
      }
      const { value, slice } = parseJsonWithSlice(wrapped, 'secret')
      t.same(value, { __proto__: null, secret: null }, `${name} as a slice`)
      t.match(new TextDecoder().decode(bytes), new TextDecoder().decode(slice!).trim(), name)
      counts.y += 1
    } else if (name.startsWith('n_')) {
      t.throws(() => parseJson(bytes, { bytesMax: 1_000_000 }), InputError, name)
      t.throws(
        () => parseJsonWithSlice(wrapped, 'secret', { bytesMax: 1_000_000 }),
        InputError,
        `${name} as a slice`,
      )
      counts.n += 1
    }
  }
  t.same(counts, { y: 95, n: 188 })
})
