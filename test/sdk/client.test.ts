import t from 'tap'
import type { PerfAggClientOptions, RegisterOptions, SessionAccess } from '../../sdk/index.ts'
import {
  fromBase64url,
  newBoxKeyPair,
  newSigningKey,
  PerfAggClient,
  statementJwk,
  toBase64url,
  UnreachableError,
  verifySignature,
  fromBase64,
  challengeBytes,
  clientSignedBytes,
} from '../../sdk/index.ts'
import { FakeEnclave, sealedReply } from './enclave-fixture.ts'

const nowMs = Date.UTC(2026, 10, 23, 1, 20)
const clientKey = await newSigningKey()

function unsigned(body: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'signature'))
}

interface Seen {
  readonly method: string
  readonly path: string
  readonly body: Record<string, string>
}

interface World {
  readonly enclave: FakeEnclave
  readonly client: PerfAggClient
  readonly seen: Seen[]
}

/** An enclave behind a fetch of ours; `lie` answers in its place where it wants to. */
async function world(
  lie: (seen: Seen, enclave: FakeEnclave) => Promise<Response | object | undefined> = async () => undefined,
  options: Partial<PerfAggClientOptions> = {},
): Promise<World> {
  const enclave = await FakeEnclave.make()
  const seen: Seen[] = []
  let replyKey = new Uint8Array(32)
  const answer = async (one: Seen, url: URL): Promise<object> => {
    const nonce = url.searchParams.get('nonce')
    if (url.pathname === '/attestation/quote') return enclave.quote(nonce, { nowMs })
    if (url.pathname === '/enclave/submit_key') {
      const { receipt, replyKey: key } = await enclave.submit(one.body['sealed']!, nowMs)
      replyKey = Uint8Array.from(key)
      return sealedReply(receipt, replyKey)
    }
    if (url.pathname === `/enclave/metrics/${'s'.repeat(43)}`)
      return sealedReply(await enclave.view('perf-agg/metrics/v1', nonce!), replyKey)
    if (url.pathname === `/enclave/summary/${'s'.repeat(43)}`)
      return sealedReply(await enclave.view('perf-agg/summary/v1', nonce!), replyKey)
    if (url.pathname === `/enclave/summary/${'v'.repeat(43)}`)
      return enclave.view('perf-agg/summary/v1', nonce!)
    if (url.pathname === '/enclave/challenge')
      return { challenge: toBase64url(new Uint8Array(32)), expires_at: '2026-11-23T01:25:00.000Z' }
    if (url.pathname === '/enclave/cleanup') return { removed: 1 }
    if (url.pathname === '/.well-known/jwks.json')
      return { keys: [await statementJwk(enclave.sigKey.publicKey)] }
    return new Response('', { status: 404 })
  }
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input))
    t.match(init, {
      redirect: 'manual',
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
    })
    const one = {
      method: init!.method!,
      path: url.pathname,
      body: init!.body === undefined ? {} : (JSON.parse(String(init!.body)) as Record<string, string>),
    }
    seen.push(one)
    const given = (await lie(one, enclave)) ?? (await answer(one, url))
    return given instanceof Response ? given : Response.json(given)
  }
  return {
    enclave,
    seen,
    client: new PerfAggClient({ serviceUrl: 'http://enclave.test/', fetch, nowMs: () => nowMs, ...options }),
  }
}

const registration: RegisterOptions = {
  clientId: 'trader-john',
  exchange: 'binance',
  credentials: { api_key: 'k3y', secret: 's3cret' },
  config: { accountType: 'spot' },
  ttlSeconds: 3_600,
  clientKey,
  insecureSimulated: true,
}

async function access(of: World): Promise<SessionAccess> {
  return (await of.client.register(registration)).access
}

t.test('registers, and reads what only it can read', async (t) => {
  const it = await world()
  const steps: string[] = []
  const {
    receipt,
    access: kept,
    appraisal,
  } = await it.client.register({ ...registration, onAppraisal: (each) => steps.push(each.status) })
  t.same(steps, ['warning'])
  t.equal(appraisal.status, 'warning')
  t.equal(receipt.status, 'active')
  t.notMatch(JSON.stringify(it.seen), /s3cret|k3y|trader-john/, 'nothing left in clear')
  const { payload, credentials } = it.enclave.opened[0]!
  t.same(credentials, registration.credentials)
  t.match(payload, {
    client_id: 'trader-john',
    label: 'main',
    exchange: 'binance',
    ttl_seconds: 3_600,
    config: { apiInterval: 60_000, maxRetries: 3 },
  })
  t.ok(
    await verifySignature(
      fromBase64(payload.client_key!),
      clientSignedBytes(payload.claims_digest, payload.nonce),
      fromBase64(payload.client_signature!),
    ),
  )

  const again = JSON.parse(JSON.stringify(kept)) as SessionAccess
  t.equal((await it.client.metrics(again)).symbols[0]?.symbol, 'BTC/USDT')
  t.equal((await it.client.summary(again)).portfolio['twr_pct'], 1.5)
  t.equal(
    (await it.client.summary({ viewId: kept.viewId, signingKey: kept.signingKey })).reasons['sharpe'],
    'too-few-days',
  )
  t.equal((await it.client.jwks()).keys.length, 1)
  t.same(await it.client.end(kept.sessionId, clientKey), { removed: 1 })
  const ended = it.seen.at(-1)!.body
  t.ok(
    await verifySignature(
      clientKey.publicKey,
      challengeBytes('end', ended['challenge']!),
      fromBase64(ended['client_signature']!),
    ),
  )
  await it.client.end(kept.sessionId, null)
  t.same(it.seen.at(-1)!.body, { session_id: kept.sessionId })
})

