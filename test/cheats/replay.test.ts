// Cheat: a sealed box or a good statement is used twice. Defeated by the nonce, by digests, and by the chain.
import { newSigningKey } from '@perf-agg/sdk'
import t from 'tap'
import { boxOf, payloadOf, quoteOf, submit } from '../e2e/forge.ts'
import { House } from '../e2e/house.ts'
import { enroll, trade } from '../e2e/recorded.ts'
import { SmallWitness } from '../log/small-witness.ts'
import { judgeRecord } from './stage.ts'

t.test('a replayed box and a replayed statement', async (t) => {
  const witness = await SmallWitness.start(t, () => [])
  witness.trusting = true
  witness.live = true
  const config = { grace_seconds: 0, witnesses: [witness.entry] }
  const house = await House.open(t, { config })
  const url = house.daemon.urls.enclave
  const shown = await quoteOf(url)
  const box = await boxOf(shown, await payloadOf(shown))
  t.equal((await submit(url, box)).status, 201)
  t.match(await submit(url, box), { status: 409, body: { code: 'BOX_REPLAYED' } })
  const elsewhere = await House.open(t)
  t.match(await submit(elsewhere.daemon.urls.enclave, box), { status: 400, body: { code: 'BOX_REFUSED' } })

  const key = await newSigningKey()
  const [access, other] = [await enroll(house.client, key), await enroll(house.client, key, 'trader-2')]
  const place = { ws: house.daemon.urls.ws, nowMs: Date.now }
  await trade(t, place, access, key, [5, 4])
  await trade(t, place, other, key, [3])
  const record = await house.client.record(access)
  const foreign = await house.client.record(other)
  const wrong = async (statements: typeof record.statements) =>
    (await judgeRecord({ ...record, statements }, witness, Date.now())).wrong
  const { statements } = record
  t.same(await wrong(statements), [])
  const twice = await wrong([...statements, statements.at(-1)!])
  t.ok(twice.includes('CHAIN_BROKEN') && twice.includes('HOUR_TWICE'), twice.join())
  const swapped = await wrong(statements.with(1, foreign.statements[1]!))
  t.ok(swapped.includes('CHAIN_ACCOUNT_CHANGED') && swapped.includes('LOG_ORDER'), swapped.join())
})
