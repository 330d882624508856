import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { Egress } from '../../src/egress/egress.ts'
import { type Rule, rulesOf } from '../../src/egress/hosts.ts'
import { readRules } from '../../src/egress/message.ts'
import { EgressRefusal } from '../../src/egress/request.ts'
import { startServer } from './hostile-server.ts'

const bounds = {
  bodyBytesMax: 100_000,
  headerBytesMax: 4_096,
  connectTimeoutMs: 20_000,
  requestTimeoutMs: 30_000,
}

const bomb = gzipSync(Buffer.alloc(50_000_000))

const server = await startServer((request, response) => {
  const url = new URL(request.url ?? '', 'http://here')
  switch (url.pathname) {
    case '/api/v3/plain':
      response.setHeader('retry-after', '7')
      response.setHeader('x-mbx-used-weight-1m', '21')
      response.setHeader('gw-ratelimit-reset', '8500')
      response.setHeader('x-bapi-limit-reset-timestamp', '1767614400000')
      response.setHeader('set-cookie', 'a=b')
      return response.end(JSON.stringify(request.headers))
    case '/api/v3/gzip':
      response.setHeader('content-encoding', 'gzip')
      return response.end(gzipSync('{"zipped":true}'))
    case '/api/v3/bomb':
      response.setHeader('content-encoding', 'gzip')
      return response.end(bomb)
    case '/api/v3/endless':
      response.write('[')
      return void setInterval(() => response.write('1,'.repeat(20_000)), 1).unref()
    case '/api/v3/redirect':
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' })
      return response.end()
    case '/api/v3/slow':
      response.write('{')
      return void setInterval(() => response.write(' '), 20).unref()
    case '/api/v3/silent':
      return
    case '/api/v3/header':
      response.setHeader('x-long', 'a'.repeat(8_000))
      return response.end('{}')
    case '/api/v3/brotli':
      response.setHeader('content-encoding', 'br')
      return response.end('{}')
    case '/api/v3/not-gzip':
      response.setHeader('content-encoding', 'gzip')
      return response.end('{"plain": true}')
    case '/api/v3/broken':
      response.setHeader('content-length', '100')
      response.write('{"half":')
      return void setTimeout(() => request.socket.destroy(), 20)
    default:
      response.statusCode = 404
      return response.end()
  }
})

const [rule] = rulesOf('binance', server.url) as [Rule]
const egress = new Egress([rule], { bounds })
const hasty = new Egress([rule], { bounds: { ...bounds, requestTimeoutMs: 1_000 } })

t.test('connections leave from the address that was given', async (t) => {
  const seen: (string | undefined)[] = []
  const other = await startServer((request, response) => {
    seen.push(request.socket.remoteAddress)
    response.end('{}')
  })
  const [there] = rulesOf('binance', other.url) as [Rule]
  t.teardown(() => other.close())
  for (const address of ['127.0.0.3', null]) {
    const bound = new Egress([there], { bounds, address })
    await bound.fetch(
      { id: 1, method: 'GET', url: `${other.url}/api/v3/time`, headers: [] },
      new Uint8Array(),
    )
    bound.close()
  }
  t.same(seen, ['127.0.0.3', '127.0.0.1'])
})

t.teardown(async () => {
  egress.close()
  hasty.close()
  await server.close()
})

function get(
  path: string,
  options: { method?: string; origin?: string; headers?: [string, string][]; from?: Egress } = {},
) {
  const { method = 'GET', origin = server.url, headers = [], from = egress } = options
  return from.fetch({ id: 1, method, url: origin + path, headers }, new Uint8Array())
}

async function refused(t: Test, work: Promise<unknown>, code: string): Promise<void> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  t.ok(error instanceof EgressRefusal, `${code}: refused`)
  t.equal(error instanceof EgressRefusal ? error.code : '', code)
}

t.test('hands on what the rule allows and reports what came', async (t) => {
  const fetched = await get('/api/v3/plain?signature=secret', {
    headers: [
      ['x-mbx-apikey', 'key'],
      ['x-other', 'dropped'],
      ['host', 'dropped'],
    ],
  })
  const seen = JSON.parse(fetched.body.toString()) as Record<string, string>
  t.equal(seen['x-mbx-apikey'], 'key')
  t.notOk('x-other' in seen)
  t.equal(seen['host'], new URL(server.url).host)
  t.strictSame(
    fetched.headers.filter(([name]) => name !== 'date'),
    [
      ['retry-after', '7'],
      ['x-mbx-used-weight-1m', '21'],
      ['gw-ratelimit-reset', '8500'],
      ['x-bapi-limit-reset-timestamp', '1767614400000'],
    ],
  )
  t.match(fetched.report, {
    environment: 'simulated',
    host: `127.0.0.1:${server.port}`,
    path: '/api/v3/plain',
    status: 200,
    certificate: null,
    digest: `sha256:${createHash('sha256').update(fetched.body).digest('hex')}`,
    bodyBytes: fetched.body.length,
  })
  t.notOk(JSON.stringify(fetched.report).includes('secret'), 'no query in a report')
  t.ok(Math.abs((fetched.report.serverDateMs ?? 0) - Date.now()) < 60_000)
})

t.test('decompresses, and digests what it hands on', async (t) => {
  const fetched = await get('/api/v3/gzip')
  t.equal(fetched.body.toString(), '{"zipped":true}')
  t.equal(fetched.report.digest, `sha256:${createHash('sha256').update('{"zipped":true}').digest('hex')}`)
})

