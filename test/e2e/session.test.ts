import {
  challengeBytes,
  type ChallengePurpose,
  fromBase64,
  hourMs,
  newBoxKeyPair,
  newSigningKey,
  openBox,
  parseMetricsView,
  parseReceipt,
  parseSummaryView,
  publicKeyOf,
  type SigningKey,
  type Statement,
  toBase64,
  verifyView,
} from '@perf-agg/sdk'
import t from 'tap'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { startBackend } from './enclave.ts'
import { type Answer, ask, type Forgery, register } from './forge.ts'
import { House, ShiftedClock, until } from './house.ts'
import { Meddler } from './meddler.ts'

/** From registration to the end of a session, and who may do what in between. */

const quiet = { opening: { USDT: '1000', BTC: '0.5' }, trader: null }
const simulator = await startSimulator({
  exchange: 'binance',
  seed: 2,
  startMs: Date.now() - hourMs,
  scenario: { accounts: Array.from({ length: 8 }, () => quiet) },
})
simulator.advanceTo(Date.now())
let stopTime = simulator.run(1)
const backend = await startBackend()
t.teardown(async () => {
  stopTime()
  await Promise.all([simulator.close(), backend.close()])
})

const clock = new ShiftedClock()
const meddler = await Meddler.before(t, simulator.url)
const house = await House.open(t, { exchangeUrl: meddler.url, clock, flags: { backend_url: backend.url } })
const { enclave: url } = house.daemon.urls
const keyOf = (index: number) => {
  const { apiKey, secret } = simulator.accounts[index]!
  return { exchange: 'binance', credentials: { api_key: apiKey, secret } }
}
/** Time goes on for the daemon and for the exchange. */
function pass(seconds: number): void {
  clock.offsetMs += seconds * 1_000
  stopTime()
  simulator.advanceTo(clock.nowMs())
  stopTime = simulator.run(1)
}

const idOf = ({ body }: Answer): string => String(body['session_id'])
const viewIdOf = ({ body }: Answer): string => String(body['view_id'])
const join = (forgery: Forgery = {}): Promise<Answer> => register(url, { nowMs: clock.nowMs(), ...forgery })
const metrics = (id: string): Promise<Answer> => ask(url, `/enclave/metrics/${id}`)
const summary = (id: string): Promise<Answer> => ask(url, `/enclave/summary/${id}`)

function chainOf(account: unknown): Statement[] {
  const links = backend.statements.filter(({ metadata }) => metadata.account === account)
  return links.toSorted((a, b) => a.metadata.sequence - b.metadata.sequence)
}
const typesOf = (account: unknown): string[] => chainOf(account).map(({ metadata }) => metadata.type)
const closedOf = (account: unknown) =>
  until(`closed of ${String(account)}`, () =>
    chainOf(account).find(({ metadata }) => metadata.type === 'closed'),
  )

const delivered = () =>
  until('all is delivered', async () => {
    const { pending } = (await house.status())['deliveries'] as { pending: number }
    return pending === 0
  })

async function proof(id: string, key: SigningKey, purpose: ChallengePurpose): Promise<object> {
  const challenge = String((await ask(url, '/enclave/challenge', { session_id: id })).body['challenge'])
  const signature = toBase64(await key.sign(challengeBytes(purpose, challenge)))
  return { challenge, client_signature: signature }
}

t.test('answers are sealed to the reply key and signed; a view id opens the summary, in clear', async (t) => {
  const replyKey = await newBoxKeyPair()
  const answer = await join({ change: { reply_key: toBase64(replyKey.publicKey) } })
  t.equal(answer.status, 201)
  const open = async ({ body }: Answer): Promise<unknown> => {
    t.same(Object.keys(body), ['sealed'], 'nothing beside the box')
    const opened = await openBox(replyKey.publicKey, replyKey.secretKey, fromBase64(String(body['sealed'])))
    return JSON.parse(new TextDecoder().decode(opened!))
  }
  const receipt = parseReceipt(await open(answer))
  const { body } = await ask(url, '/.well-known/jwks.json')
  const [jwk] = body['keys'] as [{ kty: 'OKP'; crv: 'Ed25519'; x: string }]
  const key = publicKeyOf(jwk)
  t.ok(await verifyView(receipt, key))
  const view = parseMetricsView(await open(await metrics(receipt.session_id)))
  t.ok(await verifyView(view, key))
  t.ok(await verifyView(parseSummaryView(await open(await summary(receipt.session_id))), key))
  const shown = await summary(receipt.view_id)
  t.ok(await verifyView(parseSummaryView(shown.body), key))
  t.notMatch(JSON.stringify(shown.body), new RegExp(`${receipt.session_id}|symbols`))
})

