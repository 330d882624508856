import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import t from 'tap'
import { openStore } from '../../src/store/open.ts'
import { account, clock, folder, open, statement, testVault } from './fixture.ts'

t.test('leaf, head and statement are durable together or not at all', async (t) => {
  const path = join(folder(t), 'state')
  const store = await open(t, path)
  await store.commit((tx) => tx.insertAccount(account()))
  await store.commit((tx) => tx.appendStatement(statement('account-a', 1)))
  t.match(await store.statementAt('account-a', 1), { leaf: { position: 0 } })
  const one = await store.logHead()
  t.equal(one.size, 1)
  const works = [
    store.commit((tx) => tx.appendLeaf(Buffer.from('before'))),
    store.commit((tx) => {
      tx.appendLeaf(Buffer.from('never'))
      tx.appendStatement(statement('account-a', 7))
    }),
    store.commit((tx) => tx.appendLeaf(Buffer.from('after'))),
  ]
  const outcomes = await Promise.allSettled(works)
  t.same(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  t.same(
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : null)),
    [1, null, 2],
    'the place of what was undone is taken by the next',
  )
  const entries = await store.logEntries(0, 10)
  t.same(
    entries.map(String).map((each) => Buffer.from(each.split(',').map(Number)).toString()),
    ['account-a/1', 'before', 'after'],
  )
  t.equal((await store.logHead()).size, 3)
})

t.test('the tree goes on after a restart as if there had been none', async (t) => {
  const root = async (breaks: readonly number[]): Promise<string> => {
    const path = join(folder(t), 'state')
    let store = await openStore(path, { vault: testVault(), clock })
    let size = 0
    for (const until of [...breaks, 1_400]) {
      const from = size
      await store.commit((tx) => {
        for (; size < until; size += 1) tx.appendLeaf(Buffer.from(`leaf ${size}`))
      })
      t.equal((await store.logHead()).size, until, `${from} to ${until}`)
      await store.close()
      store = await openStore(path, { vault: testVault(), clock })
    }
    const head = await store.logHead()
    await store.close()
    return Buffer.from(head.root).toString('hex')
  }
  const whole = await root([])
  t.equal(await root([1, 2, 255, 256, 257, 511, 512, 1_024, 1_399]), whole)
})

const tampering: readonly (readonly [name: string, sql: string, code: string])[] = [
  [
    'a leaf that is missing at the end',
    'delete from log_leaves where position = (select max(position) from log_leaves)',
    'LOG_ROLLED_BACK',
  ],
  ['a leaf more', "insert into log_leaves values (600, x'00')", 'LOG_FORKED'],
  ['a changed leaf', "update log_leaves set entry = x'00' where position = 550", 'LOG_FORKED'],
  ['a changed node', 'update log_nodes set hash = zeroblob(32) where position = 1', 'LOG_FORKED'],
  ['a missing node', 'delete from log_nodes where position = 0', 'LOG_ROLLED_BACK'],
  ['a hole at the end', 'delete from log_leaves where position = 590', 'LOG_ROLLED_BACK'],
  ['a head of another tree', 'update log_head set root = zeroblob(32)', 'LOG_FORKED'],
  ['an older head', 'update log_head set size = 599', 'LOG_FORKED'],
  ['no head', 'delete from log_head', 'LOG_FORKED'],
]

for (const [name, change, code] of tampering) {
  t.test(`refuses to start: ${name}`, async (t) => {
    const path = join(folder(t), 'state')
    const store = await openStore(path, { vault: testVault(), clock })
    await store.commit((tx) => {
      for (let index = 0; index < 600; index += 1) tx.appendLeaf(Buffer.from(`leaf ${index}`))
    })
    await store.close()
    const database = new DatabaseSync(join(path, 'state.db'))
    database.exec(change)
    database.close()
    await t.rejects(openStore(path, { vault: testVault(), clock }), { code, action: 'stop' })
  })
}

t.test('checkpoints that a witness signed are kept, others only while they are the latest', async (t) => {
  const store = await open(t)
  const put = (size: number, note: string, witnessed: boolean) =>
    store.commit((tx) => tx.putCheckpoint({ size, note, witnessed }))
  t.equal(await store.lastCheckpoint(), null)
  await put(1, 'one', false)
  await put(2, 'two', false)
  await put(2, 'two witnessed', true)
  await put(2, 'two by a new key', false)
  await put(3, 'three', false)
  t.match(await store.lastCheckpoint(), { size: 3, note: 'three', witnessed: false })
  t.match(await store.lastWitnessed(), { size: 2, note: 'two witnessed', witnessed: true })
  t.match(await store.witnessedFrom(1), { size: 2 })
  t.equal(await store.witnessedFrom(3), null)
})

t.test('what was stated before there was a log gets its leaves', async (t) => {
  const path = join(folder(t), 'state')
  const store = await openStore(path, { vault: testVault(), clock })
  await store.commit((tx) => {
    tx.insertAccount(account())
    for (const sequence of [1, 2]) tx.appendStatement(statement('account-a', sequence))
  })
  await store.close()
  const database = new DatabaseSync(join(path, 'state.db'))
  database.exec(
    'delete from log_leaves; delete from log_head; update statements set leaf = null, salt = null',
  )
  database.close()
  const again = await open(t, path)
  const waiting = await again.unlogged(10)
  t.same(
    waiting.map(({ sequence, leaf }) => [sequence, leaf]),
    [
      [1, null],
      [2, null],
    ],
  )
  await again.commit((tx) => {
    for (const { account: name, sequence } of waiting)
      tx.giveLeaf(name, sequence, { entry: Buffer.from('x'), salt: new Uint8Array(32) })
  })
  t.same(await again.unlogged(10), [])
  t.match(await again.statementAt('account-a', 2), { leaf: { position: 1 } })
})
