import { randomBytes } from 'node:crypto'
import { newBoxKeyPair, newSigningKey, sealBox, toBase64, utf8 } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { Exchange } from './exchange.ts'
import { ask, boxOf, type Forgery, payloadOf, quoteOf, register, submit } from './forge.ts'
import { House, ShiftedClock } from './house.ts'
import { Meddler } from './meddler.ts'

/** What a registration is refused for, and that a refused one leaves nothing behind. */

const exchange = await Exchange.open(t, [
  {},
  { permissions: ['enableWithdrawals'] },
  { permissions: ['enableSpotAndMarginTrading'] },
  { permissions: ['enableInternalTransfer'] },
  {},
])
const [readOnly, withdraws, trades, transfers, bound] = [0, 1, 2, 3, 4].map((index) => exchange.keyOf(index))

const clock = new ShiftedClock()
const meddler = await Meddler.before(t, exchange.url)
const house = await House.open(t, { exchangeUrl: meddler.url, clock, pauseMs: 60_000 })
const { enclave: url, operations } = house.daemon.urls

async function accountsKnown(): Promise<number> {
  return ((await house.status())['accounts'] as { known: number }).known
}

async function refuses(t: Test, forgery: Forgery, status: number, code: string): Promise<void> {
  const before = await accountsKnown()
  const { status: got, body } = await register(url, forgery)
  t.match({ status: got, code: body['code'] }, { status, code }, code)
  t.equal(await accountsKnown(), before, 'nothing is kept')
}

t.test('every box that does not open gets the same answer', async (t) => {
  const shown = await quoteOf(url)
  const sound = await boxOf(shown, await payloadOf(shown))
  const elsewhere = await newBoxKeyPair()
  const flipped = sound.slice()
  flipped[40]! ^= 1
  const boxes = {
    'no bytes': new Uint8Array(),
    'random bytes': randomBytes(600),
    'too short for a box': sound.subarray(0, 40),
    'cut off': sound.subarray(0, -1),
    'one byte more': Buffer.concat([sound, Buffer.alloc(1)]),
    'one bit flipped': flipped,
    'to another key': await sealBox(elsewhere.publicKey, utf8(JSON.stringify(await payloadOf(shown)))),
    'a low-order key': Buffer.concat([Buffer.alloc(32), sound.subarray(32)]),
  }
  const answers = new Set<string>()
  for (const [what, box] of Object.entries(boxes)) {
    const { status, body } = await submit(url, box)
    t.equal(status, 400, what)
    answers.add(JSON.stringify(body))
  }
  const { status, body } = await ask(url, '/enclave/submit_key', { sealed: 'not base64!' })
  t.equal(status, 400)
  answers.add(JSON.stringify(body))
  t.equal(answers.size, 1, [...answers].join('\n'))
  t.match([...answers][0], /BOX_REFUSED/)
  t.equal((await submit(url, sound)).status, 201, 'and the sound one is still good')
})

t.test('a box is good for five minutes, for one quote, and once', async (t) => {
  const nowMs = Date.now()
  await refuses(t, { nowMs: nowMs - 301_000 }, 400, 'BOX_STALE')
  await refuses(t, { nowMs: nowMs + 301_000 }, 400, 'BOX_STALE')
  await refuses(t, { change: { claims_digest: `sha256:${'0'.repeat(64)}` } }, 400, 'CLAIMS_FOREIGN')
  const one = await quoteOf(url)
  const other = await quoteOf(url)
  await refuses(t, { change: { nonce: one.nonce } }, 400, 'CLAIMS_FOREIGN')
  const box = await boxOf(other, await payloadOf(other))
  t.equal((await submit(url, box)).status, 201)
  const before = await accountsKnown()
  t.match(await submit(url, box), { status: 409, body: { code: 'BOX_REPLAYED' } })
  const again = await boxOf(other, await payloadOf(other, { change: { client_id: 'somebody-else' } }))
  t.match(await submit(url, again), { status: 409, body: { code: 'BOX_REPLAYED' } }, 'sealed anew')
  t.equal(await accountsKnown(), before)

  const old = await quoteOf(url)
  clock.offsetMs += 400_000
  const late = await boxOf(old, await payloadOf(old, { nowMs: clock.nowMs() }))
  t.match(await submit(url, late), { status: 400, body: { code: 'CLAIMS_FOREIGN' } }, 'a quote of long ago')
  clock.offsetMs = 0
})

