import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { noteKey, verifyCheckpoint, formatVkey } from '@perf-agg/sdk'
import { readWitnessEntry, Witness } from '../../src/log/witness.ts'
import { testSigner } from '../statement/fixture.ts'
import { grow, logKey, logOf, origin, publisher, readLog } from './fixture.ts'
import { SmallWitness } from './small-witness.ts'

const ours = (name: string) => (name === origin ? [logKey] : [])

t.test('checkpoints come with the signature of a witness that saw the log grow', async (t) => {
  const store = await logOf(t, 3)
  const small = await SmallWitness.start(t, ours)
  const witness = (await Witness.open(readWitnessEntry(small.entry), store))!
  const { publisher: published, troubles } = publisher(store, { witnesses: [witness] })
  for (const more of [0, 1, 252, 1, 300]) {
    await grow(store, more)
    const { size, note, witnessed } = await published.publish()
    t.equal(witnessed, true)
    const { witnesses, checkpoint } = await verifyCheckpoint(note, logKey, [small.key])
    t.equal(checkpoint.size, size)
    t.same(
      witnesses.map(({ timestampS }) => timestampS),
      [small.nowS],
    )
    t.equal((await store.lastWitnessed())?.note, note, 'what is published is on disk')
  }
  t.same(small.answers, [200, 200, 200, 200, 200], 'asked once for each, with the size it knows')
  t.equal((await published.publish()).size, 557)
  t.equal(small.answers.length, 5, 'and not again while nothing is new')
  t.same(troubles, [])
  const read = await readLog(async (path) => (await published.read(path))?.body ?? null, logKey)
  t.equal(read.size, 557)
})

t.test('the head is on disk, signed, before a witness is asked', async (t) => {
  const store = await logOf(t, 3)
  const small = await SmallWitness.start(t, ours)
  let kept = ''
  const asked: string[] = []
  const witness = (await Witness.open(readWitnessEntry(small.entry), store, async (_, body) => {
    asked.push((await store.lastCheckpoint())?.note ?? '')
    return small.add(body)
  }))!
  const { publisher: published } = publisher(store, {
    witnesses: [witness],
    keep: async (checkpoint) => {
      kept = checkpoint.note
      await store.commit((tx) => tx.putCheckpoint(checkpoint))
    },
  })
  await published.publish()
  t.equal(asked.length, 1)
  t.ok(asked[0] !== '' && kept.startsWith(asked[0]!), 'the one that was asked for')
})

t.test('a witness that knows the log already says how far, and is asked again', async (t) => {
  const store = await logOf(t, 5)
  const small = await SmallWitness.start(t, ours)
  const first = publisher(store, {
    witnesses: [(await Witness.open(readWitnessEntry(small.entry), store))!],
  })
  await first.publisher.publish()
  await grow(store, 4)
  const again = publisher(store, {
    witnesses: [(await Witness.open(readWitnessEntry(small.entry), store))!],
  })
  t.equal((await again.publisher.publish()).witnessed, true)
  t.same(small.answers, [200, 409, 200])
})

t.test('refuses to go on with a log that is older than what a witness saw', async (t) => {
  const small = await SmallWitness.start(t, ours)
  const store = await logOf(t, 9)
  const witness = async (of: typeof store) => (await Witness.open(readWitnessEntry(small.entry), of))!
  await publisher(store, { witnesses: [await witness(store)] }).publisher.publish()
  const restored = await logOf(t, 8)
  const { publisher: published } = publisher(restored, { witnesses: [await witness(restored)] })
  await t.rejects(published.publish(), { code: 'LOG_ROLLED_BACK', action: 'stop' })
  await t.rejects(published.publish(), { code: 'LOG_ROLLED_BACK' }, 'and stays so')
  t.equal(await published.read('checkpoint'), null, 'nothing of it is published')
})

