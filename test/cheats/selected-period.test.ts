// Cheat: a record is shown from its best start to its peak. Defeated by the chain, the log's slots, and a policy's age.
import { judgeAgainstLog, newSigningKey, parseVkey, parseClaims, claimsBytesOf, hourMs } from '@perf-agg/sdk'
import t from 'tap'
import { House } from '../e2e/house.ts'
import { enroll, trade } from '../e2e/recorded.ts'
import { readLog } from '../log/fixture.ts'
import { SmallWitness } from '../log/small-witness.ts'
import { judgeRecord } from './stage.ts'

t.test('a selected period', async (t) => {
  const witness = await SmallWitness.start(t, () => [])
  witness.trusting = true
  witness.live = true
  const house = await House.open(t, { config: { grace_seconds: 0, witnesses: [witness.entry] } })
  const key = await newSigningKey()
  const access = await enroll(house.client, key)
  await trade(t, { ws: house.daemon.urls.ws, nowMs: Date.now }, access, key, [5, 4, 3])
  const record = await house.client.record(access)
  const wrong = async (statements: typeof record.statements, change = {}, nowMs = Date.now()) =>
    (await judgeRecord({ ...record, statements }, witness, nowMs, change)).wrong
  const { statements } = record
  t.same(await wrong(statements), [])
  t.ok((await wrong(statements.slice(1))).includes('CHAIN_START_MISSING'), 'cut off at its start')
  t.ok((await wrong(statements.toSpliced(2, 1))).includes('CHAIN_BROKEN'), 'cut out in the middle')
  const peak = statements.slice(0, -1)
  t.same(await wrong(peak), [], 'cut off at its peak it is sound in itself')
  t.same(await wrong(peak, { record: { max_age_h: 1 } }, Date.now() + 3 * hourMs), ['RECORD_STALE'])

  const { log } = parseClaims(claimsBytesOf(record.evidence[0]!.quote))
  const { entries } = await readLog(
    async (path) =>
      new Uint8Array(await (await fetch(`${house.daemon.urls.enclave}/log/${path}`)).arrayBuffer()),
    (await parseVkey(log!.vkey))!,
  )
  t.match(await judgeAgainstLog({ ...record, statements: peak }, entries), [{ code: 'RECORD_TRUNCATED' }])
  t.match(await judgeAgainstLog(record, entries), [{ code: 'OK' }])
})
