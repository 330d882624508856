import { randomBytes } from 'node:crypto'
import t from 'tap'
import { account, clock, digest, folder, hourMs, open, session, statement, testVault } from './fixture.ts'
import { openStore } from '../../src/store/open.ts'
import { join } from 'node:path'

t.test(
  'a session is found by either id, holds its credentials apart and loses them when it ends',
  async (t) => {
    const store = await open(t)
    await store.commit((tx) => tx.insertSession(session()))
    const found = await store.sessionById('id-a')
    const { credentials: _, ...rest } = session()
    t.strictSame(
      { ...found, replyKey: Buffer.from(found!.replyKey!) },
      { ...rest, replyKey: Buffer.from(rest.replyKey!), endedAtMs: null, endReason: null },
    )
    t.equal((await store.sessionByViewId('view-id-a'))?.idHash, 'id-a')
    t.equal(await store.sessionById('view-id-a'), null, 'a view id is no session id')
    t.equal(Buffer.from((await store.credentials('id-a'))!).toString(), '{"api_key":"K-very-secret"}')
    await store.commit((tx) => tx.updateSession('id-a', { expiresAtMs: 20_000, status: 'degraded' }))
    t.match(await store.sessionById('id-a'), {
      expiresAtMs: 20_000,
      status: 'degraded',
      account: 'account-a',
    })
    t.match(await store.liveSessions(), [{ idHash: 'id-a' }])
    await store.commit((tx) => tx.endSession('id-a', { atMs: 5, reason: 'expired' }))
    await store.commit((tx) => tx.endSession('id-a', { atMs: 6, reason: 'again' }))
    t.match(await store.sessionById('id-a'), { status: 'ended', endedAtMs: 5, endReason: 'expired' })
    t.equal(await store.credentials('id-a'), null)
    t.strictSame(await store.liveSessions(), [])
    t.equal((await store.sessionsOfAccount('account-a')).length, 1)
    await t.rejects(
      store.commit((tx) => tx.updateSession('id-a', { expiresAtMs: 1 })),
      { code: 'STATE_CONFLICT' },
      'an ended session is not renewed',
    )
  },
)

t.test('an account is one row, its client key bound once, its scope kept', async (t) => {
  const store = await open(t)
  const [key, other] = [randomBytes(32), randomBytes(32)]
  await store.commit((tx) => tx.insertAccount(account('account-a', { clientKey: key })))
  await t.rejects(
    store.commit((tx) => tx.insertAccount(account())),
    { code: 'STATE_CONFLICT' },
  )
  await store.commit((tx) => tx.insertAccount(account('account-b')))
  await store.commit((tx) => tx.updateAccount('account-b', { clientKey: key, expectedClientKey: null }))
  t.equal(await store.clientAccounts(key, 'account-a'), 2)
  t.equal(await store.clientAccounts(key, 'account-c'), 3, 'one that is about to be bound counts')
  await t.rejects(
    store.commit((tx) => tx.updateAccount('account-b', { clientKey: other, expectedClientKey: null })),
    { code: 'STATE_CONFLICT' },
    'a takeover that came too late',
  )
  t.equal(await store.clientAccounts(other, 'account-c'), 1)
  await store.commit((tx) => tx.updateAccount('account-b', { clientKey: other, expectedClientKey: key }))
  t.equal(await store.clientAccounts(key, 'account-a'), 2, 'what was bound once is counted for ever')
  await store.commit((tx) => tx.updateAccount('account-b', { clientKey: key }))
  await store.commit((tx) =>
    tx.updateAccount('account-a', {
      scope: ['spot', 'margin'],
      published: { amounts: false, withdrawn: null },
    }),
  )
  t.match(await store.account('account-a'), {
    scope: ['spot', 'margin'],
    published: { amounts: false, withdrawn: null },
    firstObservedAtMs: null,
    head: { sequence: 0, digest: null },
  })
  t.equal(await store.account('account-z'), null)
  t.equal((await store.accounts()).length, 2)
})

t.test('pseudonyms tell fields apart and outlive a restart', async (t) => {
  const path = join(folder(t), 'state')
  const first = await openStore(path, { vault: testVault(), clock })
  const one = first.pseudonym({ exchange: 'ab', environment: 'c', accountId: 'd' })
  t.not(one, first.pseudonym({ exchange: 'a', environment: 'bc', accountId: 'd' }))
  t.match(one, /^[\w-]{43}$/)
  const epoch = first.pseudonymEpoch
  await first.close()
  const again = await open(t, path)
  t.equal(again.pseudonym({ exchange: 'ab', environment: 'c', accountId: 'd' }), one)
  t.equal(again.pseudonymEpoch, epoch)
  const elsewhere = await open(t)
  t.not(elsewhere.pseudonymEpoch, epoch)
})

