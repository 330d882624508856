// Cheat: great hours of before the registration are pushed in afterwards. Defeated by `backfilled`, which is in no figure.
import { newSigningKey } from '@perf-agg/sdk'
import t from 'tap'
import { House } from '../e2e/house.ts'
import { enroll, trade } from '../e2e/recorded.ts'
import { SmallWitness } from '../log/small-witness.ts'
import { judgeRecord } from './stage.ts'

t.test('backfill', async (t) => {
  const witness = await SmallWitness.start(t, () => [])
  witness.trusting = true
  witness.live = true
  const house = await House.open(t, { config: { grace_seconds: 0, witnesses: [witness.entry] } })
  const key = await newSigningKey()
  const access = await enroll(house.client, key)
  await trade(t, { ws: house.daemon.urls.ws, nowMs: Date.now }, access, key, [50, 40, 30])
  const judged = await judgeRecord(await house.client.record(access), witness, Date.now())
  t.same(judged.wrong, [])
  t.equal(judged.figures.backfilled, 3)
  t.equal(judged.figures.hours, 0)
  t.equal(judged.figures.returnPct, null, 'no figure has it')
  t.match(
    judged.steps.find(({ name }) => name === 'figures'),
    { detail: /3 of before the registration, apart/ },
  )
  const metrics = await house.client.metrics(access)
  t.equal(metrics.portfolio['twr_pct'], null)
  t.equal(metrics.coverage.backfilled, 3)
  t.equal(metrics.environment, 'self-reported')
})
