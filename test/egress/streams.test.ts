import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { type WebSocket, WebSocketServer } from 'ws'
import { Egress } from '../../src/egress/egress.ts'
import { type Rule, rulesOf } from '../../src/egress/hosts.ts'
import { readRules } from '../../src/egress/message.ts'
import { EgressRefusal } from '../../src/egress/request.ts'
import { exchangesWithStreams, streamRulesOf } from '../../src/egress/stream-hosts.ts'
import type { StreamWord } from '../../src/egress/stream-message.ts'
import { allowsOperation, type StreamBounds, Streams } from '../../src/egress/streams.ts'
import { limits } from '../../src/limits.ts'
import { startServer } from './hostile-server.ts'

interface Opened {
  readonly streams: Streams
  readonly words: (StreamWord & { text?: string })[]
  readonly refused: [string, string | null][]
  next(kind: StreamWord['kind']): Promise<StreamWord & { text?: string }>
}

function streamsOf(
  t: Test,
  rules: readonly Rule[],
  bounds: Partial<StreamBounds> = {},
  requestTimeoutMs: number = limits.egress.requestTimeoutMs,
): Opened {
  const egress = new Egress(rules, { bounds: { ...limits.egress, requestTimeoutMs } })
  const words: (StreamWord & { text?: string })[] = []
  const refused: [string, string | null][] = []
  let wake = (): void => {}
  let seen = 0
  const streams = new Streams(
    egress,
    {
      word: async (word, body) => {
        words.push(body === undefined ? word : { ...word, text: Buffer.from(body).toString() })
        wake()
      },
      opened: async () => {},
      refused: async (code, host) => void refused.push([code, host]),
    },
    { ...limits.stream, ...bounds },
  )
  t.teardown(() => {
    streams.close()
    egress.close()
  })
  return {
    streams,
    words,
    refused,
    async next(kind) {
      for (;;) {
        for (; seen < words.length;) {
          const word = words[seen++]
          if (word?.kind === kind) return word
        }
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

/** The original of the protocol, as the server's side. */
async function serve(t: Test, onClient: (client: WebSocket) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', onClient)
  t.teardown(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What no library would send: bytes right behind a good handshake, or instead of it. */
async function serveBytes(t: Test, act: (socket: Socket, key: string) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', (request) => {
      act(socket, /sec-websocket-key: (\S+)/i.exec(request.toString('latin1'))?.[1] ?? '')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function switching(key: string): Promise<string> {
  const digest = await crypto.subtle.digest(
    'SHA-1',
    Buffer.from(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`),
  )
  const accept = Buffer.from(digest).toString('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`
}

const subscription = JSON.stringify({
  id: '1',
  method: 'userDataStream.subscribe.signature',
  params: { timestamp: 1 },
})

t.test('a stream is opened, said to and heard', async (t) => {
  const said: string[] = []
  const url = await serve(t, (client) => {
    client.on('message', (data: Buffer) => {
      said.push(data.toString())
      client.send('{"e":"one"}')
      client.send(`{"e":"${'long'.repeat(20_000)}"}`)
      client.ping('here?')
    })
    client.on('pong', (data: Buffer) => {
      said.push(`pong ${data.toString()}`)
      client.close()
    })
  })
  const { streams, next } = streamsOf(t, streamRulesOf('binance', url))
  await streams.open(1, `${url.replace('http', 'ws')}/ws-api/v3`)
  await next('opened')
  await streams.say(1, Buffer.from(subscription))
  t.equal((await next('heard')).text, '{"e":"one"}')
  t.equal((await next('heard')).text?.length, 80_008)
  t.match(await next('ended'), { code: 'CLOSED', status: null })
  t.same(said, [subscription, 'pong here?'])
})

t.test('nothing but its operations is ever said: no order leaves through a stream', async (t) => {
  const said: string[] = []
  const url = await serve(t, (client) => client.on('message', (data: Buffer) => said.push(data.toString())))
  const { streams, next, refused } = streamsOf(t, streamRulesOf('binance', url))
  const refusals = [
    '{"id":1,"method":"order.place","params":{}}',
    '{"id":1,"method":"userDataStream.subscribe.signature","method":"order.place"}',
    '{"id":1,"method":"order.place","method":"userDataStream.subscribe.signature"}',
    '[{"id":1,"method":"userDataStream.subscribe.signature"}]',
    '{"id":1,"method":["userDataStream.subscribe.signature"]}',
    '{"id":1,"METHOD":"userDataStream.subscribe.signature"}',
    '{"id":1}',
    'ping',
    '',
    `{"id":"${'1'.repeat(9_000)}","method":"userDataStream.subscribe.signature"}`,
  ]
  for (const [index, text] of refusals.entries()) {
    const id = index + 1
    await streams.open(id, `${url.replace('http', 'ws')}/ws-api/v3`)
    await next('opened')
    await streams.say(id, Buffer.from(text))
    t.match(await next('ended'), { id, code: 'OPERATION_REFUSED' }, text.slice(0, 60))
  }
  t.same(said, [])
  t.equal(refused.length, refusals.length, 'and the daemon hears of each')
  // where nothing at all is to be said
  await streams.open(90, `${url.replace('http', 'ws')}/private/ws?listenKey=a`)
  await next('opened')
  await streams.say(90, Buffer.from(subscription))
  t.match(await next('ended'), { id: 90, code: 'OPERATION_REFUSED' })
})

t.test('of every exchange, what may be said places no order', async (t) => {
  for (const exchange of exchangesWithStreams) {
    const rules = streamRulesOf(exchange, null)
    t.ok(rules.length > 0, exchange)
    for (const { origin, operations, methods, paths } of rules) {
      if (operations === undefined) {
        t.match(origin, /^https:/)
        t.ok(
          paths.every((path) => /listenKey|WebSocketsToken/.test(path)),
          'requests open streams, nothing else',
        )
        continue
      }
      t.match(origin, /^wss:/)
      t.same(methods, [], 'no request goes there')
      for (const name of operations.names)
        t.match(name, /^(?:userDataStream\.subscribe\.signature|auth|login|subscribe|ping)$/)
      for (const name of [
        'order.place',
        'order',
        'amend',
        'cancel-order',
        'order.create',
        'add_order',
        'batch_add',
      ]) {
        t.notOk(allowsOperation(operations, Buffer.from(JSON.stringify({ [operations.member]: name }))))
      }
    }
  }
})

t.test('goes nowhere but where its rules say', async (t) => {
  const url = await serve(t, () => {})
  const there = url.replace('http', 'ws')
  const { streams, next, refused } = streamsOf(t, streamRulesOf('binance', url))
  const nowhere = [
    `${there}/ws-api/v4`,
    `${there}/stream`,
    `${there.replace('127.0.0.1', 'localhost')}/ws-api/v3`,
    `${there.replace('ws://', 'ws://a:b@')}/ws-api/v3`,
    `${url}/ws-api/v3`,
    'wss://ws-api.binance.com/ws-api/v3',
    'nowhere',
  ]
  for (const [index, address] of nowhere.entries()) {
    await streams.open(index + 1, address)
    t.match(await next('ended'), { id: index + 1, code: 'HOST_REFUSED' }, address)
  }
  t.equal(refused.length, nowhere.length)
  const egress = new Egress(streamRulesOf('binance', url))
  t.teardown(() => egress.close())
  for (const [method, path] of [
    ['GET', '/api/v3/account'],
    ['GET', '/fapi/v1/listenKey'],
    ['POST', '/fapi/v1/order'],
    ['DELETE', '/fapi/v1/listenKey'],
  ] as const) {
    await t.rejects(
      egress.fetch({ id: 1, method, url: `${url}${path}`, headers: [] }, new Uint8Array()),
      { code: 'HOST_REFUSED' },
      `${method} ${path}`,
    )
  }
  const asking = new Egress(rulesOf('binance', url))
  t.teardown(() => asking.close())
  await t.rejects(asking.open(`${there}/ws-api/v3`), { code: 'HOST_REFUSED' }, 'who asks does not listen')
  const [rule] = streamRulesOf('binance', url.replace('127.0.0.1', 'localhost'))
  const wary = new Egress([{ ...rule!, privateAllowed: false }])
  t.teardown(() => wary.close())
  await t.rejects(wary.open(`${there.replace('127.0.0.1', 'localhost')}/ws-api/v3`), {
    code: 'ADDRESS_REFUSED',
  })
})

t.test('an answer that is no connection is told by its status', async (t) => {
  const server = await startServer((_, response) => {
    response.writeHead(429, { 'retry-after': '17' })
    response.end()
  })
  t.teardown(() => server.close())
  const { streams, next } = streamsOf(t, streamRulesOf('binance', server.url))
  await streams.open(1, `${server.url.replace('http', 'ws')}/ws-api/v3`)
  t.match(await next('ended'), { code: 'HANDSHAKE_REFUSED', status: 429, retryAfterS: 17 })
})

t.test('a peer that does not speak the protocol is left', async (t) => {
  const cases: [string, string, (socket: Socket, key: string) => void][] = [
    ['no answer', 'TIMED_OUT', () => {}],
    ['no HTTP', 'ANSWER_INVALID', (socket) => socket.end('hello\r\n\r\n')],
    [
      'another’s handshake',
      'ANSWER_INVALID',
      (socket) => void switching('AAAAAAAAAAAAAAAAAAAAAA==').then((head) => socket.write(`${head}\r\n`)),
    ],
    [
      'an extension nobody asked for',
      'ANSWER_INVALID',
      (socket, key) =>
        void switching(key).then((head) =>
          socket.write(`${head}Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n`),
        ),
    ],
    [
      'a gigabyte',
      'TOO_LARGE',
      (socket, key) =>
        void switching(key).then((head) => {
          socket.write(`${head}\r\n`)
          socket.write(Buffer.from([0x81, 127, 0, 0, 0, 0, 0x40, 0, 0, 0]))
        }),
    ],
    [
      'a masked frame, in one piece with the handshake',
      'ANSWER_INVALID',
      (socket, key) =>
        void switching(key).then((head) =>
          socket.write(Buffer.concat([Buffer.from(`${head}\r\n`), Buffer.from([0x81, 0x80, 0, 0, 0, 0])])),
        ),
    ],
  ]
  for (const [name, code, act] of cases) {
    const url = await serveBytes(t, act)
    const patienceMs = code === 'TIMED_OUT' ? 500 : undefined
    const { streams, next } = streamsOf(t, streamRulesOf('binance', url), {}, patienceMs)
    await streams.open(1, `${url.replace('http', 'ws')}/ws-api/v3`)
    t.match(await next('ended'), { id: 1, code }, name)
  }
})

t.test('a peer that is gone without a word is noticed, one that answers is kept', async (t) => {
  const silent = await serveBytes(t, (socket, key) => {
    void switching(key).then((head) => socket.write(`${head}\r\n`))
  })
  const quiet = await serve(t, () => {})
  const bounds = { pingIntervalMs: 100, silenceMsMax: 3_000 }
  const one = streamsOf(t, streamRulesOf('binance', quiet), bounds)
  const other = streamsOf(t, streamRulesOf('binance', silent), bounds)
  await one.streams.open(1, `${quiet.replace('http', 'ws')}/ws-api/v3`)
  await other.streams.open(1, `${silent.replace('http', 'ws')}/ws-api/v3`)
  t.match(await other.next('ended'), { code: 'TIMED_OUT' })
  t.same(
    one.words.map(({ kind }) => kind),
    ['opened'],
  )
})

t.test('a flood waits at its own end', async (t) => {
  // more than a kernel takes
  const count = 2_000
  let client: WebSocket | null = null
  const url = await serve(t, (connected) => {
    client = connected
    for (let index = 0; index < count; index += 1) connected.send(`{"e":"${'x'.repeat(45_000)}"}`)
  })
  const { streams, words, next } = streamsOf(t, streamRulesOf('binance', url), { messagesPerSecond: 100 })
  const startedAt = performance.now()
  await streams.open(1, `${url.replace('http', 'ws')}/ws-api/v3`)
  await next('opened')
  for (let index = 0; index < 150; index += 1) await next('heard')
  const seconds = (performance.now() - startedAt) / 1_000
  // one piece of the network is read at a time
  const atMost = 100 * (seconds + 1) + 200
  t.ok(words.length < atMost, `${words.length} heard within ${seconds.toFixed(1)} s`)
  t.ok((client as WebSocket | null)!.bufferedAmount > 1_000_000, 'the rest is the sender’s')
})

t.test('no more connections than allowed, and each can be left', async (t) => {
  let gone = 0
  const url = await serve(t, (client) => client.on('close', () => (gone += 1)))
  const { streams, next, words } = streamsOf(t, streamRulesOf('binance', url), { streamsMax: 2 })
  const address = `${url.replace('http', 'ws')}/ws-api/v3`
  for (const id of [1, 2]) {
    await streams.open(id, address)
    await next('opened')
  }
  await streams.open(3, address)
  t.match(await next('ended'), { id: 3, code: 'BUSY' })
  streams.hangUp(1)
  while (gone === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  await streams.open(4, address)
  await next('opened')
  t.notOk(
    words.some(({ kind, id }) => kind === 'ended' && id === 1),
    'who leaves hears nothing more',
  )
})

t.test('rules with operations cross the pipe', async (t) => {
  const rules = streamRulesOf('binance', null)
  t.same(readRules(JSON.parse(JSON.stringify({ rules, address: null }))), { rules, address: null })
  t.throws(() => readRules({ rules: [{ ...rules[0], operations: { member: 'method' } }], address: null }))
  t.type(new EgressRefusal('BUSY', null), Error)
})