t.test('a chain grows by its head only', async (t) => {
  const store = await open(t)
  await store.commit((tx) => tx.insertAccount(account()))
  for (const sequence of [1, 2, 3]) {
    await store.commit((tx) => tx.appendStatement(statement('account-a', sequence)))
  }
  t.match(await store.account('account-a'), { head: { sequence: 3, digest: digest('account-a', 3) } })
  const refusals = {
    'a sequence that is taken': statement('account-a', 3, { digest: digest('x', 1), hours: [] }),
    'a hole': statement('account-a', 5, { hours: [] }),
    'another previous': statement('account-a', 4, { previous: digest('account-a', 2) }),
    'no account': statement('account-z', 1),
  }
  for (const [name, refused] of Object.entries(refusals)) {
    await t.rejects(
      store.commit((tx) => tx.appendStatement(refused)),
      { code: 'CHAIN_FORK' },
      name,
    )
  }
  await t.rejects(
    store.commit((tx) => tx.appendStatement(statement('account-a', 4, { hours: [9 * hourMs, 2 * hourMs] }))),
    { code: 'HOUR_TWICE' },
  )
  t.match(await store.account('account-a'), { head: { sequence: 3 } }, 'nothing of it stayed')
  t.strictSame(await store.statedHours('account-a', 9 * hourMs, 10 * hourMs), [])

  const correction = statement('account-a', 4, { type: 'correction', hours: [hourMs, 3 * hourMs] })
  await store.commit((tx) => tx.appendStatement(correction))
  t.strictSame(
    (await store.statedHours('account-a', 0, 4 * hourMs)).map((hour) => hour.sequence),
    [4, 2, 4],
  )
  await t.rejects(
    store.commit((tx) =>
      tx.appendStatement(statement('account-a', 5, { type: 'correction', hours: [50 * hourMs] })),
    ),
    { code: 'STATE_CONFLICT' },
    'a correction of what was never said',
  )
  t.equal(await store.lastSignedMs(), correction.issuedAtMs)
  t.strictSame(
    (await store.statements('account-a', { afterSequence: 1, limit: 2 })).map((row) => row.sequence),
    [2, 3],
  )
  t.equal((await store.statementByDigest(digest('account-a', 2)))?.sequence, 2)
  t.equal(Buffer.from((await store.statementAt('account-a', 2))!.body).toString(), '{"sequence":2}')
})

t.test('the outbox gives one statement an account, the oldest undelivered', async (t) => {
  const store = await open(t)
  for (const name of ['account-a', 'account-b']) {
    await store.commit((tx) => tx.insertAccount(account(name)))
    for (const sequence of [1, 2, 3]) {
      await store.commit((tx) => tx.appendStatement(statement(name, sequence)))
    }
  }
  const due = async (nowMs: number) =>
    (await store.outboxDue(nowMs, 10)).map((item) => `${item.account} ${item.sequence}`)
  const late = 100 * hourMs
  t.strictSame(await due(late), ['account-a 1', 'account-b 1'])
  t.strictSame(await store.outboxCounts(), { pending: 6, parked: 0, oldestQueuedAtMs: 2 * hourMs + 90_000 })
  await store.commit((tx) => tx.markDelivered('account-a', 1, { atMs: late, code: '200' }))
  await store.commit((tx) =>
    tx.markFailed('account-b', 1, { atMs: late, nextAttemptAtMs: late + 5_000, code: '503' }),
  )
  t.strictSame(await due(late), ['account-a 2'])
  t.strictSame(await due(late + 5_000), ['account-a 2', 'account-b 1'])
  await store.commit((tx) => tx.markParked('account-a', 2, { atMs: late, code: '400' }))
  t.strictSame(await due(late + 5_000), ['account-b 1'], 'what is parked holds its account')
  t.equal(await store.outboxNextMs(), late + 5_000)
  t.match(await store.outboxParked(10), [{ account: 'account-a', sequence: 2, lastCode: '400', attempts: 1 }])
  await store.commit((tx) => tx.appendStatement(statement('account-a', 4)))
  t.match(await store.outboxOf('account-a', 4), { state: 'waiting' })
  t.strictSame(await store.outboxCounts(), { pending: 5, parked: 1, oldestQueuedAtMs: 2 * hourMs + 90_000 })
  await store.commit((tx) => tx.releaseParked(late))
  t.strictSame(await due(late), ['account-a 2'])
  for (const sequence of [2, 3, 4]) {
    await store.commit((tx) => tx.markDelivered('account-a', sequence, { atMs: late, code: '200' }))
  }
  await store.commit((tx) => tx.appendStatement(statement('account-a', 5)))
  t.match(await store.outboxOf('account-a', 5), { state: 'pending' })
  await t.rejects(
    store.commit((tx) => tx.markDelivered('account-a', 1, { atMs: late, code: '200' })),
    { code: 'STATE_CONFLICT' },
    'delivered once',
  )
})

