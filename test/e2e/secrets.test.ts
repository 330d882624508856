import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { newSigningKey, PerfAggClient } from '@perf-agg/sdk'
import t from 'tap'
import { formsOf } from './canary.ts'
import { startBackend } from './enclave.ts'
import { Exchange } from './exchange.ts'
import { ask, payloadOf, quoteOf, register } from './forge.ts'
import { until } from './house.ts'
import { Meddler } from './meddler.ts'
import { familyOf, processFile } from './processes.ts'
import { Served } from './served.ts'

/** An exchange's secrets, through every way in, and nowhere to be found in any form afterwards. */

// as an exchange makes them: 64 letters and digits
const secrets = ['SealedKey', 'SealedSecret', 'PlainKey', 'PlainSecret', 'RefusedKey', 'RefusedSecret'].map(
  (name) => `CANARY${name}`.padEnd(64, 'q7Zx3'),
)
const [sealedKey, sealedSecret, plainKey, plainSecret, refusedKey, refusedSecret] = secrets as [
  string,
  string,
  string,
  string,
  string,
  string,
]
const odd = 'CANARY/odd+pass=word&with?all%of#it'

function foundIn(text: string): string[] {
  return [...secrets, odd].filter((secret) => formsOf(secret).some((form) => text.includes(form)))
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
}

t.test('every form is found where it is', async (t) => {
  for (const form of formsOf(odd)) t.same(foundIn(`xx${form}yy`), [odd])
  for (const before of ['', 'a', 'ab', 'abc']) {
    t.same(foundIn(Buffer.from(`${before}${odd}tail`).toString('base64')), [odd])
  }
})

t.test('no secret is left anywhere', async (t) => {
  const exchange = await Exchange.open(t, [
    { apiKey: sealedKey, secret: sealedSecret },
    { apiKey: plainKey, secret: plainSecret },
  ])
  const backend = await startBackend()
  t.teardown(() => backend.close())
  const meddler = await Meddler.before(t, exchange.url)
  // an exchange that repeats what it was sent, in its errors too
  meddler.rule = (path) =>
    path.startsWith('/sapi/v1/capital') || path.startsWith('/sapi/v1/asset')
      ? { status: 400, body: JSON.stringify({ code: -1102, msg: `${sealedKey} ${sealedSecret}` }) }
      : null
  const folder = Served.folder(t)
  const { served, urls } = await Served.start(t, {
    folder,
    config: { exchanges: { binance: { base_url: meddler.url } }, log_level: 'debug' },
    flags: ['--backend-url', backend.url, '--allow-plain-registration'],
  })
  const { enclave: url, operations } = urls
  const clientKey = await newSigningKey()
  const client = new PerfAggClient({ serviceUrl: url })
  const { access } = await client.register({
    clientId: 'trader',
    exchange: 'binance',
    credentials: { api_key: sealedKey, secret: sealedSecret },
    clientKey,
    insecureSimulated: true,
  })
  const plain = { exchange: 'binance', credentials: { api_key: plainKey, secret: plainSecret } }
  t.equal((await ask(operations, '/register', await payloadOf(await quoteOf(url), plain))).status, 201)
  const refused = { exchange: 'binance', credentials: { api_key: refusedKey, secret: refusedSecret } }
  t.equal((await register(url, refused)).status, 422)
  const garbled = { ...refused, credentials: { api_key: refusedKey, secret: 5, [refusedSecret]: 'x' } }
  t.equal((await register(url, garbled)).status, 422)
  const spare = { credentials: { api_key: 'k', secret: odd, passphrase: odd } }
  t.equal((await register(url, spare)).status, 201)
  // where no secret belongs
  for (const path of [`/enclave/metrics/${sealedSecret}`, `/${sealedSecret}?${sealedKey}`]) {
    await ask(url, path)
    await ask(operations, path)
  }
  await ask(url, '/enclave/cleanup', { session_id: sealedSecret })
  await until('both are polled', () => (served.stderr.match(/"event":"poll/g) ?? []).length >= 2)
  const answers = [
    await client.metrics(access),
    await client.quote(),
    ...(await Promise.all(
      [`${operations}/status`, `${operations}/metrics`, `${url}/openapi.json`].map(async (each) =>
        (await fetch(each)).text(),
      ),
    )),
  ]

  const look = (when: string): void => {
    for (const path of filesOf(folder)) t.same(foundIn(readFileSync(path, 'latin1')), [], `${when}: ${path}`)
    t.same(foundIn(served.stdout + served.stderr), [], `${when}: what it said`)
  }
  const family = familyOf(served.pid)
  t.ok(family.length >= 3, 'daemon, collector, egress')
  for (const pid of family) {
    for (const name of ['cmdline', 'environ']) {
      t.same(foundIn(processFile(pid, name)), [], `${name} of ${pid}`)
    }
  }
  look('while it runs')
  t.same(foundIn(JSON.stringify(answers)), [], 'what it answers')
  t.same(foundIn(JSON.stringify(backend.statements)), [], 'what it posts')
  await client.end(access.sessionId, clientKey)
  look('after a session’s end')
  t.equal((await served.stop()).code, 0)
  look('after its stop')
  // the ids are secrets too
  for (const path of filesOf(join(folder, 'state'))) {
    const text = readFileSync(path, 'latin1')
    t.notOk(text.includes(access.sessionId) || text.includes(access.viewId), path)
  }
  t.notOk(served.stderr.includes(access.sessionId) || served.stderr.includes(access.viewId))
})
