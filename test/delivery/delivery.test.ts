import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fromBase64, utf8, concat, verifySignature } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { gotPost, type Post } from '../../src/delivery/post.ts'
import { limits } from '../../src/limits.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { account, clock, folder, hourMs, open, statement, testVault } from '../store/fixture.ts'
import { backend, delivery, webhookKey, type Received } from './fixture.ts'

const nowMs = 1_000 * hourMs

async function chain(store: Store, name: string, length: number, from = 1): Promise<void> {
  if (from === 1) await store.commit((tx) => tx.insertAccount(account(name)))
  for (let sequence = from; sequence < from + length; sequence += 1) {
    const body = Buffer.from(`{"account":"${name}","sequence":${sequence}}`)
    await store.commit((tx) => tx.appendStatement(statement(name, sequence, { body })))
  }
}

async function filled(t: Test, accounts: Readonly<Record<string, number>> = { a: 3 }): Promise<Store> {
  const store = await open(t)
  for (const [name, length] of Object.entries(accounts)) await chain(store, name, length)
  return store
}

const bodies = (received: readonly Received[]) => received.map(({ body }) => body.toString())
const sequences = (received: readonly Received[], name: string) =>
  received.flatMap(({ body }) => {
    const said = JSON.parse(body.toString()) as { account: string; sequence: number }
    return said.account === name ? [said.sequence] : []
  })

t.test('posts the exact bytes, named and signed', async (t) => {
  const store = await filled(t, { a: 1 })
  const { url, received } = await backend(t)
  await delivery(store, `${url}/base/`).runDue(nowMs)
  t.equal(received.length, 1)
  const [{ path, headers, body }] = received as [Received]
  const row = (await store.statementAt('a', 1))!
  t.equal(path, '/base/api/ingest')
  t.ok(body.equals(row.body))
  t.match(headers, {
    'content-type': 'application/json',
    'idempotency-key': row.digest,
    'webhook-id': row.digest,
    'webhook-timestamp': String(nowMs / 1_000),
    'user-agent': 'perf-agg/test',
    'content-length': String(row.body.length),
  })
  const signature = fromBase64(String(headers['webhook-signature']).replace('v1a,', ''))
  const signed = concat(utf8(`${row.digest}.${nowMs / 1_000}.`), body)
  t.ok(await verifySignature(webhookKey.publicKey, signed, signature))
  t.match(await store.outboxOf('a', 1), {
    state: 'delivered',
    attempts: 1,
    lastCode: '200',
    deliveredAtMs: nowMs,
  })
})

t.test('in order per account, accounts side by side', async (t) => {
  const names = Array.from({ length: 30 }, (_, index) => `account-${index}`)
  const store = await filled(t, Object.fromEntries(names.map((name) => [name, 5])))
  let [underWay, most] = [0, 0]
  const { url, received } = await backend(t, (_, response) => {
    underWay += 1
    most = Math.max(most, underWay)
    setTimeout(() => {
      underWay -= 1
      response.end()
    }, Math.random() * 10)
  })
  const courier = delivery(store, url)
  await courier.runDue(nowMs)
  for (const name of names) t.strictSame(sequences(received, name), [1, 2, 3, 4, 5])
  t.ok(most > 4 && most <= limits.delivery.postsMax, `${most} at a time`)
  t.match(await courier.metrics(), {
    delivered: 150,
    failed: 0,
    pending: 0,
    parked: 0,
    oldestQueuedAtMs: null,
  })
})

t.test('what may pass is tried again after growing pauses, the account waits, others go on', async (t) => {
  const store = await filled(t, { a: 2, b: 2 })
  const answers = [500, 502, 408, 425, 301, 200]
  const { url, received } = await backend(t, ({ body }, response) => {
    const failing = body.includes('"account":"a","sequence":1')
    response.statusCode = failing ? answers.shift()! : 200
    if (response.statusCode === 301) response.setHeader('location', `${url}/elsewhere`)
    response.end()
  })
  const courier = delivery(store, url)
  let at = nowMs
  for (const pause of [10_000, 20_000, 40_000, 80_000, 160_000]) {
    await courier.runDue(at)
    t.strictSame(sequences(received, 'b'), [1, 2])
    t.match(await store.outboxOf('a', 1), { state: 'pending', nextAttemptAtMs: at + pause })
    await courier.runDue(at + pause - 1)
    at += pause
  }
  await courier.runDue(at)
  t.strictSame(sequences(received, 'a'), [1, 1, 1, 1, 1, 1, 2])
  t.ok(
    received.every(({ path }) => path === '/api/ingest'),
    'no redirect followed',
  )
  t.equal(new Set(bodies(received)).size, 4, 'the same bytes at every attempt')
  t.match(await courier.metrics(), { delivered: 4, failed: 5 })
  t.equal((await store.outboxOf('a', 1))?.attempts, 6)
})

