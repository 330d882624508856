import { connect } from 'node:net'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { ask, openHouse, post, raw, sessionId, standStill } from './fixture.ts'

const get = (headers: string, target = '/livez'): string => `GET ${target} HTTP/1.1\r\n${headers}\r\n`
const host = 'Host: localhost\r\n'
/** The answer to it ends the connection. */
const last = 'Connection: close\r\n'

t.test('refuses what two parsers could read differently, and ends the connection', async (t) => {
  const { listeners } = await openHouse(t)
  const url = listeners.enclaveUrl
  const body = (headers: string, content: string): string =>
    `POST /enclave/cleanup HTTP/1.1\r\n${host}Content-Type: application/json\r\n${headers}\r\n${content}`
  const next = get(host, '/readyz')
  const cases: [string, string, string][] = [
    ['two hosts', get(`${host}Host: other\r\n`), 'HOST_INVALID'],
    ['two equal hosts', get(host + host), 'HOST_INVALID'],
    ['no host', get(''), 'HOST_INVALID'],
    ['an empty host', get('Host:\r\n'), 'HOST_INVALID'],
    ['a host with a path', get('Host: localhost/x\r\n'), 'HOST_INVALID'],
    ['a host with a user', get('Host: a@localhost\r\n'), 'HOST_INVALID'],
    ['absolute form', get(host, 'http://localhost/livez'), 'TARGET_REFUSED'],
    ['two slashes', get(host, '//localhost/livez'), 'TARGET_REFUSED'],
    ['a backslash', get(host, '/\\livez'), 'TARGET_REFUSED'],
    ['asterisk form', `OPTIONS * HTTP/1.1\r\n${host}\r\n`, 'TARGET_REFUSED'],
    ['a proxy request', `CONNECT localhost:443 HTTP/1.1\r\n${host}\r\n`, 'REQUEST_MALFORMED'],
    ['gzip, chunked', body('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'), 'TRANSFER_ENCODING_REFUSED'],
    ['chunked twice', body('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n'), 'REQUEST_MALFORMED'],
    [
      'chunked in two lines',
      body('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
      'REQUEST_MALFORMED',
    ],
    ['identity', body('Transfer-Encoding: identity\r\n', '{}'), 'TRANSFER_ENCODING_REFUSED'],
    [
      'length and chunked',
      body('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
      'REQUEST_MALFORMED',
    ],
    [
      'chunked and length',
      body('Transfer-Encoding: chunked\r\nContent-Length: 2\r\n', '0\r\n\r\n'),
      'REQUEST_MALFORMED',
    ],
    ['two lengths', body('Content-Length: 2\r\nContent-Length: 2\r\n', '{}'), 'REQUEST_MALFORMED'],
    ['two lengths in one', body('Content-Length: 2, 2\r\n', '{}'), 'REQUEST_MALFORMED'],
    ['a negative length', body('Content-Length: -2\r\n', '{}'), 'REQUEST_MALFORMED'],
    ['a length with a plus', body('Content-Length: +2\r\n', '{}'), 'REQUEST_MALFORMED'],
    [
      'a chunk that is none',
      body('Transfer-Encoding: chunked\r\n', 'zz\r\n{}\r\n0\r\n\r\n'),
      'REQUEST_MALFORMED',
    ],
    ['a space before the colon', get(`${host}X-A : 1\r\n`), 'REQUEST_MALFORMED'],
    ['a folded header', get(`${host}X-A: 1\r\n 2\r\n`), 'REQUEST_MALFORMED'],
    ['a bare line feed', `GET /livez HTTP/1.1\nHost: localhost\n\n`, 'REQUEST_MALFORMED'],
    ['a control character', get(`${host}X-A: 1\x002\r\n`), 'REQUEST_MALFORMED'],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'REQUEST_MALFORMED'],
    ['noise', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 'REQUEST_MALFORMED'],
  ]
  for (const [name, request, code] of cases) {
    const answer = await raw(url, request + next)
    t.equal(answer.code, code, name)
    t.equal(answer.status, 400, name)
    t.ok(answer.closed, `${name}: the connection ends`)
    t.notMatch(answer.text, '"store":"ok"', `${name}: what came behind is not answered`)
  }
})

t.test('a sound pipeline is answered in order', async (t) => {
  const { listeners } = await openHouse(t)
  const answer = await raw(listeners.enclaveUrl, get(host, '/livez') + get(host + last, '/readyz'))
  t.match(answer.text, /"status":"ok"\}[^]*"store":"ok"/)
})

