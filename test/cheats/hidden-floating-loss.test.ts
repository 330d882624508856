// Cheat: a loss is held open and never sold, so that it shows nowhere. Defeated by returns on equity at market prices.
import t from 'tap'
import { at, fill, hoursOf, Stage } from './stage.ts'

t.test('a hidden floating loss', async (t) => {
  const stage = await Stage.open(t, {
    accounts: [{ events: [fill(at(1), 'buy', '0.1')] }],
    price: (atMs) => (atMs < at(3) ? 50_000 : 30_000),
  })
  const { access } = await stage.join(0)
  await stage.until(6)
  const judged = await stage.judge(access)
  t.same(judged.wrong, [])
  t.ok(
    judged.figures.returnPct! < -19.9 && judged.figures.returnPct! > -20.2,
    `${judged.figures.returnPct} %`,
  )
  const metrics = await stage.client.metrics(access)
  const drawdown = Number(metrics.portfolio['max_drawdown_hourly_pct'])
  t.ok(drawdown < -19, `a drawdown of ${drawdown} %`)
  t.ok([...hoursOf(judged).values()].some(({ returnPct }) => returnPct! < -19))
})
