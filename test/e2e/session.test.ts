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
  toBase64,
  verifyView,
} from '@perf-agg/sdk'
import t from 'tap'
import { endOf, typesOf } from './chains.ts'
import { startBackend } from './enclave.ts'
import { Exchange } from './exchange.ts'
import { type Answer, ask, type Forgery, register } from './forge.ts'
import { House, ShiftedClock, until } from './house.ts'
import { TradeFeed } from './trade-feed.ts'

/** From registration to the end of a session, and who may do what in between. */

const exchange = await Exchange.open(t, [{}, {}])
const backend = await startBackend()
t.teardown(() => backend.close())
const clock = new ShiftedClock()
const house = await House.open(t, { exchangeUrl: exchange.url, clock, flags: { backend_url: backend.url } })
const { enclave: url } = house.daemon.urls

function pass(seconds: number): void {
  clock.offsetMs += seconds * 1_000
  exchange.advanceTo(clock.nowMs())
}

const idOf = ({ body }: Answer): string => String(body['session_id'])
const viewIdOf = ({ body }: Answer): string => String(body['view_id'])
const join = (forgery: Forgery = {}): Promise<Answer> => register(url, { nowMs: clock.nowMs(), ...forgery })
const metrics = (id: string): Promise<Answer> => ask(url, `/enclave/metrics/${id}`)
const summary = (id: string): Promise<Answer> => ask(url, `/enclave/summary/${id}`)

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
  const closed = await endOf(backend, account, 'closed')
  t.match(closed.metadata, { type: 'closed', closed: { reason: 'expired' } })
  t.same(typesOf(backend, account), ['registered', 'closed'])
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
  t.match((await endOf(backend, answer.body['account'], 'closed')).metadata, {
    closed: { reason: 'ended-by-client' },
  })
})

t.test('trades are taken from self-reported sessions only, and while they last', async (t) => {
  const { ws } = house.daemon.urls
  const polled = await join(exchange.keyOf(1))
  const feed = await TradeFeed.open(ws, polled.body['session_id'])
  t.teardown(() => feed.close())
  feed.send(clock.nowMs())
  t.match(await until('a refusal', () => feed.refused[0]), { code: 'TRADES_NOT_TAKEN' })

  const reported = await join()
  const own = await TradeFeed.open(ws, reported.body['session_id'])
  t.teardown(() => own.close())
  own.send(clock.nowMs())
  await until('an ack', () => own.acknowledged.length === 1)
  for (const atMs of [clock.nowMs() + hourMs, 1e14]) {
    const before = own.refused.length
    own.send(atMs)
    t.ok(await until('a refusal', () => own.refused[before]), 'of what has not been yet')
  }
  t.match(await ask(url, '/enclave/cleanup', { session_id: idOf(reported) }), { body: { removed: 1 } })
  await until('it is closed', () => !own.isOpen)
  t.equal(own.acknowledged.length, 1)
  for (const id of [idOf(reported), viewIdOf(polled), 'A'.repeat(43)]) {
    await t.rejects(TradeFeed.open(ws, id), /SESSION_UNKNOWN/)
  }
})

t.test('registering again renews: one chain, and the session before gives its credentials up', async (t) => {
  const clientKey = await newSigningKey()
  const first = await join({ ...exchange.keyOf(0), clientKey, change: { ttl_seconds: 3_600 } })
  t.equal(first.status, 201)
  const second = await join({ ...exchange.keyOf(0), clientKey })
  t.equal(second.status, 201)
  const { account } = second.body
  t.equal(account, first.body['account'])
  t.equal((await metrics(idOf(second))).status, 200)
  t.equal((await metrics(idOf(first))).status, 200, 'the ids of before go on showing it')
  for (const body of [{ session_id: idOf(first) }]) {
    t.equal((await ask(url, '/enclave/challenge', body)).status, 404, 'and nothing else')
    t.equal((await ask(url, '/enclave/cleanup', body)).status, 404)
  }
  await endOf(backend, account, 'registered')
  t.same(typesOf(backend, account), ['registered'], 'the chain goes on without a word')
  t.match(
    await ask(url, '/enclave/cleanup', {
      session_id: idOf(second),
      ...(await proof(idOf(second), clientKey, 'end')),
    }),
    {
      status: 200,
    },
  )
  await endOf(backend, account, 'closed')
  for (const { status } of [await metrics(idOf(first)), await summary(viewIdOf(first))]) {
    t.equal(status, 404, 'once the session is over no id of before shows it')
  }
  const third = await join({ ...exchange.keyOf(0), clientKey })
  t.equal(third.status, 201)
  await endOf(backend, account, 'registered')
  t.same(
    typesOf(backend, account),
    ['registered', 'closed', 'registered'],
    'a closed one goes on with a new one',
  )
})
