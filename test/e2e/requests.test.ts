import { connect } from 'node:net'
import t from 'tap'
import { type Answer, ask, register } from './forge.ts'
import { Served } from './served.ts'

/** What reaches the real process as a request and is none, and that it goes on as if nothing had been. */

const { served, urls } = await Served.start(t, { folder: Served.folder(t) })
const { enclave: url, operations } = urls

/** As bytes on a connection of their own; resolves when the other side has closed it. */
async function raw(text: string, base = url): Promise<string> {
  const { hostname, port } = new URL(base)
  return new Promise((resolve, reject) => {
    let said = ''
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(text))
    socket.on('data', (part: Buffer) => (said += part.toString()))
    socket.on('error', reject)
    socket.on('close', () => resolve(said))
  })
}

async function post(path: string, body: string, type = 'application/json', base = url): Promise<Answer> {
  const response = await fetch(base + path, { method: 'POST', headers: { 'content-type': type }, body })
  t.match(response.headers.get('content-type'), /^application\/problem\+json/)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

// it takes as long as a slow body may: the others run meanwhile
const slow = raw(
  'POST /enclave/submit_key HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"sealed":',
)
const slowHeaders = raw('GET /livez HTTP/1.1\r\nHost: 127.')

const deep = (depth: number): string => `{"sealed":${'['.repeat(depth)}${']'.repeat(depth)}}`

t.test('bodies', async (t) => {
  const bodies: [body: string, status: number, code: string][] = [
    [`{"sealed":"${'A'.repeat(70_000)}"}`, 413, 'BODY_TOO_LARGE'],
    [deep(40), 400, 'JSON_TOO_DEEP'],
    [deep(30_000), 400, 'JSON_TOO_DEEP'],
    ['{"sealed":"AAAA","sealed":"BBBB"}', 400, 'JSON_DUPLICATE_KEY'],
    [String.raw`{"sealed":"AAAA","s\u0065aled":"BBBB"}`, 400, 'JSON_DUPLICATE_KEY'],
    ['{"sealed":"AAAA","__proto__":{}}', 400, 'INPUT_INVALID'],
    ['{"sealed":"AAAA","more":1}', 400, 'INPUT_INVALID'],
    ['{"sealed":5}', 400, 'INPUT_INVALID'],
    ['[]', 400, 'INPUT_INVALID'],
    ['{"sealed":NaN}', 400, 'JSON_INVALID'],
    ['{"sealed":"AAAA"} ', 400, 'BOX_REFUSED'],
    ['\ufeff{"sealed":"AAAA"}', 400, 'JSON_INVALID'],
    ['', 400, 'JSON_INVALID'],
  ]
  for (const [body, status, code] of bodies) {
    t.match(await post('/enclave/submit_key', body), { status, body: { code } }, body.slice(0, 40))
  }
  const half = post('/enclave/cleanup', '{"session_id":"AAAAAAAAAAAAAAAAAAAAAAAA","challenge":"A"}')
  t.match(await half, { status: 400, body: { code: 'INPUT_INVALID' } })
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
  ]) {
    const answer = await post('/enclave/submit_key', '{"sealed":"AAAA"}', type)
    t.match(answer, { status: 415, body: { code: 'MEDIA_TYPE_UNSUPPORTED' } }, type)
  }
  const packed = await fetch(`${url}/enclave/submit_key`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: '{}',
  })
  t.equal(packed.status, 415)
})

t.test('routes and methods', async (t) => {
  const cases: [base: string, path: string, method: string, status: number, code: string][] = [
    [url, '/nothing/here', 'GET', 404, 'ROUTE_UNKNOWN'],
    [url, '/enclave/submit_key', 'GET', 405, 'METHOD_NOT_ALLOWED'],
    [url, '/attestation/quote', 'DELETE', 405, 'METHOD_NOT_ALLOWED'],
    [url, '/enclave/metrics/..%2f..%2fetc', 'GET', 404, 'SESSION_UNKNOWN'],
    [url, `/enclave/metrics/${'A'.repeat(500)}`, 'GET', 404, 'ROUTE_UNKNOWN'],
    [url, '/attestation/quote?nonce=short', 'GET', 400, 'INPUT_INVALID'],
    [url, '/attestation/quote?nonce=a&nonce=b', 'GET', 400, 'INPUT_INVALID'],
    [url, '/attestation/quote?tee=none', 'GET', 400, 'INPUT_INVALID'],
    [url, '/metrics', 'GET', 404, 'ROUTE_UNKNOWN'],
    [url, '/status', 'GET', 404, 'ROUTE_UNKNOWN'],
    [operations, '/attestation/quote', 'GET', 404, 'ROUTE_UNKNOWN'],
    [operations, '/register', 'GET', 405, 'METHOD_NOT_ALLOWED'],
  ]
  for (const [base, path, method, status, code] of cases) {
    const response = await fetch(base + path, { method })
    t.match([response.status, await response.json()], [status, { code }], `${method} ${path.slice(0, 50)}`)
  }
})

