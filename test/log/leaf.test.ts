import t from 'tap'
import { leafBytes, parseLeaf, statementLeaf, type Leaf } from '@perf-agg/sdk'
import { leafOfStatement } from '../../src/log/leaf.ts'

const digest = `sha256:${'5a'.repeat(32)}`
const account = 'A'.repeat(43)

t.test('the leaf made at once is the one that a verifier recomputes', async (t) => {
  for (const sequence of [1, 255, 256, 2 ** 32 + 7]) {
    const { entry, salt } = leafOfStatement({ account, sequence, digest })
    t.equal(salt.length, 32)
    const recomputed = leafBytes(await statementLeaf(account, sequence, salt, digest))
    t.equal(Buffer.from(entry).toString(), Buffer.from(recomputed).toString())
    t.same(parseLeaf(entry), await statementLeaf(account, sequence, salt, digest))
  }
})

t.test('a leaf shows neither account nor digest, and no two are alike', async (t) => {
  const [one, other] = [0, 1].map(() => leafOfStatement({ account, sequence: 1, digest }))
  t.notMatch(Buffer.from(one!.entry).toString(), /AAAA|5a5a/)
  const [first, second] = [parseLeaf(one!.entry), parseLeaf(other!.entry)]
  t.equal(Reflect.get(first, 'slot'), Reflect.get(second, 'slot'), 'a fork of a slot shows')
  t.not(Reflect.get(first, 'commitment'), Reflect.get(second, 'commitment'))
})

t.test('the layout of slot and commitment stays as it is', async (t) => {
  const { slot, commitment } = await statementLeaf(account, 1, new Uint8Array(32).fill(1), digest)
  t.equal(slot, 'd_dYKYcAZKHOVbczj-JEmOr-4xNNh5ZJKcKi0nUax6w')
  t.equal(commitment, 'eSrwDjSXmfUGcvtv__NKUcUxA83PE9xSq851G_woziI')
})

t.test('every kind is read back, and nothing else', async (t) => {
  const leaves: Leaf[] = [
    { leaf: 'config', digest },
    { leaf: 'evidence', digest },
    { leaf: 'key_start', key_id: account, vkey: 'a+00000000+AA' },
  ]
  for (const leaf of leaves) t.same(parseLeaf(leafBytes(leaf)), leaf)
  const bad = [
    '{"leaf":"other"}',
    '{"digest":"sha256:00","leaf":"config"}',
    `{"digest":"${digest}","leaf":"config","more":1}`,
    '{"leaf":"statement","slot":"AA","commitment":"AA"}',
    '[]',
  ]
  for (const text of bad) t.throws(() => parseLeaf(Buffer.from(text)), text)
})
