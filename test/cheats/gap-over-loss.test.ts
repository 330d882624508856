// Cheat: the exchange is cut off while the account loses. Defeated by gaps that are stated, and carry what they hid.
import t from 'tap'
import { at, hoursOf, Stage, typesOf } from './stage.ts'

t.test('a gap over a loss', async (t) => {
  const stage = await Stage.open(t, {
    accounts: [{ opening: { BTC: '0.2' } }],
    price: (atMs) => (atMs < at(4) ? 50_000 : 30_000),
    hours: 48,
  })
  const { access } = await stage.join(0)
  await stage.until(2)
  stage.simulator.schedule({ kind: 'refuse', fromMs: at(2, 30), toMs: at(40) })
  await stage.until(43)
  const judged = await stage.judge(access)
  t.same(judged.wrong, [])
  t.ok(typesOf(judged).includes('gap'), typesOf(judged).join())
  const missing = judged.figures.gaps.reduce(
    (hours, { fromMs, toMs }) => hours + (toMs - fromMs) / 3_600_000,
    0,
  )
  t.ok(missing >= 10, `${missing} hours are said to be missing`)
  t.ok(
    judged.figures.returnPct! < -39.9 && judged.figures.returnPct! > -40.1,
    `${judged.figures.returnPct} %`,
  )
  const carried = [...hoursOf(judged).values()].filter(({ approximate }) => approximate === true)
  t.ok(
    carried.some(({ returnPct }) => returnPct! < -39),
    'the hour after carries the loss, and says so',
  )
})