t.test('unknown, foreign, ended and expired ids are one 404', async (t) => {
  const short = await join({ change: { ttl_seconds: 60 } })
  const ended = await join()
  const other = await join()
  t.match(await ask(url, '/enclave/cleanup', { session_id: idOf(ended) }), {
    status: 200,
    body: { removed: 1 },
  })
  pass(61)
  const wrong = {
    unknown: 'A'.repeat(43),
    'no id at all': 'x',
    'a view id': viewIdOf(other),
    expired: idOf(short),
    ended: idOf(ended),
  }
  const answers = new Set<string>()
  for (const [what, id] of Object.entries(wrong)) {
    const each = [
      await metrics(id),
      ...(what === 'a view id' ? [] : [await summary(id)]),
      await ask(url, '/enclave/challenge', { session_id: id }),
      await ask(url, '/enclave/cleanup', { session_id: id }),
    ]
    for (const { status, body } of each) {
      t.equal(status, 404, what)
      answers.add(JSON.stringify(body))
    }
  }
  for (const gone of [short, ended]) answers.add(JSON.stringify((await summary(viewIdOf(gone))).body))
  t.equal(answers.size, 1, [...answers].join('\n'))
  t.equal((await metrics(idOf(other))).status, 200)
})

t.test('a session past its time is closed on the chain, once, and cleanup is idempotent', async (t) => {
  const answer = await join({ change: { ttl_seconds: 60 } })
  const { account } = answer.body
  pass(61)
  const removed = (await ask(url, '/enclave/cleanup', {})).body['removed']
  t.ok(Number(removed) >= 1, String(removed))
  t.match(await ask(url, '/enclave/cleanup', {}), { status: 200, body: { removed: 0 } })
  const closed = await closedOf(account)
  t.match(closed.metadata, { type: 'closed', closed: { reason: 'expired' } })
  t.same(typesOf(account), ['registered', 'closed'])
})

t.test('with a client key only its signature over a fresh challenge ends a session', async (t) => {
  const [mine, theirs] = [await newSigningKey(), await newSigningKey()]
  const answer = await join({ clientKey: mine })
  const other = await join({ clientKey: mine, change: { client_id: 'other' } })
  const id = idOf(answer)
  const end = (body: object): Promise<Answer> => ask(url, '/enclave/cleanup', { session_id: id, ...body })
  const refused = { status: 403, body: { code: 'CHALLENGE_REFUSED' } }
  t.match(await end({}), { status: 403, body: { code: 'CHALLENGE_REQUIRED' } })
  t.match(await end(await proof(id, theirs, 'end')), refused, 'by another key')
  t.match(await end(await proof(id, mine, 'stream')), refused, 'for another purpose')
  t.match(await end(await proof(idOf(other), mine, 'end')), refused, 'for another session')
  const signed = await mine.sign(challengeBytes('end', 'A'.repeat(43)))
  t.match(await end({ challenge: 'A'.repeat(43), client_signature: toBase64(signed) }), refused, 'not ours')
  const spoilt = { ...(await proof(id, mine, 'end')), client_signature: 'AAAA' }
  t.match(await end(spoilt), refused, 'no signature')
  const unsigned = { ...(await proof(id, mine, 'end')), client_signature: '!' }
  t.match(await end(unsigned), { status: 400, body: { code: 'NOT_BASE64' } }, 'not even base64')
  const late = await proof(id, mine, 'end')
  pass(121)
  t.match(await end(late), refused, 'too late')
  const wasted = await proof(id, mine, 'end')
  t.match(await end({ ...wasted, client_signature: toBase64(new Uint8Array(64)) }), refused)
  t.match(await end(wasted), refused, 'a challenge is good for one try')
  t.equal((await metrics(id)).status, 200, 'none of them ended anything')
  t.match(await end(await proof(id, mine, 'end')), { status: 200, body: { removed: 1 } })
  t.match((await closedOf(answer.body['account'])).metadata, { closed: { reason: 'ended-by-client' } })
})

t.test('registering again renews: one chain, and the session before gives its credentials up', async (t) => {
  const clientKey = await newSigningKey()
  const first = await join({ ...keyOf(0), clientKey, change: { ttl_seconds: 3_600 } })
  t.equal(first.status, 201)
  const second = await join({ ...keyOf(0), clientKey })
  t.equal(second.status, 201)
  const { account } = second.body
  t.equal(account, first.body['account'])
  t.equal((await metrics(idOf(second))).status, 200)
  t.equal((await metrics(idOf(first))).status, 200, 'the ids of before go on showing it')
  for (const body of [{ session_id: idOf(first) }]) {
    t.equal((await ask(url, '/enclave/challenge', body)).status, 404, 'and nothing else')
    t.equal((await ask(url, '/enclave/cleanup', body)).status, 404)
  }
  await delivered()
  t.same(typesOf(account), ['registered'], 'the chain goes on without a word')
  t.match(
    await ask(url, '/enclave/cleanup', {
      session_id: idOf(second),
      ...(await proof(idOf(second), clientKey, 'end')),
    }),
    {
      status: 200,
    },
  )
  await closedOf(account)
  for (const { status } of [await metrics(idOf(first)), await summary(viewIdOf(first))]) {
    t.equal(status, 404, 'once the session is over no id of before shows it')
  }
  const third = await join({ ...keyOf(0), clientKey })
  t.equal(third.status, 201)
  await until('a new registered', () => typesOf(account).length === 3)
  t.same(typesOf(account), ['registered', 'closed', 'registered'], 'a closed one goes on with a new one')
})

