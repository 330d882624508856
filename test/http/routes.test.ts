import t from 'tap'
import Schema from 'typebox/schema'
import { PerfAggError } from '@perf-agg/sdk'
import { ask, expiredId, openHouse, ownedId, post, sessionId, type Answer, publicSummary } from './fixture.ts'

const nonce = 'A'.repeat(43)

function problem(answer: Answer): { status: number; code: unknown; closes: boolean } {
  const { body } = answer
  const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined
  return { status: answer.status, code, closes: answer.headers.get('connection') === 'close' }
}

t.test('the enclave API answers each of its routes', async (t) => {
  const { listeners, service } = await openHouse(t)
  const url = listeners.enclaveUrl
  t.equal((await ask(`${url}/attestation/quote`)).status, 200)
  t.equal((await ask(`${url}/attestation/quote?nonce=${nonce}`)).status, 200)
  t.same(service.nonces, [null, nonce])
  const created = await post(`${url}/enclave/submit_key`, { sealed: 'AQEB' })
  t.equal(created.status, 201)
  t.match(created.body, { session_id: sessionId, account: null })
  t.same([...(service.submitted[0] ?? [])], [1, 1, 1], 'the box arrives as bytes')
  t.equal((await post(`${url}/enclave/submit_key`, { sealed: 'AQIB' })).status, 202)
  t.same((await post(`${url}/enclave/submit_key`, { sealed: 'AQMB' })).body, { sealed: 'AAAA' })
  t.match((await ask(`${url}/enclave/metrics/${sessionId}?nonce=abc`)).body, { request_nonce: 'abc' })
  t.match((await ask(`${url}/enclave/summary/${sessionId}`)).body, { schema: 'perf-agg/summary/v1' })
  t.match((await post(`${url}/enclave/challenge`, { session_id: sessionId })).body, {
    challenge: 'C'.repeat(43),
  })
  t.same((await post(`${url}/enclave/cleanup`, {})).body, { removed: 3 })
  t.same((await post(`${url}/enclave/cleanup`, { session_id: sessionId })).body, { removed: 1 })
  const proof = { session_id: ownedId, challenge: 'c', client_signature: 's' }
  t.same((await post(`${url}/enclave/cleanup`, proof)).body, { removed: 1 })
  t.same(service.ended, [{ session_id: sessionId }, proof])
  t.match((await ask(`${url}/.well-known/jwks.json`)).body, { keys: [{ kid: 'k' }] })
  t.same((await ask(`${url}/livez`)).body, { status: 'ok' })
  t.same((await ask(`${url}/readyz`)).body, { checks: { store: 'ok' }, status: 'ok' })
  service.isReady = false
  service.isLive = false
  t.match(await ask(`${url}/readyz`), {
    status: 503,
    body: { checks: { store: 'STORE_FULL' }, status: 'failed' },
  })
  t.equal((await ask(`${url}/livez`)).status, 503)
})

