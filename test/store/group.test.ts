import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { account, folder, open, session, statement } from './fixture.ts'

/** Commits in a write-ahead log: its frames that carry the size of the database (sqlite.org/fileformat2.html, 4.1). */
function commitFrames(path: string): number {
  const wal = readFileSync(path)
  const frameBytes = 24 + wal.readUInt32BE(8)
  const salt = wal.subarray(16, 24)
  let commits = 0
  for (let at = 32; at + frameBytes <= wal.length; at += frameBytes) {
    if (!wal.subarray(at + 8, at + 16).equals(salt)) break
    if (wal.readUInt32BE(at + 4) !== 0) commits += 1
  }
  return commits
}

t.test('works of one turn share one transaction and its fsync', async (t) => {
  const path = join(folder(t), 'state')
  const store = await open(t, path)
  const log = join(path, 'state.db-wal')
  const before = commitFrames(log)
  const { transactions, works } = store.counts
  await Promise.all(
    Array.from({ length: 200 }, (_, index) => store.commit((tx) => tx.setMeta(`name ${index}`, 'value'))),
  )
  t.equal(commitFrames(log), before + 1, 'one commit on the disk')
  t.match(store.counts, { transactions: transactions + 1, works: works + 200, undone: 0 })
  await store.commit((tx) => tx.setMeta('another turn', 'value'))
  t.equal(commitFrames(log), before + 2)
})

t.test('a work that throws is undone alone', async (t) => {
  const store = await open(t)
  const results = await Promise.allSettled([
    store.commit((tx) => tx.setMeta('a', '1')),
    store.commit((tx) => {
      tx.setMeta('b', '1')
      throw new RangeError('no')
    }),
    store.commit((tx) => {
      tx.insertSession(session())
      return 'kept'
    }),
    store.commit((tx) => tx.insertSession(session())),
    store.commit(async () => {}),
  ])
  t.match(results, [
    { status: 'fulfilled' },
    { status: 'rejected', reason: { message: 'no' } },
    { status: 'fulfilled', value: 'kept' },
    { status: 'rejected', reason: { code: 'STATE_CONFLICT' } },
    { status: 'rejected', reason: { message: 'a work of the store must be synchronous' } },
  ])
  t.equal(await store.meta('a'), '1')
  t.equal(await store.meta('b'), null)
  t.equal(store.counts.undone, 3)
  t.equal(store.condition, 'ok')
})

t.test('any mix of works ends as if each had run by itself', async (t) => {
  const run = fc.asyncProperty(
    fc.array(fc.tuple(fc.nat(4), fc.boolean()), { maxLength: 40 }),
    async (works) => {
      const store = await open(t)
      const expected = new Map<string, string>()
      const answers = works.map(([name, fails], index) => {
        if (!fails) expected.set(`m${name}`, String(index))
        return store.commit((tx) => {
          tx.setMeta(`m${name}`, String(index))
          if (fails) throw new RangeError('undone')
        })
      })
      const settled = await Promise.allSettled(answers)
      for (const [index, [, fails]] of works.entries()) {
        if ((settled[index]!.status === 'rejected') !== fails) return false
      }
      for (const name of [0, 1, 2, 3, 4]) {
        if ((await store.meta(`m${name}`)) !== (expected.get(`m${name}`) ?? null)) return false
      }
      await store.close()
      return true
    },
  )
  await fc.assert(run, { numRuns: 25 })
})

t.test(
  'what a copy taken at any moment holds: all that was acknowledged, and nothing by halves',
  async (t) => {
    const root = folder(t)
    const path = join(root, 'state')
    const store = await open(t, path)
    await store.commit((tx) => tx.insertAccount(account()))
    let acknowledged = 0
    const copies: { path: string; acknowledged: number }[] = []
    for (let round = 0; round < 12; round += 1) {
      const under = Array.from({ length: 3 }, () => {
        acknowledged += 1
        const next = statement('account-a', acknowledged)
        return store.commit((tx) => tx.appendStatement(next))
      })
      if (round % 2 === 0) await Promise.all(under)
      const copy = join(root, `copy-${round}`)
      mkdirSync(copy)
      // as a crash leaves it: the log is there, its index in memory is not
      for (const name of ['state.db', 'state.db-wal']) copyFileSync(join(path, name), join(copy, name))
      copies.push({ path: copy, acknowledged: round % 2 === 0 ? acknowledged : acknowledged - 3 })
      await Promise.allSettled(under)
    }
    for (const copy of copies) {
      const read = await open(t, copy.path)
      const head = (await read.account('account-a'))!.head.sequence
      t.equal(head, copy.acknowledged)
      const rows = await read.statements('account-a', { limit: 1_000 })
      t.equal(rows.length, head)
      t.equal((await read.statedHours('account-a', 0, 1e12)).length, head)
      t.equal((await read.outboxCounts()).pending, head)
      await read.close()
    }
  },
)

t.test('a log torn anywhere opens at a commit', async (t) => {
  const root = folder(t)
  const path = join(root, 'state')
  const store = await open(t, path)
  await store.commit((tx) => tx.insertAccount(account()))
  for (let sequence = 1; sequence <= 10; sequence += 1) {
    await store.commit((tx) => tx.appendStatement(statement('account-a', sequence)))
  }
  const log = readFileSync(join(path, 'state.db-wal'))
  const seen = new Set<number>()
  for (let round = 0; round < 20; round += 1) {
    const copy = join(root, `torn-${round}`)
    mkdirSync(copy)
    copyFileSync(join(path, 'state.db'), join(copy, 'state.db'))
    const torn = Buffer.from(log.subarray(0, Math.floor((log.length * (20 - round)) / 20)))
    torn.fill(0xaa, Math.max(0, torn.length - 700))
    writeFileSync(join(copy, 'state.db-wal'), torn)
    const read = await open(t, copy)
    const head = (await read.account('account-a'))?.head.sequence ?? 0
    seen.add(head)
    const rows = await read.statements('account-a')
    t.equal(rows.length, head)
    t.equal((await read.outboxCounts()).pending, head)
    await read.close()
  }
  t.ok(seen.size > 3, 'different commits were met')
})
