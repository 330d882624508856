// Cheat: of several accounts only the winner is shown. Defeated by `client_accounts`, which never shrinks.
import { newSigningKey } from '@perf-agg/sdk'
import t from 'tap'
import { at, fill, Stage } from './stage.ts'

t.test('a cherry-picked account', async (t) => {
  const stage = await Stage.open(t, {
    accounts: [
      { events: [fill(at(1), 'buy', '0.1')] },
      { opening: { BTC: '0.1' }, events: [fill(at(1), 'sell', '0.1')] },
    ],
    price: (atMs) => (atMs < at(2) ? 50_000 : 60_000),
  })
  const clientKey = await newSigningKey()
  const winner = await stage.join(0, clientKey)
  await stage.until(2)
  const other = await stage.join(1, clientKey)
  await stage.client.end(other.access.sessionId, clientKey)
  await stage.until(5)
  const judged = await stage.judge(winner.access)
  t.same(judged.wrong, [])
  t.ok(judged.figures.returnPct! > 5, 'it wins')
  t.match(
    judged.steps.find(({ name }) => name === 'accounts'),
    { detail: 'one of 2 accounts of its client key' },
    'and whoever is shown it is told that there is another, ended or not',
  )
  const { metadata } = judged.record.statements.at(-1)!.statement
  t.equal(metadata.client_accounts, 2)
})