t.test('seals nothing to what does not hold', async (t) => {
  const untold = await world()
  await t.rejects(untold.client.register({ ...registration, insecureSimulated: false }), {
    name: 'PolicyError',
    code: 'TEE_SIMULATED',
  })
  const replayed = await world(async ({ path }, enclave) =>
    path === '/attestation/quote' ? enclave.quote(toBase64url(new Uint8Array(32)), { nowMs }) : undefined,
  )
  await t.rejects(replayed.client.register(registration), {
    name: 'VerificationError',
    code: 'NONCE_MISMATCH',
  })
  for (const { seen } of [untold, replayed])
    t.same(
      seen.map((each) => each.path),
      ['/attestation/quote'],
    )
})

t.test('refuses credentials of the wrong form before it sends any', async (t) => {
  const it = await world()
  await t.rejects(it.client.register({ ...registration, exchange: 'okx' }), { code: 'CREDENTIALS_INVALID' })
  t.same(
    it.seen.map((each) => each.path),
    ['/attestation/quote'],
  )
})

t.test('believes no receipt that is not signed, sealed and for this very box', async (t) => {
  const lies: readonly (readonly [
    string,
    (receipt: Record<string, unknown>, enclave: FakeEnclave, replyKey: Uint8Array) => Promise<object>,
  ])[] = [
    ['REPLY_NOT_SEALED', async (receipt) => receipt],
    ['SIGNATURE_INVALID', async (receipt, _, key) => sealedReply({ ...receipt, ownership: 'proven' }, key)],
    [
      'SIGNATURE_INVALID',
      async (receipt, _, key) => sealedReply(await (await FakeEnclave.make()).sign(unsigned(receipt)), key),
    ],
    ['REPLY_UNREADABLE', async (receipt) => sealedReply(receipt, (await newBoxKeyPair()).publicKey)],
    ['ANSWER_INVALID', async (receipt, _, key) => sealedReply({ ...receipt, extra: 1 }, key)],
    [
      'ANSWER_MISMATCH',
      async (receipt, enclave, key) =>
        sealedReply(
          await enclave.sign({ ...unsigned(receipt), box_digest: `sha256:${'00'.repeat(32)}` }),
          key,
        ),
    ],
  ]
  for (const [code, lie] of lies) {
    const it = await world(async ({ path, body }, enclave) => {
      if (path !== '/enclave/submit_key') return undefined
      const { receipt, replyKey } = await enclave.submit(body['sealed']!, nowMs)
      return lie(receipt as Record<string, unknown>, enclave, replyKey)
    })
    await t.rejects(it.client.register(registration), { name: 'VerificationError', code }, code)
  }
})

t.test('believes no view of another key, question or form', async (t) => {
  let lie: (enclave: FakeEnclave, key: Uint8Array) => Promise<object> = async () => ({})
  let nonce = ''
  const it = await world(async ({ path }, enclave) =>
    path.startsWith('/enclave/metrics/') ? lie(enclave, fromBase64url(kept.replyKey.publicKey)) : undefined,
  )
  const kept = await access(it)
  const fails = async (code: string, change: typeof lie): Promise<void> => {
    lie = change
    await t.rejects(it.client.metrics(kept), { name: 'VerificationError', code }, code)
  }
  const schema = 'perf-agg/metrics/v1'
  nonce = toBase64url(new Uint8Array(32))
  await fails('ANSWER_MISMATCH', async (enclave, key) => sealedReply(await enclave.view(schema, nonce), key))
  await fails('REPLY_NOT_SEALED', async (enclave) => enclave.view(schema, nonce))
  await fails('ANSWER_INVALID', async (enclave, key) =>
    sealedReply(await enclave.view('perf-agg/summary/v1', nonce), key),
  )
  await fails('ANSWER_INVALID', async (enclave, key) =>
    sealedReply(await enclave.view(schema, nonce, { status: 'great' }), key),
  )
  await fails('SIGNING_KEY_CHANGED', async (_, key) =>
    sealedReply(await (await FakeEnclave.make()).view(schema, nonce), key),
  )
  await fails('SIGNATURE_INVALID', async (enclave, key) =>
    sealedReply({ ...(await enclave.view(schema, nonce)), status: 'pending' }, key),
  )
  const other = await FakeEnclave.make()
  const renewed = await (
    await world(async () => other.quote(null, { nowMs }))
  ).client
    .renewAccess(kept, { insecureSimulated: true })
    .catch((error: Error) => error)
  t.match(renewed, { code: 'NONCE_MISMATCH' })
  t.match(await (await world()).client.renewAccess(kept, { insecureSimulated: true }), {
    sessionId: kept.sessionId,
  })
})

