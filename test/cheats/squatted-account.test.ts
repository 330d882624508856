// Cheat: somebody registers an account of others first, under a key of their own. Defeated by fresh proof; the chain is one.
import { newSigningKey } from '@perf-agg/sdk'
import t from 'tap'
import { endOf, typesOf } from '../e2e/chains.ts'
import { startBackend } from '../e2e/enclave.ts'
import { Exchange } from '../e2e/exchange.ts'
import { register } from '../e2e/forge.ts'
import { House } from '../e2e/house.ts'
import { Meddler } from '../e2e/meddler.ts'

t.test('a squatted account', async (t) => {
  const exchange = await Exchange.open(t, [{}])
  const meddler = await Meddler.before(t, exchange.url)
  const backend = await startBackend()
  t.teardown(() => backend.close())
  const house = await House.open(t, { exchangeUrl: meddler.url, flags: { backend_url: backend.url } })
  const url = house.daemon.urls.enclave
  const [thief, owner] = [await newSigningKey(), await newSigningKey()]
  const squatter = await register(url, { ...exchange.keyOf(0), clientKey: thief })
  t.equal(squatter.status, 201, 'with an API key that was stolen')
  const refused = await register(url, { ...exchange.keyOf(0), clientKey: owner })
  t.match(refused, { status: 409, body: { code: 'ACCOUNT_BOUND' } })
  t.notMatch(
    JSON.stringify(refused.body),
    Buffer.from(thief.publicKey).toString('base64'),
    'whose it is, is not told',
  )

  // the owner deletes that API key at the exchange, and makes another
  meddler.rule = (path) =>
    path === '/api/v3/account' ? { status: 401, body: '{"code":-2015,"msg":"Invalid API-key"}' } : null
  await endOf(backend, squatter.body['account'], 'closed')
  meddler.soundly()
  const back = await register(url, { ...exchange.keyOf(0), clientKey: owner })
  t.match(back, { status: 201, body: { account: squatter.body['account'] } })
  await endOf(backend, back.body['account'], 'registered')
  t.same(
    typesOf(backend, back.body['account']),
    ['registered', 'closed', 'registered'],
    'and nothing is hidden of it',
  )
  t.match(
    await register(url, { ...exchange.keyOf(0), clientKey: thief }),
    { status: 409 },
    'not the other way round',
  )
})
