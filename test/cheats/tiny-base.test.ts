// Cheat: all but some dollars are withdrawn, and those are doubled. Defeated by the floor, and shown by the equity band.
import t from 'tap'
import { at, fill, hoursOf, Stage } from './stage.ts'

t.test('a tiny base', async (t) => {
  const stage = await Stage.open(t, {
    accounts: [
      {
        events: [
          { kind: 'withdrawal', atMs: at(1, 10), asset: 'USDT', amount: '9940', fee: '10' },
          fill(at(2, 10), 'buy', '0.0009'),
        ],
      },
    ],
    price: (atMs) => (atMs < at(4) ? 50_000 : 100_000),
  })
  const { access } = await stage.join(0)
  await stage.until(8)
  const judged = await stage.judge(access)
  t.same(judged.wrong, [])
  t.ok(judged.figures.returnPct! <= 0, `${judged.figures.returnPct} %: nothing is doubled`)
  t.ok(
    [...hoursOf(judged).values()].some(({ below_floor }) => below_floor === true),
    'and it is marked',
  )
  t.equal(judged.record.statements.at(-1)!.statement.metadata.equity_band, '0-1k')
})