for (const [name, size] of [
  ['of the same size', 9],
  ['that is longer', 12],
] as const) {
  t.test(`refuses to go on with another log ${name}`, async (t) => {
    const small = await SmallWitness.start(t, ours)
    const store = await logOf(t, 9)
    await publisher(store, {
      witnesses: [(await Witness.open(readWitnessEntry(small.entry), store))!],
    }).publisher.publish()
    const other = await logOf(t, 0)
    await other.commit((tx) => {
      for (let index = 0; index < size; index += 1) tx.appendLeaf(Buffer.from(`other ${index}`))
    })
    const { publisher: published } = publisher(other, {
      witnesses: [(await Witness.open(readWitnessEntry(small.entry), other))!],
    })
    await t.rejects(published.publish(), { code: 'LOG_FORKED', action: 'stop' })
  })
}

t.test('a witness that is away or answers nonsense holds nothing up, and is asked again', async (t) => {
  const store = await logOf(t, 3)
  const small = await SmallWitness.start(t, ours)
  const witness = (await Witness.open(readWitnessEntry(small.entry), store))!
  const { publisher: published, troubles } = publisher(store, { witnesses: [witness] })
  const foreign = await SmallWitness.start(t, ours)
  foreign.nowS += 1
  const nonsense = [
    { status: 500, body: '' },
    { status: 200, body: '' },
    { status: 200, body: '— witness.test/w1 AAAA\n' },
    { status: 200, body: 'x'.repeat(100_000) },
    { status: 404, body: '' },
    { status: 403, body: '' },
    { status: 409, body: 'many\n' },
    { status: 302, body: '' },
  ]
  for (const answer of nonsense) {
    small.broken = answer
    t.match(await published.publish(), { size: 3, witnessed: false }, `${answer.status}`)
  }
  t.equal(troubles.length, nonsense.length)
  for (const trouble of troubles) t.match(trouble, /^witness-failed WITNESS_(REFUSED|UNREACHABLE)$/)
  small.broken = null
  t.match(await published.publish(), { size: 3, witnessed: true }, 'and then it signs')
})

t.test('a signature for another checkpoint or by another key is none', async (t) => {
  const store = await logOf(t, 3)
  const small = await SmallWitness.start(t, ours)
  const other = await logOf(t, 2)
  let line = ''
  const spy = (await Witness.open(readWitnessEntry(small.entry), other, async (_, body) => {
    const answer = await small.add(body)
    line = answer.body
    return answer
  }))!
  await publisher(other, { witnesses: [spy] }).publisher.publish()
  t.match(line, /^— witness/)
  const replaying = (await Witness.open(readWitnessEntry(small.entry), store, async () => {
    return { status: 200, body: line }
  }))!
  const { publisher: published, troubles } = publisher(store, { witnesses: [replaying] })
  t.match(await published.publish(), { witnessed: false })
  t.same(troubles, ['witness-failed WITNESS_REFUSED'])
})

t.test('redirects are not followed', async (t) => {
  const store = await logOf(t, 3)
  const small = await SmallWitness.start(t, ours)
  const server = createServer((_, response) => {
    response.writeHead(307, { location: `${small.url}add-checkpoint` }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const witness = (await Witness.open({ vkey: small.vkey, url }, store))!
  const { publisher: published, troubles } = publisher(store, { witnesses: [witness] })
  t.match(await published.publish(), { witnessed: false })
  t.same(troubles, ['witness-failed WITNESS_UNREACHABLE'])
  t.same(small.answers, [])
})

t.test('only the key of a witness is taken for one', async (t) => {
  const store = await logOf(t, 0)
  const plain = formatVkey(await noteKey('w', 'ed25519', testSigner(3).publicKey))
  await t.rejects(Witness.open({ vkey: plain, url: 'http://x' }, store), { code: 'WITNESS_INVALID' })
  await t.rejects(Witness.open({ vkey: 'w+00000000+AA', url: null }, store), { code: 'WITNESS_INVALID' })
})
