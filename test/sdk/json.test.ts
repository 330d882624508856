import fc from 'fast-check'
import t from 'tap'
import {
  canonicalize,
  concat,
  fromUtf8,
  InputError,
  parseJson,
  parseJsonWithSlice,
  utf8,
} from '../../sdk/index.ts'

t.test('takes JSON and gives objects without a prototype', async (t) => {
  const value = parseJson(
    '{"a":[1,-2.5e3,true,false,null,{"b":"x\\u00e9\\n\\ud83d\\ude00"}],"__proto__":{"c":1}}',
  )
  t.equal(Object.getPrototypeOf(value), null)
  t.equal(canonicalize(value), '{"__proto__":{"c":1},"a":[1,-2500,true,false,null,{"b":"xé\\n\u{1f600}"}]}')
  t.same(({} as Record<string, unknown>)['c'], undefined, 'no prototype was polluted')
  t.equal(parseJson(utf8(' "é" ')), 'é')
  t.ok(Object.is(parseJson('-0'), -0))
})

t.test('refuses by name', async (t) => {
  const refused: readonly (readonly [string | Uint8Array, string])[] = [
    ['{"a":1,"a":2}', 'JSON_DUPLICATE_KEY'],
    ['{"a":1,"\\u0061":2}', 'JSON_DUPLICATE_KEY'],
    ['{"a":{"__proto__":1,"__proto__":2}}', 'JSON_DUPLICATE_KEY'],
    ['['.repeat(33) + ']'.repeat(33), 'JSON_TOO_DEEP'],
    ['{"a":'.repeat(40), 'JSON_TOO_DEEP'],
    [`"${'x'.repeat(65_535)}"`, 'JSON_TOO_LARGE'],
    [`"${'é'.repeat(40_000)}"`, 'JSON_TOO_LARGE'],
    ['1e999', 'JSON_INVALID'],
    ['"\\ud800"', 'JSON_INVALID'],
    ['"\\udc00\\ud800"', 'JSON_INVALID'],
    ['"\\ud800\\u0041"', 'JSON_INVALID'],
    ['"\ud800"', 'JSON_INVALID'],
    ['\ufeff{}', 'JSON_INVALID'],
    ['{"a":1,}', 'JSON_INVALID'],
    ['01', 'JSON_INVALID'],
    ['+1', 'JSON_INVALID'],
    ['NaN', 'JSON_INVALID'],
    ['', 'JSON_INVALID'],
    ['{} {}', 'JSON_INVALID'],
    ['"\u0007"', 'JSON_INVALID'],
    ['"\\u00g0"', 'JSON_INVALID'],
    [new Uint8Array([0x22, 0xff, 0x22]), 'JSON_INVALID'],
    [new Uint8Array([0x22, 0xc0, 0x80, 0x22]), 'JSON_INVALID'],
    [new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), 'JSON_INVALID'],
    [new Uint8Array([0xef, 0xbb, 0xbf, 0x31]), 'JSON_INVALID'],
  ]
  for (const [input, code] of refused) {
    t.throws(() => parseJson(input), { name: 'InputError', code }, JSON.stringify(input).slice(0, 60))
  }
  t.throws(() => parseJson('{"key":"secret"x'), { message: 'not JSON at byte 15' }, 'says where, never what')
})

t.test('limits are what is asked for', async (t) => {
  t.equal(canonicalize(parseJson('['.repeat(32) + ']'.repeat(32))).length, 64)
  t.throws(() => parseJson('[[1]]', { depthMax: 1 }), { code: 'JSON_TOO_DEEP' })
  t.throws(() => parseJson('[1,2]', { bytesMax: 4 }), { code: 'JSON_TOO_LARGE' })
  const depth = 1_000_000
  const deep = '['.repeat(depth) + ']'.repeat(depth)
  t.equal(canonicalize(parseJson(deep, { bytesMax: 3e6, depthMax: depth })), deep, 'no stack to overflow')
  t.same(
    parseJson('[[],[],[[]],{"a":[]}]', { depthMax: 3 }),
    [[], [], [[]], { __proto__: null, a: [] }],
    'depth goes down again',
  )
})