t.test('of two that race with one box one is taken', async (t) => {
  const shown = await quoteOf(url)
  const box = await boxOf(shown, await payloadOf(shown))
  const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await submit(url, box)).status))
  t.same(statuses.toSorted(), [201, ...Array.from({ length: 7 }, () => 409)])
})

t.test('what a payload may not be', async (t) => {
  const clientKey = await newSigningKey()
  const bad = { clientKey, change: { client_signature: toBase64(randomBytes(64)) } }
  await refuses(t, bad, 422, 'CLIENT_SIGNATURE_INVALID')
  await refuses(t, { clientKey, change: { client_signature: undefined } }, 400, 'INPUT_INVALID')
  for (const unknown of ['mtgox', 'constructor', 'binanceus']) {
    await refuses(t, { ...readOnly, exchange: unknown }, 422, 'EXCHANGE_UNKNOWN')
  }
  await refuses(t, { exchange: '__proto__' }, 400, 'INPUT_INVALID')
  await refuses(t, { change: { hostname: 'evil.example' } }, 400, 'INPUT_INVALID')
  await refuses(t, { change: { config: { urls: { api: 'http://evil.example' } } } }, 400, 'INPUT_INVALID')
  await refuses(t, { change: { config: { accountType: 'futures' } } }, 422, 'ACCOUNT_TYPE_UNSUPPORTED')
  await refuses(t, { change: { config: { accountType: 'options' } } }, 400, 'INPUT_INVALID')
  await refuses(t, { change: { config: { sandbox: true } } }, 422, 'SANDBOX_UNSUPPORTED')
  await refuses(t, { change: { config: { apiInterval: 0.5 } } }, 400, 'INPUT_INVALID')
  await refuses(t, { change: { ttl_seconds: 1 } }, 400, 'INPUT_INVALID')
  await refuses(t, { change: { schema: 'perf-agg/credentials/v2' } }, 400, 'INPUT_INVALID')
  await refuses(t, { change: { client_id: 'line\nbreak' } }, 400, 'INPUT_INVALID')
  await refuses(t, { ...readOnly, credentials: {} }, 422, 'CREDENTIALS_INVALID')
  const proxied = { ...readOnly!.credentials, proxyUrl: 'http://evil.example' }
  await refuses(t, { ...readOnly, credentials: proxied }, 422, 'CREDENTIALS_INVALID')
})

t.test('JSON in a box is held to the same rules', async (t) => {
  const shown = await quoteOf(url)
  const sound = JSON.stringify(await payloadOf(shown))
  const texts = {
    JSON_INVALID: 'not JSON',
    JSON_DUPLICATE_KEY: sound.replace('{', '{"client_id":"a",'),
    JSON_TOO_DEEP: sound.replace('{}', `${'['.repeat(40)}${']'.repeat(40)}`),
    JSON_TOO_LARGE: sound.replace('"main"', `"${'x'.repeat(20_000)}"`),
  }
  for (const [code, text] of Object.entries(texts)) {
    const { status, body } = await submit(url, await boxOf(shown, text))
    t.equal(body['code'], code)
    t.ok(status === 400 || status === 413, String(status))
  }
  t.equal((await submit(url, await boxOf(shown, sound))).status, 201, 'none of them used the nonce up')
})

