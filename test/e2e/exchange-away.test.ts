import { setTimeout as pause } from 'node:timers/promises'
import { newSigningKey } from '@perf-agg/sdk'
import t from 'tap'
import { endOf, typesOf } from './chains.ts'
import { startBackend } from './enclave.ts'
import { Exchange } from './exchange.ts'
import { type Answer, ask, register } from './forge.ts'
import { House, until } from './house.ts'
import { Meddler, type Meddling } from './meddler.ts'

/** An exchange that is away, takes a key back, or hangs. */

const exchange = await Exchange.open(t, [{}, {}, {}, {}, {}])
const meddler = await Meddler.before(t, exchange.url)
const backend = await startBackend()
t.teardown(() => backend.close())
const house = await House.open(t, { exchangeUrl: meddler.url, flags: { backend_url: backend.url } })
const { enclave: url } = house.daemon.urls
const idOf = ({ body }: Answer): string => String(body['session_id'])
const metrics = (id: string): Promise<Answer> => ask(url, `/enclave/metrics/${id}`)

/** Not tried again within a poll, as a broken connection is: tests go on sooner. */
const nonsense = (path: string): Meddling | null =>
  path === '/api/v3/time' ? { status: 302, headers: { location: '/' }, body: '' } : null

t.test('an exchange that is away: pending, and active once it is there', async (t) => {
  meddler.rule = (path) => (path === '/api/v3/time' ? 'break' : null)
  const answer = await register(url, exchange.keyOf(0))
  t.match(answer, { status: 202, body: { status: 'pending', account: null } })
  t.match(await metrics(idOf(answer)), {
    status: 200,
    body: { status: 'pending', account: null, environment: 'simulated', hourly_buckets: [] },
  })
  meddler.rule = nonsense
  const ended = await register(url, exchange.keyOf(1))
  const bad = await register(url, {
    ...exchange.keyOf(1),
    credentials: { api_key: 'k'.repeat(64), secret: 's'.repeat(64) },
  })
  t.same([ended.status, bad.status], [202, 202])
  t.match(await ask(url, '/enclave/cleanup', { session_id: idOf(ended) }), { body: { removed: 1 } })
  t.equal((await metrics(idOf(ended))).status, 404, 'a pending one can be ended')

  meddler.soundly()
  const active = await until('active', async () => {
    const { status, body } = await metrics(idOf(answer))
    return status === 200 && body['status'] !== 'pending' ? body : null
  })
  t.match(active, { status: 'active', account: /./ })
  await endOf(backend, active['account'], 'registered')
  await until('the one with a bad key ends by itself', async () => (await metrics(idOf(bad))).status === 404)
})

t.test('a pending session that is identified late does not displace a newer one', async (t) => {
  const slow = await House.open(t, { exchangeUrl: meddler.url, pauseMs: 2_000 })
  const { enclave } = slow.daemon.urls
  const clientKey = await newSigningKey()
  meddler.rule = nonsense
  const older = await register(enclave, { ...exchange.keyOf(2), clientKey })
  t.equal(older.status, 202)
  await until('it was asked for once more in vain', async () => {
    const { failures, running } = (await slow.status())['collectors'] as Record<
      string,
      Record<string, number>
    >
    return Number(running) === 0 && Number(failures!['EXCHANGE_ANSWER_INVALID']) >= 2
  })
  meddler.soundly()
  const newer = await register(enclave, { ...exchange.keyOf(2), clientKey })
  t.equal(newer.status, 201)
  const known = await until('the older one is known', async () => {
    const answer = await ask(enclave, `/enclave/metrics/${idOf(older)}`)
    return answer.body['status'] === 'pending' ? null : answer
  })
  t.equal(known.status, 404)
  t.equal((await ask(enclave, `/enclave/metrics/${idOf(newer)}`)).status, 200)
  const challenge = await ask(enclave, '/enclave/challenge', { session_id: idOf(newer) })
  t.equal(challenge.status, 200, 'the newer one lives')
})

t.test('a key that the exchange takes back closes the session, with its reason', async (t) => {
  const answer = await register(url, exchange.keyOf(3))
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
  t.same(typesOf(backend, account), ['registered'], 'one refusal is not believed')
  meddler.rule = (path) =>
    path === '/api/v3/account' ? { status: 401, body: '{"code":-2015,"msg":"Invalid API-key"}' } : null
  await until('degraded', async () => (await metrics(idOf(answer))).body['status'] === 'degraded')
  t.match((await endOf(backend, account, 'closed')).metadata, { closed: { reason: 'key-refused' } })
  t.equal((await metrics(idOf(answer))).status, 404)
  await until('no more trouble', async () => {
    const { troubles } = (await house.status()) as { troubles: Record<string, number> }
    return troubles['EXCHANGE_KEY_REFUSED'] === undefined
  })
  meddler.soundly()
})

t.test('figures are shown while the exchange hangs', async (t) => {
  const answer = await register(url, exchange.keyOf(4))
  t.equal(answer.status, 201)
  let hanging = 0
  meddler.rule = (path) => {
    if (path !== '/api/v3/account') return null
    hanging += 1
    return 'hang'
  }
  await until('a poll hangs', () => hanging > 0)
  const shown = await Promise.race([metrics(idOf(answer)), pause(10_000, 'nothing', { ref: false })])
  t.match(shown, { status: 200 })
  const begun = performance.now()
  await house.daemon.stop()
  t.ok(performance.now() - begun < 60_000, 'and the daemon stops in time')
  meddler.soundly()
})
