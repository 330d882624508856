import t from 'tap'
import { WebSocket } from 'ws'
import { InputError } from '@perf-agg/sdk'
import { ask, openHouse, ownedId, raw, sessionId, standStill } from './fixture.ts'

const trade = {
  symbol: 'BTCUSDT',
  price: 50_000,
  size: 0.1,
  side: 'buy',
  timestamp: 1_795_000_000_000,
  fee: 1.5,
}

interface Client {
  readonly socket: WebSocket
  /** What came, in order. */
  readonly messages: Record<string, unknown>[]
  send(message: unknown): void
  /** Resolves once so many messages came. */
  received(count: number): Promise<void>
  readonly closed: Promise<{ code: number; reason: string }>
}

async function join(url: string, options: { origin?: string } = {}): Promise<Client> {
  const socket = new WebSocket(url, options)
  const messages: Record<string, unknown>[] = []
  let { promise: woken, resolve: wake } = Promise.withResolvers<void>()
  socket.on('message', (data) => {
    messages.push(JSON.parse(String(data)))
    wake()
  })
  socket.on('error', () => {})
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      wake()
      resolve({ code, reason: String(reason) })
    })
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  return {
    socket,
    messages,
    closed,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async received(count) {
      const deadline = performance.now() + 60_000
      while (messages.length < count) {
        if (performance.now() > deadline) throw new Error(`${messages.length} of ${count} messages came`)
        await Promise.race([woken, new Promise((resolve) => setTimeout(resolve, 50))])
        ;({ promise: woken, resolve: wake } = Promise.withResolvers<void>())
      }
    },
  }
}

const auth = { type: 'auth', session_id: sessionId }

