import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import { canonicalBytes, canonicalize, fromUtf8, parseJson } from '../../sdk/index.ts'

t.test('sorts keys by UTF-16 code units, at every depth', async (t) => {
  t.equal(canonicalize({ b: 1, a: { d: [], c: {} } }), '{"a":{"c":{},"d":[]},"b":1}')
  t.equal(
    canonicalize({ b: 0, B: 0, a: 0, A: 0, _: 0, 10: 0, 9: 0, '': 0 }),
    '{"":0,"10":0,"9":0,"A":0,"B":0,"_":0,"a":0,"b":0}',
  )
  // U+1F600 starts with the surrogate D83D, which sorts before U+FB33 although its code point is larger.
  t.equal(canonicalize({ '\ufb33': 1, '\u{1f600}': 2 }), '{"\u{1f600}":2,"\ufb33":1}')
  const many = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`k${(index * 37) % 100}`, index]),
  )
  t.equal(
    canonicalize(many),
    JSON.stringify(Object.fromEntries(Object.entries(many).toSorted(([a], [b]) => (a < b ? -1 : 1)))),
  )
})

t.test('writes numbers and strings as RFC 8785 has them', async (t) => {
  t.equal(canonicalize([-0, 1e21, 1e-7, 0.1, 5e-324, 1.0]), '[0,1e+21,1e-7,0.1,5e-324,1]')
  t.equal(canonicalize('\u20ac$\u000f\nA\'B"\\\\"/\u007f'), '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u007f"')
  t.equal(fromUtf8(canonicalBytes('é')), '"é"')
})

t.test('refuses what JSON can not carry', async (t) => {
  class Money {
    readonly amount = 1
  }
  const cycle: Record<string, unknown> = {}
  cycle['self'] = [cycle]
  const refused: Record<string, unknown> = {
    NaN: Number.NaN,
    Infinity,
    undefined,
    'an undefined member': { a: undefined },
    'a hole': [1, , 2], // oxlint-disable-line no-sparse-arrays -- the very thing
    BigInt: 1n,
    function: () => 1,
    toJSON: { toJSON: () => 1 },
    symbol: Symbol('s'),
    'a symbol member': { [Symbol('s')]: 1 },
    Date: new Date(0),
    Map: new Map(),
    bytes: new Uint8Array(2),
    'a class': new Money(),
    'a boxed string': Object('x'),
    'an inherited object': Object.create({ a: 1 }),
    'a lone surrogate': 'a\ud800',
    'a lone surrogate in a key': { '\udc00': 1 },
    'a cycle': cycle,
  }
  for (const [name, value] of Object.entries(refused)) {
    t.throws(() => canonicalize(value), { code: 'NOT_CANONICAL' }, name)
    t.throws(() => canonicalize({ a: [value] }), { code: 'NOT_CANONICAL' }, `${name}, nested`)
  }
})

t.test('takes plain objects of any realm, without a prototype, and the same one twice', async (t) => {
  t.equal(canonicalize(runInNewContext('({b: [1], a: {}})')), '{"a":{},"b":[1]}')
  t.equal(canonicalize(Object.assign(Object.create(null), { a: 1 })), '{"a":1}')
  const shared = { x: 1 }
  t.equal(canonicalize([shared, shared]), '[{"x":1},{"x":1}]')
  const deep = (depth: number): unknown => (depth === 0 ? [shared, shared] : [deep(depth - 1)])
  t.equal(
    canonicalize(deep(100)),
    JSON.stringify(deep(100)),
    'also beyond the depth where cycles are looked for',
  )
  t.equal(canonicalize(JSON.parse('{"__proto__":1}')), '{"__proto__":1}')
})

t.test('has no depth to overflow', async (t) => {
  let value: unknown = 1
  for (let depth = 0; depth < 1_000_000; depth += 1) value = depth % 2 === 0 ? [value] : { a: value }
  // [x] is 2 characters more than x, {"a":x} 6.
  t.equal(canonicalize(value).length, 1 + 500_000 * 2 + 500_000 * 6)
})

t.test(
  'property: what is parsed from the canonical form is the same value, and its form the same text',
  async () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = canonicalize(value)
        return canonicalize(parseJson(text)) === text && canonicalize(JSON.parse(text)) === text
      }),
      { numRuns: 2_000 },
    )
  },
)

t.test('property: the order of members is nothing', async () => {
  const members = fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary' }), fc.integer()), {
    selector: ([key]) => key,
  })
  fc.assert(
    fc.property(members, (entries) => {
      const wellFormed = entries.filter(([key]) => key.isWellFormed() && key !== '__proto__')
      return (
        canonicalize(Object.fromEntries(wellFormed)) ===
        canonicalize(Object.fromEntries(wellFormed.toReversed()))
      )
    }),
  )
})