const many = (count: number): string =>
  Array.from({ length: count }, (_, index) => `X-${index}: 1\r\n`).join('')

t.test('headers are bounded in number and size', async (t) => {
  const { listeners } = await openHouse(t)
  const url = listeners.enclaveUrl
  t.equal((await raw(url, get(host + last + many(60)))).status, 200)
  t.match(await raw(url, get(host + many(64))), { status: 431, code: 'HEADERS_TOO_LARGE', closed: true })
  t.match(await raw(url, get(`${many(200)}${host}${host}`)), { status: 431 }, 'a Host behind them too')
  t.match(await raw(url, get(`${host}X-A: ${'a'.repeat(9_000)}\r\n`)), {
    status: 431,
    code: 'HEADERS_TOO_LARGE',
  })
  t.match(await raw(url, get(host, `/${'a'.repeat(3_000)}`)), { status: 400, code: 'TARGET_REFUSED' })
})

t.test('a body beyond its bound is refused before it is read', async (t) => {
  const { listeners, service } = await openHouse(t)
  const head = `POST /enclave/submit_key HTTP/1.1\r\n${host}Content-Type: application/json\r\n`
  const said = await raw(listeners.enclaveUrl, `${head}Content-Length: 1000000000\r\n\r\n{`)
  t.match(said, { status: 413, code: 'BODY_TOO_LARGE', closed: true })
  const chunk = `${(0x8000).toString(16)}\r\n${'a'.repeat(0x8000)}\r\n`
  const unsaid = await raw(listeners.enclaveUrl, [
    `${head}Transfer-Encoding: chunked\r\n\r\n`,
    chunk,
    chunk,
    chunk,
  ])
  t.match(unsaid, { status: 413, code: 'BODY_TOO_LARGE', closed: true })
  t.equal(service.submitted.length, 0)
})

t.test('slow headers and slow bodies are given up', async (t) => {
  const { listeners } = await openHouse(t, { http: { headersTimeoutMs: 200, requestTimeoutMs: 400 } })
  const url = listeners.enclaveUrl
  const begunMs = performance.now()
  const headers = await raw(url, 'GET /livez HTTP/1.1\r\nHost: loc')
  t.match(headers, { status: 408, code: 'REQUEST_TIMEOUT', closed: true })
  const head = `POST /enclave/cleanup HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`
  const body = await raw(url, head)
  t.match(body, { status: 408, code: 'REQUEST_TIMEOUT', closed: true })
  t.ok(performance.now() - begunMs < limits.http.headersTimeoutMs, 'when this listener says so')
  t.equal((await ask(`${url}/livez`)).status, 200, 'others are served')
})

t.test('a drip of bytes does not hold a connection longer', async (t) => {
  const { listeners } = await openHouse(t, { http: { headersTimeoutMs: 200, requestTimeoutMs: 300 } })
  const { hostname, port } = new URL(listeners.enclaveUrl)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.write('GET /livez HTTP/1.1\r\nX-A: ')
  const drip = setInterval(() => socket.write('a'), 20)
  const begunMs = performance.now()
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
  clearInterval(drip)
  t.ok(performance.now() - begunMs < limits.http.headersTimeoutMs)
})