t.test('answers are canonical JSON with headers that keep them where they belong', async (t) => {
  const { listeners } = await openHouse(t)
  const response = await fetch(`${listeners.enclaveUrl}/enclave/metrics/${sessionId}`)
  const text = await response.text()
  t.match(text, /^\{"account":"pseudonym","as_of"/, 'members are sorted')
  t.match(text, /"reasons":\{"sharpe":"too-few-hours"\}/, 'what the schema does not name is there too')
  t.equal(response.headers.get('content-type'), 'application/json; charset=utf-8')
  t.equal(response.headers.get('cache-control'), 'no-store')
  t.equal(response.headers.get('x-content-type-options'), 'nosniff')
  t.equal(response.headers.get('access-control-allow-origin'), null)
  t.equal(response.headers.get('server'), null)
  const head = await fetch(`${listeners.enclaveUrl}/livez`, { method: 'HEAD' })
  t.equal(head.status, 200)
})

t.test('each refusal of the service has its status, and every wrong id the same 404', async (t) => {
  const { listeners, service } = await openHouse(t)
  const url = listeners.enclaveUrl
  const unknown = await ask(`${url}/enclave/metrics/${'x'.repeat(30)}`)
  t.equal(unknown.status, 404)
  t.same((await ask(`${url}/enclave/metrics/${expiredId}`)).body, unknown.body, 'expired')
  t.same((await ask(`${url}/enclave/metrics/short`)).body, unknown.body, 'too short')
  t.same((await ask(`${url}/enclave/metrics/${'%2e%2e%2f'.repeat(5)}`)).body, unknown.body, 'a path')
  t.same((await ask(`${url}/enclave/summary/${expiredId}`)).body, unknown.body)
  t.same((await post(`${url}/enclave/challenge`, { session_id: '../../etc/passwd' })).body, unknown.body)
  t.same((await post(`${url}/enclave/cleanup`, { session_id: 'x' })).body, unknown.body)
  t.match(await post(`${url}/enclave/cleanup`, { session_id: ownedId }), {
    status: 403,
    body: { code: 'CHALLENGE_REQUIRED' },
  })
  for (const [code, status] of [
    ['BOX_STALE', 400],
    ['BOX_REPLAYED', 409],
    ['ACCOUNT_BOUND', 409],
    ['EXCHANGE_KEY_CAN_WITHDRAW', 422],
    ['EXCHANGE_UNKNOWN', 422],
    ['STORE_FULL', 503],
  ] as const) {
    service.failure = new PerfAggError(code, 'because')
    const answer = await post(`${url}/enclave/submit_key`, { sealed: 'AQEB' })
    t.match(answer, {
      status,
      body: { code, status, detail: 'because', type: `tag:perf-agg,2026:problem/${code}` },
    })
    t.equal(answer.headers.get('content-type'), 'application/problem+json')
  }
})

t.test('an error that is none of ours tells nothing', async (t) => {
  const { listeners, service, lines } = await openHouse(t)
  service.failure = new Error('apiKey=verysecret')
  const answer = await ask(`${listeners.enclaveUrl}/attestation/quote`)
  t.match(answer, { status: 500, body: { code: 'INTERNAL' } })
  t.notMatch(JSON.stringify(answer.body), /verysecret/)
  t.notMatch(lines.join(''), /verysecret/)
  t.match(lines.join(''), /request-failed/)
})

t.test('refuses what is no request of this API', async (t) => {
  const { listeners } = await openHouse(t)
  const url = listeners.enclaveUrl
  t.match(problem(await ask(`${url}/nothing`)), { status: 404, code: 'ROUTE_UNKNOWN' })
  t.match(problem(await ask(`${url}/livez/`)), { status: 404, code: 'ROUTE_UNKNOWN' })
  t.match(problem(await ask(`${url}/%zz`)), { status: 400, code: 'TARGET_REFUSED' })
  const method = await ask(`${url}/enclave/submit_key`)
  t.match(problem(method), { status: 405, code: 'METHOD_NOT_ALLOWED' })
  t.equal(method.headers.get('allow'), 'POST')
  const put = await ask(`${url}/enclave/metrics/${sessionId}`, { method: 'PUT', body: 'x' })
  t.match(problem(put), { status: 405 })
  t.equal(put.headers.get('allow'), 'GET, HEAD')
  t.match(problem(await ask(`${url}/attestation/quote?nonce=short`)), { status: 400, code: 'INPUT_INVALID' })
  t.match(problem(await ask(`${url}/attestation/quote?nonce=${nonce}&nonce=${nonce}`)), { status: 400 })
  t.match(
    problem(await ask(`${url}/attestation/quote?nonce=${'A'.repeat(42)}B`)),
    { status: 400 },
    'not canonical',
  )
  t.match(problem(await ask(`${url}/attestation/quote?other=1`)), { status: 400, code: 'INPUT_INVALID' })
  const text = await ask(`${url}/enclave/cleanup`, { method: 'POST', body: '{}' })
  t.match(problem(text), { status: 415, code: 'MEDIA_TYPE_UNSUPPORTED', closes: true })
  const latin = await post(`${url}/enclave/cleanup`, '{}', {
    'content-type': 'application/json; charset=latin1',
  })
  t.match(problem(latin), { status: 415 })
  t.equal(
    (await post(`${url}/enclave/cleanup`, '{}', { 'content-type': 'application/json; charset=UTF-8' }))
      .status,
    200,
  )
  const packed = await post(`${url}/enclave/cleanup`, '{}', { 'content-encoding': 'gzip' })
  t.match(problem(packed), { status: 415, code: 'CONTENT_ENCODING_UNSUPPORTED' })
})

t.test('refuses bodies that are not exactly what is asked for', async (t) => {
  const { listeners, service } = await openHouse(t)
  const url = `${listeners.enclaveUrl}/enclave/submit_key`
  const cases: [string, string, number, string][] = [
    ['duplicate keys', '{"sealed":"AQEB","sealed":"AQEB"}', 400, 'JSON_DUPLICATE_KEY'],
    ['too deep', `{"sealed":${'['.repeat(40)}${']'.repeat(40)}}`, 400, 'JSON_TOO_DEEP'],
    ['no JSON', '{"sealed":', 400, 'JSON_INVALID'],
    ['nothing', '', 400, 'JSON_INVALID'],
    ['a byte order mark', '\ufeff{"sealed":"AQEB"}', 400, 'JSON_INVALID'],
    ['an unknown member', '{"sealed":"AQEB","__proto__":{"a":1}}', 400, 'INPUT_INVALID'],
    ['another type', '{"sealed":5}', 400, 'INPUT_INVALID'],
    ['a list', '["AQEB"]', 400, 'INPUT_INVALID'],
    ['null', 'null', 400, 'INPUT_INVALID'],
    ['a member missing', '{}', 400, 'INPUT_INVALID'],
    ['too much', `{"sealed":"${'A'.repeat(70_000)}"}`, 413, 'BODY_TOO_LARGE'],
  ]
  for (const [name, body, status, code] of cases) {
    t.match(problem(await post(url, body)), { status, code }, name)
  }
  t.equal(service.submitted.length, 0)
  t.match(problem(await post(`${listeners.enclaveUrl}/enclave/cleanup`, { challenge: 'c' })), {
    code: 'INPUT_INVALID',
  })
})

t.test('every box that does not open gets one answer, and not before its time', async (t) => {
  const { listeners } = await openHouse(t, { http: { boxRefusalMs: 60 } })
  const url = `${listeners.enclaveUrl}/enclave/submit_key`
  const bodies = new Set<string>()
  for (const sealed of ['', 'AAAA', 'AgEB', '!!!', 'AQE', 'A'.repeat(2_000), 'AQEB\n']) {
    const begunMs = performance.now()
    const answer = await post(url, { sealed })
    t.ok(performance.now() - begunMs >= 58, 'after the same time')
    t.equal(answer.status, 400)
    bodies.add(JSON.stringify(answer.body))
  }
  t.equal(bodies.size, 1)
  t.match([...bodies][0], /BOX_REFUSED/)
})

t.test('the operations API answers each of its routes', async (t) => {
  const { listeners } = await openHouse(t)
  const url = listeners.operationsUrl
  t.equal((await ask(`${url}/livez`)).status, 200)
  t.equal((await ask(`${url}/readyz`)).status, 200)
  t.same((await ask(`${url}/status`)).body, { sessions: 1 })
  await ask(`${listeners.enclaveUrl}/enclave/metrics/${sessionId}`)
  await ask(`${listeners.enclaveUrl}/nothing`)
  const response = await fetch(`${url}/metrics`)
  t.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  const text = await response.text()
  t.match(text, 'perf_agg_sessions 1')
  t.match(
    text,
    'perf_agg_http_requests_total{listener="enclave",method="GET",route="/enclave/metrics/:sessionId",status="200"} 1',
  )
  t.match(text, 'perf_agg_http_refusals_total{code="ROUTE_UNKNOWN",listener="enclave"} 1')
  t.notMatch(text, sessionId)
  t.equal((await ask(`${url}/attestation/quote`)).status, 404, 'the other API is not here')
})

t.test('registration in clear is off unless it is on, and wipes what it was given', async (t) => {
  const payload = '{"client_id":"a","exchange":"binance","credentials":{"api_key":"k","secret":"s"}}'
  const off = await openHouse(t)
  const refused = await post(`${off.listeners.operationsUrl}/register`, payload)
  t.match(problem(refused), { status: 403, code: 'PLAIN_REGISTRATION_OFF', closes: true })
  t.same(off.service.plain, [])

  const on = await openHouse(t, { config: { allowPlainRegistration: true } })
  const url = `${on.listeners.operationsUrl}/register`
  t.equal((await post(url, payload)).status, 201)
  t.same(on.service.plain, [payload])
  t.ok(
    on.service.plainBytes[0]?.every((byte) => byte === 0),
    'the bytes are wiped',
  )
  t.match(problem(await post(url, '{"credentials":{},"credentials":{}}')), { code: 'JSON_DUPLICATE_KEY' })
  t.match(problem(await post(url, `{"a":"${'x'.repeat(70_000)}"}`)), { status: 413, code: 'BODY_TOO_LARGE' })
  t.match(problem(await ask(url, { method: 'POST', body: 'x' })), { status: 415 })
  t.match(problem(await ask(url, { method: 'POST' })), { status: 415 })
  const forwarded = await post(url, payload, { 'x-forwarded-for': '203.0.113.9' })
  t.match(problem(forwarded), { status: 403, code: 'PLAIN_NEEDS_TLS' })
  t.equal(on.service.plain.length, 1)
})

t.test('the OpenAPI document is what is answered', async (t) => {
  const { listeners, service } = await openHouse(t)
  const url = listeners.enclaveUrl
  const { body } = await ask(`${url}/openapi.json`)
  const document = JSON.parse(JSON.stringify(body))
  t.equal(document.openapi, '3.1.0')
  t.same(Object.keys(document.paths).toSorted(), [
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

  async function holds(
    name: string,
    path: string,
    method: 'get' | 'post',
    pending: Promise<Answer>,
  ): Promise<void> {
    const answer = await pending
    const media = (answer.headers.get('content-type') ?? '').split(';')[0] ?? ''
    const schema = document.paths[path][method].responses[String(answer.status)]?.content?.[media]?.schema
    if (!t.ok(schema, `${name}: ${answer.status} ${media} is in the document`)) return
    t.ok(Schema.Check(schema, answer.body), `${name}: the answer fits`)
    t.notOk(Schema.Check(schema, { other: 1 }), `${name}: another would not`)
  }
  await holds('quote', '/attestation/quote', 'get', ask(`${url}/attestation/quote`))
  await holds('bad nonce', '/attestation/quote', 'get', ask(`${url}/attestation/quote?nonce=1`))
  for (const sealed of ['AQEB', 'AQIB', 'AQMB', 'AAAA']) {
    await holds(`box ${sealed}`, '/enclave/submit_key', 'post', post(`${url}/enclave/submit_key`, { sealed }))
  }
  await holds('metrics', '/enclave/metrics/{sessionId}', 'get', ask(`${url}/enclave/metrics/${sessionId}`))
  await holds('no metrics', '/enclave/metrics/{sessionId}', 'get', ask(`${url}/enclave/metrics/x`))
  await holds('summary', '/enclave/summary/{id}', 'get', ask(`${url}/enclave/summary/${sessionId}`))
  await holds(
    'challenge',
    '/enclave/challenge',
    'post',
    post(`${url}/enclave/challenge`, { session_id: sessionId }),
  )
  await holds('cleanup', '/enclave/cleanup', 'post', post(`${url}/enclave/cleanup`, {}))
  await holds('owned', '/enclave/cleanup', 'post', post(`${url}/enclave/cleanup`, { session_id: ownedId }))
  await holds('keys', '/.well-known/jwks.json', 'get', ask(`${url}/.well-known/jwks.json`))
  const owner = { session_id: sessionId }
  await holds('publish', '/enclave/publish', 'post', post(`${url}/enclave/publish`, owner))
  await holds('unpublish', '/enclave/unpublish', 'post', post(`${url}/enclave/unpublish`, owner))
  await holds('no record', '/record/{account}.json', 'get', ask(`${url}/record/${'A'.repeat(43)}.json`))
  service.shown.set('A'.repeat(43), publicSummary)
  await holds('record', '/record/{account}.json', 'get', ask(`${url}/record/${'A'.repeat(43)}.json`))
  await holds('ready', '/readyz', 'get', ask(`${url}/readyz`))
  service.isLive = false
  await holds('dead', '/livez', 'get', ask(`${url}/livez`))
  service.failure = new Error('x')
  await holds('broken', '/attestation/quote', 'get', ask(`${url}/attestation/quote`))
})