t.test('refusals keep their code, hint and what to do', async (t) => {
  const refused = async (
    status: number,
    body: string,
    headers: Record<string, string> = {},
  ): Promise<unknown> => {
    const it = await world(async () => new Response(body, { status, headers }))
    return it.client.quote().catch((error: unknown) => error)
  }
  const problem = JSON.stringify({
    type: 'x',
    title: 't',
    status: 422,
    code: 'EXCHANGE_KEY_CAN_WITHDRAW',
    detail: 'the key can withdraw',
    hint: 'make a read-only key',
  })
  t.match(await refused(422, problem), {
    name: 'ServiceError',
    code: 'EXCHANGE_KEY_CAN_WITHDRAW',
    message: 'the key can withdraw',
    hint: 'make a read-only key',
    action: 'fix',
    status: 422,
    retryAfterMs: null,
  })
  t.match(await refused(429, '{"code":"RATE_LIMITED"}', { 'retry-after': '7' }), {
    code: 'RATE_LIMITED',
    action: 'retry',
    retryAfterMs: 7_000,
  })
  t.match(await refused(502, '<html>'), {
    code: 'SERVICE_REFUSED',
    message: 'the service answered 502',
    action: 'retry',
  })
  t.match(await refused(400, '{"code":"lower","detail":"x"}'), { code: 'SERVICE_REFUSED' })
  t.match(await refused(400, '{"code":"SOME_CODE","detail":"\\u001b[31mred"}'), {
    code: 'SOME_CODE',
    message: 'the service answered 400',
  })
  t.match(await refused(400, 'x'.repeat(70_000)), { code: 'SERVICE_REFUSED' })
})

t.test('answers are bounded in size, time and place', async (t) => {
  const endless = await world(
    async () =>
      new Response(new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(100_000)) })),
  )
  await t.rejects(endless.client.quote(), {
    name: 'VerificationError',
    code: 'ANSWER_INVALID',
    message: /too large/,
  })
  const elsewhere = await world(async () => Response.redirect('http://evil.test/'))
  await t.rejects(elsewhere.client.quote(), { name: 'VerificationError', code: 'ANSWER_REDIRECTED' })
  const page = await world(async () => new Response('<html>'))
  await t.rejects(page.client.quote(), { code: 'ANSWER_INVALID' })
  const hanging: typeof fetch = (_, init) =>
    new Promise((_resolve, reject) => {
      const timer = setTimeout(() => {}, 10_000)
      init!.signal!.addEventListener(
        'abort',
        () => (clearTimeout(timer), reject(init!.signal!.reason as Error)),
      )
    })
  await t.rejects(new PerfAggClient({ serviceUrl: 'http://x.test', fetch: hanging, timeoutMs: 20 }).quote(), {
    name: 'UnreachableError',
    code: 'SERVICE_TIMEOUT',
  })
  const error = await new PerfAggClient({ serviceUrl: 'http://127.0.0.1:9' })
    .quote()
    .catch((each: unknown) => each)
  t.ok(error instanceof UnreachableError)
  t.match(error, { code: 'SERVICE_UNREACHABLE', message: 'http://127.0.0.1:9 can not be reached' })
})

t.test('takes no address or id that is none', async (t) => {
  for (const serviceUrl of [
    'enclave.test',
    'ftp://x',
    'http://user:pass@x',
    'http://x/?a=1',
    'javascript:alert(1)',
    '',
  ]) {
    t.throws(() => new PerfAggClient({ serviceUrl }), { code: 'SERVICE_URL_INVALID' }, serviceUrl)
  }
  const it = await world()
  const kept = await access(it)
  await t.rejects(it.client.metrics({ ...kept, sessionId: '../../etc/passwd-and-more-of-it' }), {
    code: 'INPUT_INVALID',
  })
  await t.rejects(it.client.quote('short'), { code: 'INPUT_INVALID' })
  t.same(it.seen.length, 2)
})