t.test('a key that may do more than read, and one that the exchange refuses', async (t) => {
  await refuses(t, withdraws!, 422, 'EXCHANGE_KEY_CAN_WITHDRAW')
  await refuses(t, transfers!, 422, 'EXCHANGE_KEY_CAN_WITHDRAW')
  await refuses(t, trades!, 422, 'EXCHANGE_KEY_CAN_TRADE')
  await refuses(
    t,
    { ...readOnly, credentials: { ...readOnly!.credentials, secret: 'x'.repeat(64) } },
    422,
    'EXCHANGE_KEY_REFUSED',
  )
  await refuses(
    t,
    { ...readOnly, credentials: { api_key: 'k'.repeat(64), secret: 'x'.repeat(64) } },
    422,
    'EXCHANGE_KEY_REFUSED',
  )
  t.match(await register(url, readOnly!), {
    status: 201,
    body: { permissions: 'read-only', status: 'active' },
  })
})

t.test('who replays a box does not make the exchange be asked', async (t) => {
  for (const key of [readOnly!, withdraws!]) {
    const shown = await quoteOf(url)
    const box = await boxOf(shown, await payloadOf(shown, key))
    await submit(url, box)
    const asks = (): number =>
      meddler.asked.filter((path) => path === '/sapi/v1/account/apiRestrictions').length
    const before = asks()
    const again = await Promise.all(Array.from({ length: 5 }, () => submit(url, box)))
    for (const answer of again) t.match(answer, { status: 409, body: { code: 'BOX_REPLAYED' } })
    t.equal(asks(), before)
  }
})

t.test('an account stays with the client key that it was bound to', async (t) => {
  const [mine, theirs] = [await newSigningKey(), await newSigningKey()]
  const first = await register(url, { ...bound, clientKey: mine })
  t.equal(first.status, 201)
  await refuses(t, { ...bound, clientKey: theirs }, 409, 'ACCOUNT_BOUND')
  await refuses(t, bound!, 409, 'ACCOUNT_BOUND')
  const again = await register(url, { ...bound, clientKey: mine })
  t.match(again, { status: 201, body: { account: first.body['account'] } })
  const id = String(again.body['session_id'])
  t.equal((await ask(url, `/enclave/metrics/${id}`)).status, 200, 'the refused ones displaced nobody')
})

t.test('trading keys only where the operator said so, withdrawing ones never', async (t) => {
  const lax = await House.open(t, { exchangeUrl: exchange.url, flags: { allow_trading_keys: true } })
  const { enclave } = lax.daemon.urls
  t.match(await register(enclave, trades!), { status: 201, body: { permissions: 'trade' } })
  t.match(await register(enclave, withdraws!), {
    status: 422,
    body: { code: 'EXCHANGE_KEY_CAN_WITHDRAW' },
  })
  t.match(await register(enclave, transfers!), {
    status: 422,
    body: { code: 'EXCHANGE_KEY_CAN_WITHDRAW' },
  })
})

t.test('registration in clear is off unless the operator switched it on', async (t) => {
  const shown = await quoteOf(url)
  const payload = await payloadOf(shown)
  t.match(await ask(operations, '/register', payload), {
    status: 403,
    body: { code: 'PLAIN_REGISTRATION_OFF' },
  })
  t.match(await ask(url, '/register', payload), { status: 404, body: { code: 'ROUTE_UNKNOWN' } })

  const open = await House.open(t, {
    exchangeUrl: exchange.url,
    flags: { allow_plain_registration: true },
    config: { exchanges: { binance: { base_url: exchange.url }, push: { enabled: false } } },
  })
  const { enclave, operations: plain } = open.daemon.urls
  const sound = await payloadOf(await quoteOf(enclave), readOnly!)
  t.match(await ask(plain, '/register', sound), { status: 201, body: { status: 'active' } })
  t.match(await ask(plain, '/register', sound), { status: 409, body: { code: 'BOX_REPLAYED' } })
  const weak = await payloadOf(await quoteOf(enclave), withdraws!)
  t.match(await ask(plain, '/register', weak), { status: 422, body: { code: 'EXCHANGE_KEY_CAN_WITHDRAW' } })
  const forwarded = await fetch(`${plain}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9' },
    body: JSON.stringify(sound),
  })
  t.match([forwarded.status, await forwarded.json()], [403, { code: 'PLAIN_NEEDS_TLS' }])
  t.match(await register(enclave, { exchange: 'push' }), { status: 422, body: { code: 'EXCHANGE_UNKNOWN' } })
})