t.test('one address holds only so many connections', async (t) => {
  const { listeners } = await openHouse(t, { http: { connectionsPerAddressMax: 3 } })
  const { hostname, port } = new URL(listeners.enclaveUrl)
  const sockets = Array.from({ length: 5 }, () => connect(Number(port), hostname).on('error', () => {}))
  const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', () => resolve(true))))
  for (const socket of sockets) socket.resume()
  await Promise.all([closed[3], closed[4]])
  t.equal(sockets.filter((socket) => !socket.destroyed).length, 3)
  for (const socket of sockets) socket.destroy()
  const again = async (): Promise<number> => {
    try {
      return (await ask(`${listeners.enclaveUrl}/livez`)).status
    } catch {
      // it has not seen yet that they are gone
      await new Promise((resolve) => setTimeout(resolve, 20))
      return again()
    }
  }
  t.equal(await again(), 200, 'and may come again')
})

t.test('requests of an address are counted, guesses more dearly', async (t) => {
  const { listeners, service } = await openHouse(t, { http: { requestsPerAddressPerMinute: 12 } })
  standStill(t)
  const url = listeners.enclaveUrl
  for (let count = 0; count < 12; count += 1) t.equal((await ask(`${url}/livez`)).status, 200)
  const refused = await ask(`${url}/livez`)
  t.match(refused, { status: 429, body: { code: 'RATE_LIMITED' } })
  t.equal(refused.headers.get('retry-after'), '5')
  t.equal((await ask(`${listeners.operationsUrl}/livez`)).status, 429, 'all listeners together')
  t.equal(service.nonces.length, 0)

  const other = await openHouse(t, { http: { requestsPerAddressPerMinute: 25 } })
  const guess = `${other.listeners.enclaveUrl}/enclave/metrics/${'g'.repeat(30)}`
  const statuses: number[] = []
  for (let count = 0; count < 4; count += 1) statuses.push((await ask(guess)).status)
  t.same(statuses, [404, 404, 404, 429])
})

t.test('behind trusted proxies the rightmost untrusted hop counts', async (t) => {
  const http = { requestsPerAddressPerMinute: 2 }
  const { listeners } = await openHouse(t, { http, config: { trustedProxies: ['127.0.0.0/8', '10.0.0.1'] } })
  standStill(t)
  const from = async (hops: string): Promise<number> =>
    (await ask(`${listeners.enclaveUrl}/livez`, { headers: { 'x-forwarded-for': hops } })).status
  t.same([await from('203.0.113.1'), await from('203.0.113.1'), await from('203.0.113.1')], [200, 200, 429])
  t.equal(await from('203.0.113.2, 10.0.0.1'), 200)
  t.equal(await from('203.0.113.9, 203.0.113.1'), 429, 'what the client wrote itself does not help')

  const alone = await openHouse(t, { http })
  const lie = async (hops: string): Promise<number> =>
    (await ask(`${alone.listeners.enclaveUrl}/livez`, { headers: { 'x-forwarded-for': hops } })).status
  t.same([await lie('203.0.113.1'), await lie('203.0.113.2'), await lie('203.0.113.3')], [200, 200, 429])
})

t.test('global quotas stand before boxes and quotes', async (t) => {
  const { listeners, service } = await openHouse(t, { http: { boxesPerSecond: 2, quotesPerSecond: 1 } })
  standStill(t)
  const url = listeners.enclaveUrl
  const boxes = [1, 2, 3].map(async () => post(`${url}/enclave/submit_key`, { sealed: 'AQEB' }))
  const statuses = (await Promise.all(boxes)).map(({ status }) => status)
  t.same(statuses.toSorted(), [201, 201, 429])
  t.equal(service.submitted.length, 2)
  const quotes = await Promise.all([1, 2].map(async () => ask(`${url}/attestation/quote`)))
  const limited = quotes.find(({ status }) => status === 429)
  t.match(limited?.body, { code: 'QUOTA_EXHAUSTED' })
  t.equal(limited?.headers.get('retry-after'), '1')
  t.equal(quotes.filter(({ status }) => status === 200).length, 1)
})

