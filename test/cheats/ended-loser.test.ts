// Cheat: a loser is ended, and registered anew once it is even again. Defeated by one chain for one account, for ever.
import t from 'tap'
import { at, hoursOf, Stage, typesOf } from './stage.ts'

t.test('an ended loser that is registered again', async (t) => {
  const stage = await Stage.open(t, {
    accounts: [{ opening: { BTC: '0.2' } }],
    price: (atMs) => (atMs < at(2) ? 50_000 : atMs < at(12) ? 30_000 : 50_000),
    hours: 20,
  })
  const { access, clientKey, receipt } = await stage.join(0)
  await stage.until(5)
  await stage.client.end(access.sessionId, clientKey)
  await stage.until(14)
  // under another client key, to look like somebody else
  const { access: anew } = await stage.join(0)
  await stage.until(18)
  const judged = await stage.judge(anew)
  t.equal(judged.record.account, receipt.account, 'it is the same account, and the same chain')
  t.ok(
    [...hoursOf(judged).values()].some(({ returnPct }) => returnPct! < -39),
    'with its loss',
  )
  await t.rejects(stage.client.record(access), { code: 'SESSION_UNKNOWN' }, 'which is another client’s now')
})

t.test('and its record tells of both lives', async (t) => {
  const stage = await Stage.open(t, {
    accounts: [{ opening: { BTC: '0.2' } }],
    price: (atMs) => (atMs < at(2) ? 50_000 : atMs < at(12) ? 30_000 : 50_000),
    hours: 20,
  })
  const first = await stage.join(0)
  await stage.until(5)
  await stage.client.end(first.access.sessionId, first.clientKey)
  await stage.until(14)
  const { access } = await stage.join(0, first.clientKey)
  await stage.until(18)
  const judged = await stage.judge(access)
  t.same(judged.wrong, [])
  const types = typesOf(judged)
  t.ok(types.indexOf('closed') > 0 && types.lastIndexOf('registered') > types.indexOf('closed'), types.join())
  t.ok(
    [...hoursOf(judged).values()].some(({ returnPct }) => returnPct! < -39),
    'the loss stands',
  )
  const metrics = await stage.client.metrics(access)
  t.equal(metrics.portfolio['max_drawdown_hourly_pct'], -40, 'and its drawdown')
})
