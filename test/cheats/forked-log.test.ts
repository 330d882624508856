// Cheat: two daemons go on from one state, each to show another story. Defeated by the witness, which signs one of them.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { judgeAgainstLog, newSigningKey } from '@perf-agg/sdk'
import t from 'tap'
import { House } from '../e2e/house.ts'
import { enroll, trade } from '../e2e/recorded.ts'
import { SmallWitness } from '../log/small-witness.ts'
import { entriesOf } from './log-entries.ts'

t.test('a forked log', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'perf-agg-forked-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const [one, two] = [join(root, 'one'), join(root, 'two')]
  const witness = await SmallWitness.start(t, () => [])
  witness.trusting = true
  witness.live = true
  const watched = { grace_seconds: 0, witnesses: [witness.entry] }
  const key = await newSigningKey()
  cpSync(import.meta.dirname, one, { recursive: true, filter: (path) => path === import.meta.dirname })
  const before = await House.open(t, { folder: one, config: watched })
  const access = await enroll(before.client, key)
  await before.daemon.stop()
  cpSync(one, two, { recursive: true })
  const first = await House.open(t, { folder: one, config: watched })
  await t.rejects(
    House.open(t, { folder: two, config: watched }),
    { code: /LOG_FORKED|LOG_ROLLED_BACK/ },
    'the second is refused a start where the first is witnessed',
  )
  const second = await House.open(t, { folder: two, config: { grace_seconds: 0 } })
  const records = []
  for (const [house, hoursAgo] of [
    [first, 5],
    [second, 4],
  ] as const) {
    await trade(t, { ws: house.daemon.urls.ws, nowMs: Date.now }, access, key, [hoursAgo])
    records.push(await house.client.record(access))
  }
  const [mine, theirs] = records
  const [crossed] = await judgeAgainstLog(mine!, await entriesOf(second.daemon.urls.enclave, theirs!))
  t.match(crossed, { code: /LOG_FORKED|LOG_ROLLED_BACK/ }, 'the record of one is not of the log of the other')
  const [own] = await judgeAgainstLog(mine!, await entriesOf(first.daemon.urls.enclave, mine!))
  t.match(own, { code: 'OK' })
})