t.test('Retry-After holds every account', async (t) => {
  const store = await filled(t, { a: 1 })
  const { url, received } = await backend(t, (_, response, count) => {
    response.writeHead(count === 1 ? 429 : 200, count === 1 ? { 'retry-after': '3600' } : {}).end()
  })
  const courier = delivery(store, url)
  await courier.runDue(nowMs)
  await chain(store, 'b', 1)
  await courier.runDue(nowMs + 3_599_999)
  t.equal(received.length, 1)
  await courier.runDue(nowMs + 3_600_000)
  t.equal(received.length, 3)
})

t.test('a refusal parks the statement, holds its account, and is never dropped', async (t) => {
  const path = join(folder(t), 'state')
  const store = await openStore(path, { vault: testVault(), clock })
  await chain(store, 'a', 3)
  await chain(store, 'b', 1)
  let status = 400
  const { url, received } = await backend(t, ({ body }, response) => {
    response.writeHead(body.includes('"account":"a"') ? status : 200).end()
  })
  const courier = delivery(store, url)
  for (const at of [nowMs, nowMs + 36_000_000, nowMs + 30 * 86_400_000]) await courier.runDue(at)
  t.strictSame(sequences(received, 'a'), [1], 'tried once, nothing behind it sent')
  t.match(await courier.metrics(), { delivered: 1, parked: 1, pending: 2, lastCode: '200' })
  t.match(await store.outboxParked(5), [{ account: 'a', sequence: 1, lastCode: '400' }])
  await store.close()

  status = 200
  const again = await open(t, path)
  const next = delivery(again, url)
  next.start()
  for (let wait = 0; wait < 6_000 && received.length < 5; wait += 1) await sleep(10)
  await next.stop()
  t.strictSame(
    sequences(received, 'a'),
    [1, 1, 2, 3],
    'the next start tries it again, then the rest in order',
  )
  t.match(await next.metrics(), { parked: 0, pending: 0 })
})

t.test('the operator releases parked statements', async (t) => {
  const store = await filled(t, { a: 1 })
  const { url, received } = await backend(t, (_, response, count) => {
    response.writeHead(count === 1 ? 401 : 204).end()
  })
  const courier = delivery(store, url)
  await courier.runDue(nowMs)
  await courier.retryParked(nowMs + 1)
  await courier.runDue(nowMs + 1)
  t.equal(received.length, 2)
  t.match(await courier.metrics(), { parked: 0, pending: 0, delivered: 1 })
})

t.test('after days of trying it is parked, with an alarm', async (t) => {
  const store = await filled(t, { a: 2 })
  const { url, received } = await backend(t, (_, response) => response.writeHead(503).end())
  const courier = delivery(store, url)
  let at = nowMs
  for (let round = 0; round < 100 && (await store.outboxCounts()).parked === 0; round += 1) {
    await courier.runDue(at)
    at = (await store.outboxNextMs()) ?? at
  }
  const days = ((await store.outboxOf('a', 1))!.nextAttemptAtMs - nowMs) / 86_400_000
  t.ok(days >= 7 && days < 8, `${days} days`)
  t.ok(received.length > 20 && received.length < 40, `${received.length} attempts`)
  t.match(await courier.metrics(), { parked: 1, pending: 1, delivered: 0 })
})

t.test('a duplicate is delivered, another statement in its place is not', async (t) => {
  const store = await filled(t, { a: 1, b: 1 })
  const { url } = await backend(t, ({ body }, response) => {
    const other = `{"have":"sha256:${'c'.repeat(64)}"}`
    response.writeHead(409).end(body.includes('"account":"a"') ? '{"error":"duplicate"}' : other)
  })
  await delivery(store, url).runDue(nowMs)
  t.match(await store.outboxOf('a', 1), { state: 'delivered', lastCode: '409' })
  t.match(await store.outboxOf('b', 1), { state: 'parked', lastCode: '409_OTHER_DIGEST' })
})

