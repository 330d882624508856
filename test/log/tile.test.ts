import fc from 'fast-check'
import t from 'tap'
import {
  consistencyProof,
  inclusionProof,
  verifyConsistency,
  verifyInclusion,
  leafHash as sdkLeafHash,
} from '@perf-agg/sdk'
import { nodeReader } from '../../src/log/source.ts'
import { formatTilePath, parseTilePath } from '../../src/log/tile.ts'
import { entry, grow, leafHash, logKey, logOf, publisher, readLog, treeHash } from './fixture.ts'

t.test('the published log is read by the rules of the format, at sizes around every edge', async (t) => {
  const store = await logOf(t, 0)
  let grown = 0
  for (const size of [0, 1, 2, 3, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 65_800]) {
    await grow(store, size - grown)
    grown = size
    const { publisher: published } = publisher(store)
    await published.publish()
    const read = await readLog(async (path) => (await published.read(path))?.body ?? null, logKey)
    t.equal(read.size, size)
    t.ok(
      read.entries.every((data, index) => Buffer.from(data).equals(entry(index))),
      `${size} entries from ${read.files} files`,
    )
  }
})

t.test('proofs made from the stored nodes hold', async (t) => {
  const store = await logOf(t, 1_000)
  const hashes = Array.from({ length: 1_000 }, (_, index) => leafHash(entry(index)))
  await fc.assert(
    fc.asyncProperty(fc.nat(999), fc.nat(999), async (one, other) => {
      const [index, last] = one < other ? [one, other] : [other, one]
      const read = nodeReader(store)
      const size = last + 1
      const root = treeHash(hashes.slice(0, size))
      const proof = await inclusionProof(index, size, read)
      const held = await verifyInclusion({
        leafHash: await sdkLeafHash(entry(index)),
        index,
        size,
        root,
        proof,
      })
      const oldRoot = treeHash(hashes.slice(0, index + 1))
      const consistency = await consistencyProof(index + 1, size, read)
      return (
        held &&
        (await verifyConsistency({
          oldSize: index + 1,
          oldRoot,
          newSize: size,
          newRoot: root,
          proof: consistency,
        }))
      )
    }),
    { numRuns: 60 },
  )
})

t.test('a path has one spelling', async (t) => {
  const good = [
    'tile/0/000',
    'tile/0/x001/x234/067',
    'tile/63/000.p/1',
    'tile/entries/005.p/255',
    'tile/entries/x001/000',
  ]
  for (const path of good) t.equal(formatTilePath(parseTilePath(path)!), path)
  t.match(parseTilePath('tile/0/x001/x234/067'), { level: 0, index: 1_234_067, width: 256 })
  const bad = [
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/999',
    'tile/0/000.p/',
    'tile/0/000/',
    '/tile/0/000',
    'tile/0/000?',
    'tile/data/000',
    'tile/entries/000.p/1/',
    'tile%2f0%2f000',
    'checkpoint/',
    '',
  ]
  for (const path of bad) t.equal(parseTilePath(path), null, path)
})

t.test('what no checkpoint covers is not there', async (t) => {
  const store = await logOf(t, 300)
  const { publisher: published } = publisher(store)
  t.equal(await published.read('checkpoint'), null, 'nothing before the first checkpoint')
  await published.publish()
  await grow(store, 300)
  const found = async (path: string) => (await published.read(path))?.body.length ?? null
  t.equal(await found('tile/0/000'), 8_192)
  t.equal(await found('tile/0/001.p/44'), 44 * 32)
  t.equal(await found('tile/0/001.p/45'), null, 'a leaf that is not published yet')
  t.equal(await found('tile/0/001'), null)
  t.equal(await found('tile/1/000.p/1'), 32)
  t.equal(await found('tile/1/000.p/2'), null)
  t.equal(await found('tile/2/000.p/1'), null)
  await published.publish()
  t.equal(await found('tile/0/001'), 8_192)
  t.equal(await found('tile/0/001.p/44'), 44 * 32, 'a partial tile that was published stays')
})
