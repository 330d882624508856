import {
  challengeBytes,
  hourMs,
  hourOf,
  minuteMs,
  newSigningKey,
  type SigningKey,
  toBase64,
  toInstant,
} from '@perf-agg/sdk'
import t from 'tap'
import { SmallWitness } from '../log/small-witness.ts'
import { endOf, typesOf } from './chains.ts'
import { startBackend } from './enclave.ts'
import { Exchange } from './exchange.ts'
import { type Answer, ask, register } from './forge.ts'
import { House, ShiftedClock, until } from './house.ts'
import { Meddler } from './meddler.ts'
import { enroll, trade } from './recorded.ts'
import { TradeFeed } from './trade-feed.ts'

/** How sessions end, whatever the exchange and the clock do, and what is left of them. */

const idOf = ({ body }: Answer): string => String(body['session_id'])

async function end(url: string, id: string, key: SigningKey): Promise<Answer> {
  const { body } = await ask(url, '/enclave/challenge', { session_id: id })
  const challenge = String(body['challenge'])
  const signature = toBase64(await key.sign(challengeBytes('end', challenge)))
  return ask(url, '/enclave/cleanup', { session_id: id, challenge, client_signature: signature })
}

t.test('ending and registering wait for no poll that hangs', async (t) => {
  const exchange = await Exchange.open(t, [{}, {}])
  const meddler = await Meddler.before(t, exchange.url)
  const backend = await startBackend()
  t.teardown(() => backend.close())
  const house = await House.open(t, { exchangeUrl: meddler.url, flags: { backend_url: backend.url } })
  const url = house.daemon.urls.enclave
  const answer = await register(url, exchange.keyOf(0))
  t.equal(answer.status, 201)
  await until('it is polled', () => house.told('polled').length > 0)
  let hanging = 0
  meddler.rule = (path) => {
    if (path !== '/api/v3/account') return null
    hanging += 1
    return 'hang'
  }
  await until('a poll hangs', () => hanging > 0)
  const begun = performance.now()
  t.match(await ask(url, '/enclave/cleanup', { session_id: idOf(answer) }), { body: { removed: 1 } })
  const tookMs = performance.now() - begun
  t.ok(tookMs < 20_000, `it took ${tookMs.toFixed(0)} ms`)
  await endOf(backend, answer.body['account'], 'closed')
  meddler.soundly()
  const again = await register(url, exchange.keyOf(0))
  t.equal(again.status, 201)
  await until('the next poll comes through', () => house.told('polled').length > 1)
  t.same(typesOf(backend, answer.body['account']), ['registered', 'closed', 'registered'])
  const died = house.log.filter(({ event }) => event === 'collector-died')
  t.same(died, [], 'a process that is ended on purpose is no alarm')
})

for (const minute of [0, 50]) {
  t.test(`what was taken is stated before the end, at minute ${minute} of an hour as well`, async (t) => {
    const backend = await startBackend()
    t.teardown(() => backend.close())
    const clock = new ShiftedClock()
    const hour = hourOf(Date.now()) + hourMs
    clock.offsetMs = hour + minute * minuteMs - Date.now()
    const config = { grace_seconds: 900 }
    const house = await House.open(t, { config, clock, flags: { backend_url: backend.url } })
    const { enclave: url, ws } = house.daemon.urls
    const answer = await register(url, { nowMs: clock.nowMs() })
    const feed = await TradeFeed.open(ws, idOf(answer))
    t.teardown(() => feed.close())
    feed.send(hour - 2 * hourMs)
    feed.send(hour)
    await until('both are taken', () => feed.acknowledged.length === 2)
    t.match(await ask(url, '/enclave/cleanup', { session_id: idOf(answer) }), { body: { removed: 1 } })
    await endOf(backend, answer.body['account'], 'closed')
    t.same(typesOf(backend, answer.body['account']), ['registered', 'period', 'closed'])
    const period = backend.statements.find(({ metadata }) => metadata.type === 'period')
    const hours = period?.hourly_buckets.map((each) => each.t)
    t.same(hours, [toInstant(hour - 2 * hourMs)], 'what is over, and the hour that runs not')
  })
}