t.test('a backend that hangs, drips, floods, breaks off or is not there', async (t) => {
  const quick = gotPost({ connectTimeoutMs: 300, postTimeoutMs: 300 })
  // what is answered has the time that a slow machine takes; only what drips takes all of it
  const patient = gotPost({ connectTimeoutMs: 3_000, postTimeoutMs: 3_000 })
  const cases: Record<
    string,
    { answer: Parameters<typeof backend>[1]; post?: Post; state: string; code: RegExp }
  > = {
    'never answers': { answer: () => {}, post: quick, state: 'pending', code: /^ETIMEDOUT$/ },
    'accepts and drips': {
      answer: (_, response) => {
        response.writeHead(200)
        const drip = setInterval(() => response.write('x'), 50)
        response.on('close', () => clearInterval(drip))
      },
      state: 'delivered',
      code: /^200$/,
    },
    'accepts and floods': {
      answer: (_, response) => {
        response.writeHead(200)
        const flood = () => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        }
        response.on('drain', flood)
        flood()
      },
      state: 'delivered',
      code: /^200$/,
    },
    'fails and floods': {
      answer: (_, response) => response.writeHead(500).end(Buffer.alloc(5_000_000)),
      state: 'pending',
      code: /^500$/,
    },
    'breaks off': { answer: (_, response) => response.destroy(), state: 'pending', code: /^ECONNRESET$/ },
  }
  for (const [name, { answer, post = patient, state, code }] of Object.entries(cases)) {
    const store = await filled(t, { a: 1 })
    const { url } = await backend(t, answer)
    const startedMs = performance.now()
    await delivery(store, url, { post }).runDue(nowMs)
    t.ok(performance.now() - startedMs < limits.delivery.postTimeoutMs, `${name}: in time`)
    t.match(await store.outboxOf('a', 1), { state, lastCode: code }, name)
  }
  const store = await filled(t, { a: 1 })
  const gone = await backend(t)
  await gone.close()
  await delivery(store, gone.url, { post: patient }).runDue(nowMs)
  t.match(await store.outboxOf('a', 1), { state: 'pending', lastCode: 'ECONNREFUSED' })
})

t.test('an endless answer is read no further than its bound', async (t) => {
  let sentBytes = 0
  const store = await filled(t, { a: 1 })
  const { url } = await backend(t, (_, response) => {
    const block = Buffer.alloc(65_536)
    const flood = () => {
      do sentBytes += block.length
      while (!response.destroyed && response.write(block))
    }
    response.writeHead(200).on('drain', flood)
    flood()
  })
  const startedMs = performance.now()
  await delivery(store, url).runDue(nowMs)
  t.ok(performance.now() - startedMs < limits.delivery.postTimeoutMs / 3, 'long before it would time out')
  t.ok(sentBytes < 16_000_000, `${sentBytes} bytes`)
  t.match(await store.outboxOf('a', 1), { state: 'delivered' })
})

t.test('no proxy of the environment is asked', async (t) => {
  const proxy = await backend(t)
  const { url, received } = await backend(t)
  const before = { ...process.env }
  t.teardown(() => {
    process.env = before
  })
  for (const name of ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'ALL_PROXY']) process.env[name] = proxy.url
  process.env['NODE_USE_ENV_PROXY'] = '1'
  const store = await filled(t, { a: 1 })
  await delivery(store, url).runDue(nowMs)
  t.equal(received.length, 1)
  t.equal(proxy.received.length, 0)
})

t.test('the live loop wakes for new statements and stops in time, cutting off what hangs', async (t) => {
  const store = await filled(t, { a: 1 })
  const { url, received } = await backend(t, ({ body }, response) => {
    if (!body.includes('"account":"b"')) response.end()
  })
  const courier = delivery(store, url)
  courier.start()
  const until = async (count: number) => {
    for (let wait = 0; wait < 6_000 && received.length < count; wait += 1) await sleep(10)
    t.equal(received.length, count)
  }
  await until(1)
  await chain(store, 'b', 1)
  courier.wake()
  await until(2)
  await chain(store, 'c', 2)
  courier.wake()
  await until(4)
  const startedMs = performance.now()
  await courier.stop(100)
  t.ok(performance.now() - startedMs < limits.delivery.postTimeoutMs / 2)
  t.match(await store.outboxOf('b', 1), { state: 'pending', attempts: 0 }, 'cut off is no failure')
  t.equal((await store.outboxCounts()).pending, 1)
})

t.test('an outcome that cannot be stored ends the run: nothing is posted over and over', async (t) => {
  const store = await filled(t, { a: 3, b: 3 })
  const { url, received } = await backend(t)
  const courier = delivery(store, url, {
    outbox: {
      due: (atMs, limit) => store.outboxDue(atMs, limit),
      last: async () => null,
      nextMs: () => store.outboxNextMs(),
      counts: () => store.outboxCounts(),
      delivered: () => Promise.reject(Object.assign(new Error('full'), { code: 'STATE_FULL' })),
      failed: async () => {},
      parked: async () => {},
      releaseParked: async () => {},
    },
  })
  await t.rejects(courier.runDue(nowMs), { code: 'STATE_FULL' })
  t.equal(received.length, 2)
})

t.test('a profile without a form for it withholds the statement and goes on', async (t) => {
  const store = await filled(t, { a: 3 })
  const { url, received } = await backend(t)
  const courier = delivery(store, url, {
    render: async (body) =>
      Buffer.from(body).includes('"sequence":2') ? null : utf8(`small ${body.length}`),
  })
  await courier.runDue(nowMs)
  t.strictSame(bodies(received), ['small 28', 'small 28'])
  t.match(await courier.metrics(), { delivered: 2, withheld: 1, pending: 0 })
  t.match(await store.outboxOf('a', 2), { state: 'delivered', lastCode: 'NOT_IN_PROFILE' })
})