t.test('refuses what is not on the list before a connection is made', async (t) => {
  const before = server.paths.length
  await refused(t, get('/api/v3/plain', { origin: 'http://example.org' }), 'HOST_REFUSED')
  await refused(t, get('/api/v3/plain', { origin: 'https://127.0.0.1:1' }), 'HOST_REFUSED')
  await refused(t, get('/api/v3/plain', { origin: `http://localhost:${server.port}` }), 'HOST_REFUSED')
  await refused(t, get('/api/v3/plain', { origin: `http://a:b@127.0.0.1:${server.port}` }), 'HOST_REFUSED')
  await refused(t, get('/elsewhere'), 'HOST_REFUSED')
  await refused(t, get('/api/v3/../../elsewhere'), 'HOST_REFUSED')
  await refused(t, get('/api/v3/%2e%2e/%2e%2e/elsewhere'), 'HOST_REFUSED')
  await refused(t, get('/api/v3/plain#x'), 'HOST_REFUSED')
  await refused(t, get('/api/v3/plain', { method: 'POST' }), 'HOST_REFUSED')
  await refused(t, get('/api/v3/plain', { method: 'DELETE' }), 'HOST_REFUSED')
  const body = egress.fetch(
    { id: 1, method: 'GET', url: `${server.url}/api/v3/plain`, headers: [] },
    Buffer.from('x'),
  )
  await refused(t, body, 'HOST_REFUSED')
  await refused(
    t,
    egress.fetch({ id: 1, method: 'GET', url: 'no url', headers: [] }, Buffer.of()),
    'HOST_REFUSED',
  )
  t.equal(server.paths.length, before)
})

t.test('refuses a private address behind a listed name', async (t) => {
  const names: Rule = { ...rule, origin: `http://localhost:${server.port}`, privateAllowed: false }
  const literal: Rule = { ...rule, privateAllowed: false }
  const strict = new Egress([names, literal], { bounds })
  t.teardown(() => strict.close())
  const before = server.paths.length
  for (const { origin } of [names, literal]) {
    const request = { id: 1, method: 'GET', url: `${origin}/api/v3/plain`, headers: [] }
    await refused(t, strict.fetch(request, new Uint8Array()), 'ADDRESS_REFUSED')
  }
  t.equal(server.paths.length, before, 'nothing was sent')
})

t.test('refuses hostile answers', async (t) => {
  await refused(t, get('/api/v3/redirect'), 'REDIRECT_REFUSED')
  await refused(t, get('/api/v3/bomb'), 'TOO_LARGE')
  await refused(t, get('/api/v3/endless'), 'TOO_LARGE')
  await refused(t, get('/api/v3/header'), 'TOO_LARGE')
  await refused(t, get('/api/v3/brotli'), 'ANSWER_INVALID')
  await refused(t, get('/api/v3/not-gzip'), 'ANSWER_INVALID')
  await refused(t, get('/api/v3/broken'), 'UNREACHABLE')
  await refused(t, get('/api/v3/slow', { from: hasty }), 'TIMED_OUT')
  await refused(t, get('/api/v3/silent', { from: hasty }), 'TIMED_OUT')
  t.equal((await get('/api/v3/plain')).status, 200, 'and lives on')
})

t.test('says so where nobody listens', async (t) => {
  const nobody = await startServer(() => {})
  await nobody.close()
  const [there] = rulesOf('binance', nobody.url) as [Rule]
  const lonely = new Egress([there], { bounds })
  t.teardown(() => lonely.close())
  const request = { id: 1, method: 'GET', url: `${nobody.url}/api/v3/plain`, headers: [] }
  await refused(t, lonely.fetch(request, new Uint8Array()), 'UNREACHABLE')
})

t.test('one origin, two environments: a header tells them apart', async (t) => {
  const header = 'x-simulated-trading'
  const [live, sandbox] = rulesOf('okx', null) as [Rule, Rule]
  t.equal(live.origin, sandbox.origin)
  const rules = [live, sandbox].map((rule) => ({
    ...rule,
    origin: server.url,
    paths: ['/api/v3/'],
    privateAllowed: true,
  }))
  const both = new Egress(readRules({ rules, address: null }).rules, { bounds })
  t.teardown(() => both.close())
  const fetch = (headers: readonly (readonly [string, string])[]) =>
    both.fetch({ id: 1, method: 'GET', url: `${server.url}/api/v3/plain`, headers }, new Uint8Array())
  const sent = ({ body }: { readonly body: Buffer }) => JSON.parse(body.toString()) as Record<string, string>
  const one = await fetch([['ok-access-key', 'k']])
  t.equal(one.report.environment, 'live')
  t.equal(sent(one)[header], undefined)
  const other = await fetch([
    ['ok-access-key', 'k'],
    [header, '1'],
  ])
  t.equal(other.report.environment, 'sandbox')
  t.equal(sent(other)[header], '1')
  for (const values of [['0'], [''], ['1', '1'], ['1', '0']]) {
    const headers = values.map((value) => [header, value] as const)
    await refused(t, fetch(headers), 'HOST_REFUSED')
  }
  const single = new Egress(readRules({ rules: [rules[0]], address: null }).rules, { bounds })
  t.teardown(() => single.close())
  const request = {
    id: 1,
    method: 'GET',
    url: `${server.url}/api/v3/plain`,
    headers: [[header, '1']] as const,
  }
  const { body, report } = await single.fetch(request, new Uint8Array())
  t.equal(sent({ body })[header], undefined, 'where no rule has it, it is not handed on')
  t.equal(report.environment, 'live')
})

t.test('the real hosts are https, GET only, and public', async (t) => {
  for (const { origin, methods, privateAllowed } of rulesOf('binance', null)) {
    t.match(origin, /^https:/)
    t.strictSame(methods, ['GET'])
    t.equal(privateAllowed, false)
  }
  t.strictSame(rulesOf('constructor', null), [])
})