t.test('a clock that is set back prolongs no session', async (t) => {
  const clock = new ShiftedClock()
  const house = await House.open(t, { clock })
  const url = house.daemon.urls.enclave
  const answer = await register(url, { change: { ttl_seconds: 60 } })
  const id = idOf(answer)
  const brief = await register(url, { change: { ttl_seconds: 60 } })
  clock.offsetMs = 58_000
  t.equal((await ask(url, `/enclave/metrics/${id}`)).status, 200)
  clock.offsetMs = -1_000
  clock.uptimeShiftMs = 61_000
  t.equal((await ask(url, `/enclave/metrics/${id}`)).status, 404, 'its time has passed')
  t.match(await ask(url, '/enclave/cleanup', {}), { body: { removed: 2 } })
  t.equal((await ask(url, `/enclave/metrics/${idOf(brief)}`)).status, 404)
})

t.test('the record outlives the session, for its owner and nobody else', async (t) => {
  const house = await House.open(t, { config: { grace_seconds: 0 } })
  const { client } = house
  const key = await newSigningKey()
  const place = { ws: house.daemon.urls.ws, nowMs: Date.now }
  const access = await enroll(client, key)
  await trade(t, place, access, key, [2])
  await client.end(access.sessionId, key)
  await t.rejects(client.metrics(access), { code: 'SESSION_UNKNOWN' }, 'figures are shown no more')
  const record = await client.record(access)
  t.same(
    record.statements.map(({ statement }) => statement.metadata.type),
    ['registered', 'period', 'closed'],
  )
  const open = await register(house.daemon.urls.enclave)
  const path = `/enclave/record/${idOf(open)}`
  t.equal((await ask(house.daemon.urls.enclave, path)).status, 200)
  await ask(house.daemon.urls.enclave, '/enclave/cleanup', { session_id: idOf(open) })
  t.equal((await ask(house.daemon.urls.enclave, path)).status, 404, 'without a key to seal it to: no more')
})

t.test('an account is taken over once its session is over, and its chain goes on', async (t) => {
  const exchange = await Exchange.open(t, [{}, {}])
  const backend = await startBackend()
  t.teardown(() => backend.close())
  const house = await House.open(t, { exchangeUrl: exchange.url, flags: { backend_url: backend.url } })
  const url = house.daemon.urls.enclave
  const [first, second] = [await newSigningKey(), await newSigningKey()]
  await register(url, { ...exchange.keyOf(1), clientKey: first })
  const squatter = await register(url, { ...exchange.keyOf(0), clientKey: first })
  const { account } = squatter.body
  t.match(await register(url, { ...exchange.keyOf(0), clientKey: second }), { status: 409 })
  t.match(await end(url, idOf(squatter), first), { status: 200 })
  t.match(await register(url, exchange.keyOf(0)), { status: 409 }, 'by nobody without a key')
  const owner = await register(url, { ...exchange.keyOf(0), clientKey: second })
  t.match(owner, { status: 201, body: { account } })
  const { metadata } = await until('it is delivered', () => {
    const last = backend.statements.at(-1)
    return last !== undefined && last.metadata.account === account && last.metadata.sequence === 3
      ? last
      : null
  })
  t.match(metadata, { type: 'registered', client_accounts: 1 })
  const back = await register(url, { ...exchange.keyOf(0), clientKey: first })
  t.equal(back.status, 409)
  await end(url, idOf(owner), second)
  t.equal((await register(url, { ...exchange.keyOf(0), clientKey: first })).status, 201)
  const again = await until('it is delivered', () =>
    backend.statements.find((each) => each.metadata.sequence === 5),
  )
  t.match(again.metadata, { type: 'registered', client_accounts: 2 }, 'what a key has bound stays counted')
})

t.test('nothing is stated any more once a witness knows another log', async (t) => {
  const witness = await SmallWitness.start(t, () => [])
  witness.trusting = true
  const house = await House.open(t, { config: { grace_seconds: 0, witnesses: [witness.entry] } })
  const url = house.daemon.urls.enclave
  t.match(await ask(url, '/readyz'), { status: 200, body: { checks: { log: 'ok' } } })
  for (const known of witness.seen.values()) known.size += 100
  t.equal((await register(url)).status, 201)
  await until('it is told', async () => (await ask(url, '/readyz')).status === 503)
  t.match(await ask(url, '/readyz'), { body: { checks: { log: 'LOG_ROLLED_BACK' } } })
  t.match(await register(url), { status: 503, body: { code: 'LOG_ROLLED_BACK' } })
})