t.test('an exchange that is away: pending, and active once it is there', async (t) => {
  meddler.rule = (path) => (path === '/api/v3/time' ? 'break' : null)
  const answer = await join(keyOf(1))
  t.match(answer, { status: 202, body: { status: 'pending', account: null } })
  t.match(await metrics(idOf(answer)), { status: 409, body: { code: 'SESSION_PENDING' } })
  const ended = await join(keyOf(2))
  const bad = await join({ ...keyOf(2), credentials: { api_key: 'k'.repeat(64), secret: 's'.repeat(64) } })
  t.same([ended.status, bad.status], [202, 202])
  t.match(await ask(url, '/enclave/cleanup', { session_id: idOf(ended) }), { body: { removed: 1 } })
  t.equal((await metrics(idOf(ended))).status, 404, 'a pending one can be ended')

  meddler.soundly()
  const active = await until('active', async () => {
    const { status, body } = await metrics(idOf(answer))
    return status === 200 ? body : null
  })
  t.match(active, { status: 'active', account: /./ })
  await until('registered', () => typesOf(active['account']).includes('registered'))
  await until('the one with a bad key ends by itself', async () => (await metrics(idOf(bad))).status === 404)
})

t.test('a pending session that is identified late does not displace a newer one', async (t) => {
  const slow = await House.open(t, { exchangeUrl: meddler.url, pauseMs: 3_000 })
  const { enclave } = slow.daemon.urls
  const clientKey = await newSigningKey()
  meddler.rule = (path) => (path === '/api/v3/time' ? 'break' : null)
  const older = await register(enclave, { ...keyOf(3), clientKey })
  t.equal(older.status, 202)
  await until('it was asked for once more in vain', async () => {
    const { failures, running } = (await slow.status())['collectors'] as Record<
      string,
      Record<string, number>
    >
    return Number(running) === 0 && Number(failures!['EXCHANGE_UNREACHABLE']) >= 2
  })
  meddler.soundly()
  const newer = await register(enclave, { ...keyOf(3), clientKey })
  t.equal(newer.status, 201)
  const known = await until('the older one is known', async () => {
    const answer = await ask(enclave, `/enclave/metrics/${idOf(older)}`)
    return answer.status === 409 ? null : answer
  })
  t.equal(known.status, 404)
  t.equal((await ask(enclave, `/enclave/metrics/${idOf(newer)}`)).status, 200)
  const challenge = await ask(enclave, '/enclave/challenge', { session_id: idOf(newer) })
  t.equal(challenge.status, 200, 'the newer one lives')
})

t.test('a key that the exchange takes back closes the session, with its reason', async (t) => {
  const answer = await join(keyOf(4))
  t.equal(answer.status, 201)
  const { account } = answer.body
  let refusals = 0
  meddler.rule = (path) => {
    if (path !== '/api/v3/account') return null
    refusals += 1
    // once is a bad moment of the exchange's
    return refusals === 1 ? { status: 401, body: '{"code":-2015,"msg":"Invalid API-key"}' } : null
  }
  await until(
    'one refusal and a good poll',
    async () => refusals > 3 && (await metrics(idOf(answer))).body['status'] === 'active',
  )
  t.same(typesOf(account), ['registered'], 'one refusal is not believed')
  meddler.rule = (path) =>
    path === '/api/v3/account' ? { status: 401, body: '{"code":-2015,"msg":"Invalid API-key"}' } : null
  await until('degraded', async () => (await metrics(idOf(answer))).body['status'] === 'degraded')
  t.match((await closedOf(account)).metadata, { closed: { reason: 'key-refused' } })
  t.equal((await metrics(idOf(answer))).status, 404)
  await until('no more trouble', async () => {
    const { troubles } = (await house.status()) as { troubles: Record<string, number> }
    return troubles['EXCHANGE_KEY_REFUSED'] === undefined
  })
  meddler.soundly()
})

t.test('figures are shown while the exchange hangs', async (t) => {
  const answer = await join(keyOf(5))
  t.equal(answer.status, 201)
  let hanging = 0
  meddler.rule = (path) => {
    if (path !== '/api/v3/account') return null
    hanging += 1
    return 'hang'
  }
  await until('a poll hangs', () => hanging > 0)
  const shown = await Promise.race([
    metrics(idOf(answer)),
    new Promise((resolve) => setTimeout(resolve, 10_000, 'nothing')),
  ])
  t.match(shown, { status: 200 })
  const begun = performance.now()
  await house.daemon.stop()
  t.ok(performance.now() - begun < 10_000, 'and the daemon stops in time')
  meddler.soundly()
})