t.test('auth first, then trades are acknowledged once they are durable', async (t) => {
  const { listeners, service } = await openHouse(t)
  const client = await join(listeners.wsUrl)
  const { promise, resolve: open } = Promise.withResolvers<void>()
  service.gate = promise
  client.send(auth)
  client.send({ type: 'trade', data: { ...trade, id: 'a' } })
  client.send({ type: 'trade', data: { ...trade, price: '50000.000000000000000001', fee: undefined } })
  await client.received(1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.same(
    client.messages,
    [{ type: 'ready' }],
    'trades told in the same breath wait, and are not acknowledged early',
  )
  open()
  await client.received(3)
  const hour = '2026-11-23T01:00:00.000Z'
  t.same(client.messages.slice(1), [
    { type: 'ack', id: 'a', hour, duplicate: false },
    { type: 'ack', id: '2', hour, duplicate: false },
  ])
  t.same(service.trades[0], {
    id: 'a',
    symbol: 'BTCUSDT',
    price: { digits: 50_000n, scale: 0 },
    size: { digits: 1n, scale: 1 },
    side: 'buy',
    atMs: 1_795_000_000_000,
    fee: { digits: 15n, scale: 1 },
  })
  t.match(
    service.trades[1],
    { id: null, price: { digits: 50_000_000_000_000_000_000_001n, scale: 18 } },
    'exact',
  )
  service.tell({ type: 'bucket', data: { t: hour } })
  service.tell({ type: 'metrics', data: { schema: 'perf-agg/metrics/v1' } })
  await client.received(5)
  t.same(client.messages.slice(3), [
    { type: 'bucket', data: { t: hour } },
    { type: 'metrics', data: { schema: 'perf-agg/metrics/v1' } },
  ])
  client.socket.close()
  await client.closed
  while (service.channelsClosed === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  t.equal(service.channelsClosed, 1)
})

t.test('a session with a client key is asked for a signed challenge', async (t) => {
  const { listeners } = await openHouse(t)
  const client = await join(listeners.wsUrl)
  client.send({ type: 'auth', session_id: ownedId })
  await client.received(1)
  t.match(client.messages[0], { type: 'challenge', challenge: 'C'.repeat(43) })
  client.send({ type: 'auth', session_id: ownedId, challenge: 'C'.repeat(43), client_signature: 'c2ln' })
  await client.received(2)
  t.same(client.messages[1], { type: 'ready' })

  const liar = await join(listeners.wsUrl)
  liar.send({ type: 'auth', session_id: ownedId, challenge: 'X'.repeat(43), client_signature: 'c2ln' })
  t.same(await liar.closed, { code: 1008, reason: 'CHALLENGE_REFUSED' })
})

t.test('who does not say who it is is shown out', async (t) => {
  const hurried = await openHouse(t, { ws: { authTimeoutMs: 150 } })
  const silent = await join(hurried.listeners.wsUrl)
  t.same(await silent.closed, { code: 1008, reason: 'AUTH_TIMEOUT' })
  t.match(silent.messages, [{ type: 'error', code: 'AUTH_TIMEOUT' }])
  const { listeners, service } = await openHouse(t)
  const hasty = await join(listeners.wsUrl)
  hasty.send({ type: 'trade', data: trade })
  t.same(await hasty.closed, { code: 1008, reason: 'AUTH_REQUIRED' })
  t.equal(service.trades.length, 0)
  const stranger = await join(listeners.wsUrl)
  stranger.send({ type: 'auth', session_id: 's'.repeat(30) })
  t.same(await stranger.closed, { code: 1008, reason: 'SESSION_UNKNOWN' })
  const malformed = await join(listeners.wsUrl)
  malformed.send({ type: 'auth', session_id: '../../etc' })
  t.same(await malformed.closed, { code: 1008, reason: 'SESSION_UNKNOWN' })
  t.same(malformed.messages, stranger.messages, 'one answer')
  const twice = await join(listeners.wsUrl)
  twice.send(auth)
  twice.send(auth)
  t.same(await twice.closed, { code: 1008, reason: 'AUTH_REPEATED' })
})

t.test('guesses at ids end at the rate of their address', async (t) => {
  const { listeners } = await openHouse(t, { http: { requestsPerAddressPerMinute: 25 } })
  standStill(t)
  for (let guess = 0; guess < 3; guess += 1) {
    const client = await join(listeners.wsUrl)
    client.send({ type: 'auth', session_id: 'g'.repeat(30) })
    await client.closed
  }
  await t.rejects(join(listeners.wsUrl), { message: /429/ })
})

t.test(
  'messages that are no trade are refused by name, and end the connection when they are many',
  async (t) => {
    const { listeners, service } = await openHouse(t, { ws: { malformedMax: 100 } })
    const client = await join(listeners.wsUrl)
    client.send(auth)
    await client.received(1)
    const bad: [unknown, string][] = [
      ['{"type":"trade","type":"trade"}', 'JSON_DUPLICATE_KEY'],
      ['[[[[[[1]]]]]]', 'JSON_TOO_DEEP'],
      ['{', 'JSON_INVALID'],
      ['{"type":"trade","data":{"symbol":"B","price":NaN}}', 'JSON_INVALID'],
      [{ type: 'other' }, 'INPUT_INVALID'],
      [null, 'INPUT_INVALID'],
      [{ type: 'trade' }, 'INPUT_INVALID'],
      [{ type: 'trade', data: trade, extra: 1 }, 'INPUT_INVALID'],
      [{ type: 'trade', data: { ...trade, price: 0 } }, 'INPUT_INVALID'],
      [{ type: 'trade', data: { ...trade, price: -1 } }, 'INPUT_INVALID'],
      [{ type: 'trade', data: { ...trade, price: 'Infinity' } }, 'INPUT_INVALID'],
      [{ type: 'trade', data: { ...trade, size: '1e999' } }, 'INPUT_INVALID'],
      [{ type: 'trade', data: { ...trade, size: true } }, 'INPUT_INVALID'],
      [{ type: 'trade', data: { ...trade, side: 'BUY' } }, 'INPUT_INVALID'],
      [{ type: 'trade', data: { ...trade, timestamp: 1 } }, 'INPUT_INVALID'],
      [{ type: 'trade', data: { ...trade, timestamp: 1_795_000_000_000.5 } }, 'INPUT_INVALID'],
      [{ type: 'trade', data: { ...trade, symbol: 'B T' } }, 'INPUT_INVALID'],
      [{ type: 'trade', data: { ...trade, id: 'new\nline' } }, 'INPUT_INVALID'],
    ]
    for (const [message] of bad) client.send(message)
    await client.received(bad.length + 1)
    t.same(
      client.messages.slice(1).map(({ code }) => code),
      bad.map(([, code]) => code),
    )
    t.equal(service.trades.length, 0)
    client.send({ type: 'trade', data: { ...trade, fee: -0.5 } })
    await client.received(bad.length + 2)
    t.match(client.messages.at(-1), { type: 'ack' }, 'a rebate is a trade like any other')

    const { listeners: strict } = await openHouse(t, { ws: { malformedMax: 3 } })
    const noisy = await join(strict.wsUrl)
    noisy.send(auth)
    for (let count = 0; count < 3; count += 1) noisy.send('noise')
    t.same(await noisy.closed, { code: 1008, reason: 'MALFORMED' })
  },
)

t.test('a refused trade names its id and leaves the connection open', async (t) => {
  const { listeners, service } = await openHouse(t)
  const client = await join(listeners.wsUrl)
  client.send(auth)
  await client.received(1)
  service.failure = new InputError('TRADES_NOT_TAKEN', 'this exchange is polled')
  client.send({ type: 'trade', data: { ...trade, id: 'mine' } })
  await client.received(2)
  t.same(client.messages[1], {
    type: 'error',
    code: 'TRADES_NOT_TAKEN',
    message: 'this exchange is polled',
    id: 'mine',
  })
  service.failure = new Error('verysecret')
  client.send({ type: 'trade', data: trade })
  await client.received(3)
  t.match(client.messages[2], { code: 'INTERNAL' })
  t.notMatch(JSON.stringify(client.messages), /verysecret/)
  service.failure = null
  client.send({ type: 'trade', data: trade })
  await client.received(4)
  t.match(client.messages[3], { type: 'ack' })
})

t.test('binary, oversized and garbled frames end the connection', async (t) => {
  const { listeners } = await openHouse(t)
  const binary = await join(listeners.wsUrl)
  binary.socket.send(Buffer.from(JSON.stringify(auth)), { binary: true })
  t.equal((await binary.closed).code, 1003)
  const large = await join(listeners.wsUrl)
  large.send('a'.repeat(9_000))
  t.equal((await large.closed).code, 1009)
  const unmasked = await join(listeners.wsUrl)
  // an unmasked frame, which no client may send
  Reflect.get(unmasked.socket, '_socket').write(Buffer.from([0x81, 0x02, 0x7b, 0x7d]))
  t.equal((await unmasked.closed).code, 1002)
})

t.test('trades come no faster than they become durable', async (t) => {
  const { listeners, service } = await openHouse(t, {
    // no rate stands in the way of what is tested
    ws: { tradesWaitingMax: 10, messagesPerSecond: 1e6, messagesBurst: 1e6 },
  })
  const { promise, resolve: open } = Promise.withResolvers<void>()
  service.gate = promise
  const client = await join(listeners.wsUrl)
  client.send(auth)
  await client.received(1)
  for (let count = 0; count < 4_000; count += 1)
    client.send({ type: 'trade', data: { ...trade, id: `t${count}` } })
  let seen = -1
  while (seen !== service.trades.length) {
    seen = service.trades.length
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  t.ok(service.trades.length < 2_000, `${service.trades.length} were read`)
  open()
  const { messages } = client
  const deadline = performance.now() + 60_000
  while (messages.length < 4_001 && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 50))
  t.same(
    messages.slice(1).map(({ id }) => id),
    Array.from({ length: 4_000 }, (_, count) => `t${count}`),
    'and none is lost or out of order',
  )
})

t.test(
  'who does not read gets the newest metrics only, and is cut off when even so too much waits',
  async (t) => {
    const { listeners, service } = await openHouse(t, {
      ws: { waitingBytesMax: 20_000, waitingBytesStop: 400_000 },
    })
    const slow = await join(listeners.wsUrl)
    slow.send(auth)
    await slow.received(1)
    slow.socket.pause()
    const filler = 'x'.repeat(20_000)
    // what the kernel takes does not wait with us
    for (let count = 0; count < 3_000; count += 1) {
      service.tell({ type: 'metrics', data: { count, filler } })
      if (count % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    slow.socket.resume()
    const deadline = performance.now() + 60_000
    const last = (): unknown => slow.messages.at(-1)?.data
    while (!JSON.stringify([last()]).includes('"count":2999') && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    t.match(last(), { count: 2_999 })
    t.ok(slow.messages.length < 3_000, `${slow.messages.length} of 3,000 were sent`)

    slow.socket.pause()
    for (let count = 0; count < 3_000; count += 1) {
      service.tell({ type: 'bucket', data: { count, filler } })
      if (count % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    slow.socket.resume()
    t.equal((await slow.closed).code, 1006)
  },
)

t.test('a connection that no longer answers is given up', async (t) => {
  const { listeners, service } = await openHouse(t, { ws: { pingIntervalMs: 1_500 } })
  const alive = await join(listeners.wsUrl)
  const dead = await join(listeners.wsUrl)
  dead.socket.pong = () => {}
  alive.send(auth)
  await alive.received(1)
  t.equal((await dead.closed).code, 1006)
  t.equal(alive.socket.readyState, WebSocket.OPEN)
  service.tell({ type: 'closed', code: 'SESSION_EXPIRED', message: 'the session is over' })
  t.same(await alive.closed, { code: 1000, reason: 'SESSION_EXPIRED' })
  t.match(alive.messages.at(-1), { type: 'closed', code: 'SESSION_EXPIRED' })
})

const upgrade = (headers: string, path = '/'): string =>
  `GET ${path} HTTP/1.1\r\n${headers}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'

t.test('the WebSocket has the same door', async (t) => {
  const origin = 'https://app.example'
  const { listeners } = await openHouse(t, {
    config: { allowedOrigins: [origin] },
    ws: { connectionsMax: 2 },
  })
  const url = listeners.wsUrl
  const plain = url.replace('ws:', 'http:')
  t.match(await ask(plain), { status: 426, body: { code: 'UPGRADE_REQUIRED' } })
  const host = 'Host: localhost\r\n'
  t.match(await raw(plain, upgrade(host + host)), { status: 400, code: 'HOST_INVALID', closed: true })
  t.match(await raw(plain, upgrade('Host: rebound.example\r\n')), { status: 421, code: 'HOST_REFUSED' })
  t.match(await raw(plain, upgrade(`${host}Origin: https://evil.example\r\n`)), {
    status: 403,
    code: 'ORIGIN_REFUSED',
  })
  t.match(await raw(plain, upgrade(host, '/other')), { status: 404, code: 'ROUTE_UNKNOWN' })
  const first = await join(url, { origin })
  const second = await join(url)
  await t.rejects(join(url), { message: /503/ })
  first.socket.close()
  second.socket.close()
})