const entry = (text: string) => Buffer.from(text)

t.test('the journal comes after the snapshot, in order', async (t) => {
  const path = join(folder(t), 'state')
  const store = await openStore(path, { vault: testVault(), clock })
  const [one, two] = await Promise.all([
    store.commit((tx) => tx.appendJournal('account-a', entry('first'))),
    store.commit((tx) => tx.appendJournal('account-a', entry('second'))),
  ])
  t.ok(one < two)
  await store.commit((tx) => tx.appendJournal('account-b', entry('another')))
  await store.commit((tx) =>
    tx.saveProgress('account-a', { state: entry('state'), cursor: entry('cursor'), journalThrough: one }),
  )
  await store.commit((tx) => tx.saveProgress('account-a', { cursor: entry('cursor 2') }))
  await store.close()
  const again = await open(t, path)
  const { state, cursor, journal } = await again.progress('account-a')
  t.equal(Buffer.from(state!).toString(), 'state')
  t.equal(Buffer.from(cursor!).toString(), 'cursor 2')
  t.strictSame(
    journal.map((each) => Buffer.from(each.bytes).toString()),
    ['second'],
  )
  const next = await again.commit((tx) => tx.appendJournal('account-a', entry('third')))
  t.ok(next > journal[0]!.entry)
  t.strictSame(await again.progress('account-z'), { state: null, cursor: null, journal: [] })
})

t.test('nonces once, keys and configurations as they came, values by name', async (t) => {
  const store = await open(t)
  await store.commit((tx) => tx.useNonce('n1', 1_000))
  await t.rejects(
    store.commit((tx) => tx.useNonce('n1', 2_000)),
    { code: 'NONCE_SEEN' },
  )
  await store.commit((tx) => tx.forgetNonces(1_001))
  await store.commit((tx) => tx.useNonce('n1', 2_000))

  const key = { keyId: 'k1', jwk: '{}', fromMs: 1, untilMs: null }
  await store.commit((tx) => tx.addStatementKey(key))
  await store.commit((tx) => tx.endStatementKey('k1', 5))
  await store.commit((tx) => tx.endStatementKey('k1', 9))
  t.strictSame(await store.statementKeys(), [{ ...key, untilMs: 5 }])
  await store.commit((tx) => tx.addStatementKey({ ...key, fromMs: 7 }))
  t.strictSame(await store.statementKeys(), [key], 'the mounted key is back, known since its first start')

  await store.commit((tx) => tx.addConfig({ digest: 'd', config: '{}', firstSeenMs: 1 }))
  await store.commit((tx) => tx.addConfig({ digest: 'd', config: '{}', firstSeenMs: 2 }))
  t.strictSame(await store.configs(), [{ digest: 'd', config: '{}', firstSeenMs: 1 }])
  await store.commit((tx) => tx.setMeta('a', '1'))
  await store.commit((tx) => tx.setMeta('a', '2'))
  t.equal(await store.meta('a'), '2')
  t.equal(await store.meta('b'), null)
})

t.test('a closed store refuses, and closing waits for what was handed in', async (t) => {
  const path = join(folder(t), 'state')
  const store = await openStore(path, { vault: testVault(), clock })
  const last = store.commit((tx) => tx.setMeta('last', 'word'))
  await store.close()
  await last
  await t.rejects(
    store.commit((tx) => tx.setMeta('x', 'y')),
    { code: 'STATE_CLOSED' },
  )
  await t.rejects(store.accounts(), { code: 'STATE_CLOSED' })
  t.equal(await (await open(t, path)).meta('last'), 'word')
})