t.test('on loopback only known names are answered', async (t) => {
  const { listeners } = await openHouse(t, { config: { allowedHosts: ['enclave.example'] } })
  const as = async (name: string): Promise<unknown> =>
    (await raw(listeners.enclaveUrl, get(`Host: ${name}\r\n${last}`))).status
  t.equal(await as('localhost:3000'), 200)
  t.equal(await as('LOCALHOST'), 200)
  t.equal(await as('127.0.0.1'), 200)
  t.equal(await as('[::1]:3000'), 200)
  t.equal(await as('enclave.example'), 200)
  t.equal(await as('rebound.example'), 421)
  t.equal(await as('localhost.rebound.example'), 421)
  t.equal(await as('127.0.0.1.rebound.example'), 421)

  const everywhere = await openHouse(t, { config: { enclave: { host: '0.0.0.0', port: 0 } } })
  t.equal((await raw(everywhere.listeners.enclaveUrl, get(`Host: enclave.example\r\n${last}`))).status, 200)
})

t.test('pages of other origins are let in only where they are allowed', async (t) => {
  const origin = 'https://app.example'
  const { listeners } = await openHouse(t, { config: { allowedOrigins: [origin] } })
  const url = listeners.enclaveUrl
  const allowed = await ask(`${url}/enclave/summary/${sessionId}`, { headers: { origin } })
  t.equal(allowed.headers.get('access-control-allow-origin'), origin)
  t.equal(allowed.headers.get('access-control-allow-credentials'), null)
  t.equal(allowed.headers.get('vary'), 'origin')
  const question = { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } }
  const preflight = await ask(`${url}/enclave/submit_key`, question)
  t.equal(preflight.status, 204)
  t.equal(preflight.headers.get('access-control-allow-headers'), 'content-type')
  t.equal((await post(`${url}/enclave/cleanup`, {}, { origin })).status, 200)

  const foreign = { origin: 'https://evil.example' }
  const read = await ask(`${url}/livez`, { headers: foreign })
  t.equal(read.headers.get('access-control-allow-origin'), null)
  t.match(await post(`${url}/enclave/cleanup`, {}, foreign), {
    status: 403,
    body: { code: 'ORIGIN_REFUSED' },
  })
  t.equal((await post(`${url}/enclave/cleanup`, {}, { origin: 'null' })).status, 403)
  t.equal((await post(`${url}/enclave/cleanup`, {}, { origin: url })).status, 200, 'its own pages may')
  const operations = await post(`${listeners.operationsUrl}/register`, {}, { origin })
  t.match(operations, { status: 403, body: { code: 'ORIGIN_REFUSED' } }, 'never for the operator’s API')
  const asked = await ask(`${listeners.operationsUrl}/status`, question)
  t.equal(asked.headers.get('access-control-allow-origin'), null)
})

t.test('nothing of an id, a query, a header or a body is logged', async (t) => {
  const { listeners, lines } = await openHouse(t)
  const url = listeners.enclaveUrl
  await ask(`${url}/enclave/metrics/${sessionId}?nonce=queryquery`, {
    headers: { 'x-secret': 'headerheader' },
  })
  await ask(`${url}/enclave/metrics/${'guess'.repeat(6)}`)
  await ask(`${url}/pathpath%0a{"level":"info"}`)
  await post(`${url}/enclave/submit_key`, { sealed: 'bodybody' })
  await post(`${url}/enclave/cleanup`, { bodybody: 1 })
  await raw(url, 'rawraw\r\n\r\n')
  const log = lines.join('')
  t.match(log, /"route":"\/enclave\/metrics\/:sessionId"/)
  for (const secret of [
    sessionId,
    'guess',
    'queryquery',
    'headerheader',
    'bodybody',
    'pathpath',
    'rawraw',
    '127.0.0.1',
  ]) {
    t.notMatch(log, secret)
  }
  for (const line of lines) t.doesNotThrow(() => JSON.parse(line))
})