t.test('what two parsers could read differently', async (t) => {
  const bad: [text: string, status: number, code: string][] = [
    ['GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n', 400, 'HOST_INVALID'],
    ['GET /livez HTTP/1.1\r\n\r\n', 400, 'HOST_INVALID'],
    ['GET /livez HTTP/1.1\r\nHost: evil.example\r\n\r\n', 421, 'HOST_REFUSED'],
    ['GET http://127.0.0.1/livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', 400, 'TARGET_REFUSED'],
    [
      'POST /enclave/cleanup HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'REQUEST_MALFORMED',
    ],
    ['GARBAGE\r\n\r\n', 400, 'REQUEST_MALFORMED'],
    [`GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'a'.repeat(9_000)}\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
  ]
  for (const [text, status, code] of bad) {
    const said = await raw(text)
    t.match(said, new RegExp(`^HTTP/1\\.1 ${status} `), code)
    t.match(said, code)
  }
})

t.test('openapi.json is what is served', async (t) => {
  const { status, body } = await ask(url, '/openapi.json')
  t.equal(status, 200)
  t.equal(body['openapi'], '3.1.0')
  const paths = body['paths'] as Record<string, Record<string, { responses: Record<string, unknown> }>>
  t.same(Object.keys(paths).toSorted(), [
    '/.well-known/jwks.json',
    '/attestation/quote',
    '/enclave/challenge',
    '/enclave/cleanup',
    '/enclave/metrics/{sessionId}',
    '/enclave/publish',
    '/enclave/record/{sessionId}',
    '/enclave/submit_key',
    '/enclave/summary/{id}',
    '/enclave/unpublish',
    '/livez',
    '/readyz',
    '/record/{account}',
    '/record/{account}.json',
    '/record/{account}/badge.svg',
    '/record/{account}/og.png',
  ])
  const answer = await register(url)
  const [id, viewId] = [String(answer.body['session_id']), String(answer.body['view_id'])]
  const asked: [path: string, template: string, method: string, body?: object][] = [
    ['/.well-known/jwks.json', '/.well-known/jwks.json', 'get'],
    ['/attestation/quote', '/attestation/quote', 'get'],
    ['/livez', '/livez', 'get'],
    ['/readyz', '/readyz', 'get'],
    [`/enclave/metrics/${id}`, '/enclave/metrics/{sessionId}', 'get'],
    [`/enclave/metrics/${'A'.repeat(43)}`, '/enclave/metrics/{sessionId}', 'get'],
    [`/enclave/summary/${viewId}`, '/enclave/summary/{id}', 'get'],
    ['/enclave/submit_key', '/enclave/submit_key', 'post', { sealed: 'AAAA' }],
    ['/enclave/challenge', '/enclave/challenge', 'post', { session_id: id }],
    ['/enclave/cleanup', '/enclave/cleanup', 'post', {}],
  ]
  for (const [path, template, method, sent] of asked) {
    const operation = paths[template]![method]!
    const { status: got, body: said } = await ask(url, path, sent)
    const response = operation.responses[String(got)] as
      | { content: Record<string, { schema: Schema }> }
      | undefined
    t.ok(response, `${method} ${template} ${got}`)
    const schema = Object.values(response?.content ?? {})[0]?.schema ?? {}
    t.same(misfits(schema, said), [], `${method} ${template} ${got}`)
  }
})

interface Schema {
  readonly anyOf?: readonly Schema[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
}

/** Members that are missing or not foreseen, at the top: deeper ones are the schema tests' business. */
function misfits(schema: Schema, value: Record<string, unknown>): readonly string[] {
  if (schema.anyOf !== undefined) {
    const each = schema.anyOf.map((one) => misfits(one, value))
    return each.toSorted((a, b) => a.length - b.length)[0] ?? []
  }
  const known = Object.keys(schema.properties ?? {})
  const missing = (schema.required ?? []).filter((name) => !(name in value))
  const strange = Object.keys(value).filter((name) => !known.includes(name))
  return [...missing, ...(schema.additionalProperties === false ? strange : [])]
}

t.test('what is slow is given up, and the daemon goes on', async (t) => {
  t.match(await slowHeaders, /^HTTP\/1\.1 408 [\s\S]*REQUEST_TIMEOUT/)
  t.match(await slow, /^HTTP\/1\.1 408 [\s\S]*REQUEST_TIMEOUT/)
  t.match(await ask(url, '/livez'), { status: 200, body: { status: 'ok' } })
  t.match(await ask(operations, '/readyz'), { status: 200, body: { status: 'ok' } })
  t.equal((await register(url)).status, 201)
  const { code, stdout, stderr } = await served.stop('SIGINT')
  t.equal(code, 0)
  t.match(stdout, /^\{"event":"ready","enclave":"http:\/\/127[^\n]*\n$/, 'one line, and nothing else')
  t.notMatch(stderr, /request-failed|INTERNAL/)
})
