// Cheat: a loss is called a withdrawal. Defeated by the exchange's own list: what is not in it is a loss, and marked.
import t from 'tap'
import { at, hoursOf, Stage } from './stage.ts'

t.test('a loss as a withdrawal', async (t) => {
  const stage = await Stage.open(t, {
    accounts: [
      {
        events: [
          { kind: 'withdrawal', atMs: at(2, 10), asset: 'USDT', amount: '1990', fee: '10' },
          { kind: 'unexplained', atMs: at(4, 10), asset: 'USDT', amount: '-2000' },
        ],
      },
    ],
  })
  const { access } = await stage.join(0)
  await stage.until(8)
  const judged = await stage.judge(access)
  t.same(judged.wrong, [])
  const { returnPct } = judged.figures
  t.ok(
    returnPct! < -24 && returnPct! > -26,
    `${returnPct} %: 2000 of 8000 left without a trace, 2000 were withdrawn`,
  )
  const odd = [...hoursOf(judged).values()].filter(({ unreconciled }) => unreconciled !== undefined)
  t.match(odd, [{ unreconciled: [{ asset: 'USDT', amount: '-2000' }] }])
  t.ok(judged.record.statements.some(({ statement }) => statement.metadata.coverage.unreconciled.length > 0))
})
