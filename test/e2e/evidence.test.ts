import { claimsBytesOf, hourMs, parseClaims, parseLeaf, parseVkey } from '@perf-agg/sdk'
import t from 'tap'
import { readLog } from '../log/fixture.ts'
import { enroll, trade } from './recorded.ts'
import { newSigningKey } from '@perf-agg/sdk'
import { House, ShiftedClock, until } from './house.ts'

/** Evidence of what runs, in the log at the start and once a day. */

t.test('evidence is logged anew when a day has passed, and statements name the latest', async (t) => {
  const clock = new ShiftedClock()
  const house = await House.open(t, { clock, config: { grace_seconds: 0 } })
  const claims = parseClaims(claimsBytesOf(await house.client.quote()))
  const logKey = await parseVkey(claims.log!.vkey)
  const leaves = async () => {
    const { entries } = await readLog(async (path: string) => {
      const response = await fetch(`${house.daemon.urls.enclave}/log/${path}`)
      return response.ok ? new Uint8Array(await response.arrayBuffer()) : null
    }, logKey)
    return entries.map((entry) => parseLeaf(entry))
  }
  const digests = async () =>
    (await leaves()).flatMap((leaf) => (leaf.leaf === 'evidence' ? [leaf.digest] : []))
  const first = await leaves()
  t.same(first.map(({ leaf }) => leaf).toSorted(), ['config', 'evidence', 'key_start'])

  const clientKey = await newSigningKey()
  const access = await enroll(house.client, clientKey)
  const place = { ws: house.daemon.urls.ws, nowMs: () => clock.nowMs() }
  await trade(t, place, access, clientKey, [3])
  clock.offsetMs += 23 * hourMs
  await trade(t, place, access, clientKey, [3])
  t.equal((await digests()).length, 1, 'not before')
  clock.offsetMs += 2 * hourMs
  const two = await until('evidence is logged', async () => {
    const found = await digests()
    return found.length > 1 ? found : null
  })
  t.equal(two.length, 2)
  t.not(two[0], two[1])
  const renewed = await enroll(house.client, clientKey)
  await trade(t, place, renewed, clientKey, [2])
  const record = await house.client.record(renewed)
  const named = record.statements.map(({ statement }) => statement.metadata.evidence_digest)
  t.equal(named[0], two[0])
  t.equal(named.at(-1), two[1], 'statements name the latest')
  t.equal(record.evidence.length, 2, 'and their record holds both')
})