t.test('hands a member back as bytes', async (t) => {
  const bytes = utf8('{"a":{"credentials":1},"credentials": {"k":["\\u0041é",{"credentials":2}]} ,"b":2}')
  const { value, slice } = parseJsonWithSlice(bytes, 'credentials')
  t.equal(canonicalize(value), '{"a":{"credentials":1},"b":2,"credentials":null}')
  t.equal(fromUtf8(slice!), '{"k":["\\u0041é",{"credentials":2}]}')
  t.equal(slice!.buffer, bytes.buffer, 'a view: wiping it wipes the original')
  t.equal(parseJsonWithSlice(utf8('{"a":1}'), 'credentials').slice, null)
  t.equal(fromUtf8(parseJsonWithSlice(utf8('{"":{"":{"a":1}}}'), '').slice!), '{"":{"a":1}}')
  t.equal(parseJsonWithSlice(utf8('[{"credentials":1}]'), 'credentials').slice, null, 'top level only')
  t.equal(fromUtf8(parseJsonWithSlice(utf8('{"\\u0063redentials":-1.5e3}'), 'credentials').slice!), '-1.5e3')
  for (const bad of [
    '{"k":}',
    '["a" "b"]',
    '"\\x"',
    '"\xff',
    '01',
    '',
    '{"k":1,}',
    '[1}',
    '{"a":1]',
    'nul',
    '"\\ud800"',
  ]) {
    t.throws(() => parseJsonWithSlice(utf8(`{"s":${bad}}`), 's'), InputError, bad)
  }
  t.throws(
    () =>
      parseJsonWithSlice(concat(utf8('{"s":"'), new Uint8Array([0xf5, 0x80, 0x80, 0x80]), utf8('"}')), 's'),
    { code: 'JSON_INVALID' },
  )
  t.throws(() => parseJsonWithSlice(utf8('{"s":1,"s":2}'), 's'), { code: 'JSON_DUPLICATE_KEY' })
  t.throws(() => parseJsonWithSlice(utf8(`{"s":${'['.repeat(40)}`), 's'), { code: 'JSON_TOO_DEEP' })
})

/** What JSON.parse makes of it, or undefined. */
function lax(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function strict(input: string | Uint8Array): unknown {
  try {
    return parseJson(input)
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

t.test('property: agrees with JSON.parse on JSON, however it is written', async () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.integer({ min: 0, max: 3 }), (text, indent) => {
      const written = JSON.stringify(JSON.parse(text), null, indent)
      const known = canonicalize(JSON.parse(written))
      return canonicalize(parseJson(written)) === known && canonicalize(parseJson(utf8(written))) === known
    }),
    { numRuns: 2_000 },
  )
})

t.test('property: takes nothing that JSON.parse refuses, and makes the same of what it takes', async () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    'u',
    '00',
    'd8',
    '1',
    '-',
    '.',
    'e',
    '0',
    ' ',
    'true',
    'null',
    'a',
    'é',
    '"a"',
    '"a":1',
  ]
  const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((parts) => parts.join(''))
  let taken = 0
  fc.assert(
    fc.property(soup, (text) => {
      const ours = strict(text)
      if (ours === undefined) return true
      taken += 1
      return canonicalize(ours) === canonicalize(lax(text))
    }),
    { numRuns: 30_000 },
  )
  t.ok(taken > 100, `${taken} were taken`)
})

t.test('fuzz: altered bytes are taken or refused, never anything else', async () => {
  const original = utf8(
    '{"a":[1,2.5e-3,"x\\u00e9é\u{1f600}\\n"],"b":{"c":null,"credentials":{"k":"v"}},"d":true}',
  )
  const edits = fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(edits, (changes) => {
      const bytes = Uint8Array.from(original)
      for (const [at, byte] of changes) bytes[at] = byte
      const ours = strict(bytes)
      if (ours === undefined) return true
      return canonicalize(ours) === canonicalize(lax(fromUtf8(bytes)))
    }),
    { numRuns: 20_000 },
  )
})
