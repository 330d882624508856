// Cheat: money paid in looks like profit. Defeated by flows taken out at their instant; what nothing explains is no gain.
import t from 'tap'
import { at, hoursOf, Stage } from './stage.ts'

t.test('a deposit as profit', async (t) => {
  const stage = await Stage.open(t, {
    accounts: [
      {
        opening: { USDT: '1000' },
        events: [
          { kind: 'deposit', atMs: at(2, 10), asset: 'USDT', amount: '9000' },
          { kind: 'unexplained', atMs: at(4, 10), asset: 'USDT', amount: '5000' },
        ],
      },
    ],
  })
  const { access } = await stage.join(0)
  await stage.until(8)
  const judged = await stage.judge(access)
  t.same(judged.wrong, [])
  t.ok(Math.abs(judged.figures.returnPct!) < 1e-9, `${judged.figures.returnPct} %`)
  const flows = judged.record.statements.reduce(
    (sum, { statement }) => sum + statement.metadata.flows.net_usd,
    0,
  )
  t.ok(flows >= 9_000, `${flows} USD of flows are stated`)
  const odd = [...hoursOf(judged).values()].filter(({ unreconciled }) => unreconciled !== undefined)
  t.match(
    odd,
    [{ returnPct: 0, unreconciled: [{ asset: 'USDT', amount: '5000' }] }],
    'what no list shows is marked',
  )
})
