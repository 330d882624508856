// Cheat: the state folder of before a loss is put back. Defeated by witness and backend, which remember more; else seen by all who hold a record.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { judgeAgainstLog, newSigningKey, parseJson, parseStatement, statementDigest } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { House, until } from '../e2e/house.ts'
import { enroll, trade } from '../e2e/recorded.ts'
import { entriesOf } from './log-entries.ts'
import { SmallWitness } from '../log/small-witness.ts'
import { judgeRecord } from './stage.ts'

/** One that takes each place of a chain once, as the idempotency key lets it. */
async function rememberingBackend(t: Test): Promise<{ url: string; keepsLog: boolean }> {
  const taken = new Map<string, string>()
  let log = ''
  const backend = { url: '', keepsLog: true }
  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const statement = parseStatement(parseJson(Buffer.from(body)))
      const place = `${statement.metadata.account} ${statement.metadata.sequence}`
      const digest = await statementDigest(statement)
      const known = taken.get(place) ?? digest
      taken.set(place, known)
      const told = String(request.headers['perf-agg-log'])
      const sizeOf = (value: string): number => Number(value.split(' ')[1] ?? -1)
      if (sizeOf(told) > sizeOf(log)) log = told
      const headers = backend.keepsLog ? { 'perf-agg-log': log } : {}
      response.writeHead(known === digest ? 200 : 409, headers).end(known)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  backend.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return backend
}

t.test('a restored state folder', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'perf-agg-restored-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const witness = await SmallWitness.start(t, () => [])
  witness.trusting = true
  witness.live = true
  const watched = { grace_seconds: 0, witnesses: [witness.entry] }
  const backend = await rememberingBackend(t)
  const flags = { backend_url: backend.url }
  const state = join(folder, 'state')
  const key = await newSigningKey()
  const placeOf = (house: House) => ({ ws: house.daemon.urls.ws, nowMs: Date.now })

  const first = await House.open(t, { folder, flags, config: watched })
  const access = await enroll(first.client, key)
  const delivered = (house: House) => async (): Promise<boolean> => {
    const { deliveries } = (await house.status()) as { deliveries: { pending: number } }
    return deliveries.pending === 0
  }
  await until('all is delivered', delivered(first))
  await first.daemon.stop()
  cpSync(state, join(folder, 'good-times'), { recursive: true })
  const second = await House.open(t, { folder, flags, config: watched })
  await trade(t, placeOf(second), access, key, [5, 4])
  const record = await second.client.record(access)
  await until('all is delivered', delivered(second))
  await second.daemon.stop()
  rmSync(state, { recursive: true })
  cpSync(join(folder, 'good-times'), state, { recursive: true })

  await t.rejects(
    House.open(t, { folder, flags, config: watched }),
    { code: 'LOG_ROLLED_BACK' },
    'a witness remembers',
  )

  await t.rejects(
    House.open(t, { folder, flags, config: { grace_seconds: 0 } }),
    { code: 'LOG_ROLLED_BACK' },
    'so does a backend that keeps what it is told of the log',
  )
  backend.keepsLog = false
  const lonely = await House.open(t, { folder, flags, config: { grace_seconds: 0 } })
  await trade(t, placeOf(lonely), access, key, [3])
  const told = await until('the backend refuses another statement in that place', async () => {
    const { deliveries } = (await lonely.status()) as { deliveries: { parked_codes: string[] } }
    return deliveries.parked_codes.length > 0 ? deliveries.parked_codes : null
  })
  t.same(told, ['409_OTHER_DIGEST'], 'an alarm that stays')
  const forged = await lonely.client.record(access)
  t.ok((await judgeRecord(forged, witness, Date.now())).wrong.includes('NO_WITNESS'), 'no witness signs it')
  const [step] = await judgeAgainstLog(record, await entriesOf(lonely.daemon.urls.enclave, forged))
  t.match(step, { code: /LOG_FORKED|LOG_ROLLED_BACK/ }, 'and whoever holds the record of before sees it')
})
