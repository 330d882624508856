// Cheat: a coin that has lost its market is held at its last good price. Defeated by the age of every price, stated.
import t from 'tap'
import { at, hoursOf, Stage } from './stage.ts'

t.test('a stale price', async (t) => {
  const stage = await Stage.open(t, {
    accounts: [{ opening: { USDT: '1000', PROM: '500' } }],
    delistings: [{ symbol: 'PROM/USDT', atMs: at(2) }],
  })
  const { access } = await stage.join(0)
  await stage.until(8)
  const judged = await stage.judge(access)
  t.same(judged.wrong, [])
  const hours = [...hoursOf(judged).values()]
  const marked = hours.filter(({ stale, unpriced }) => stale !== undefined || unpriced !== undefined)
  t.ok(marked.length >= 4, `${marked.length} of ${hours.length} hours say so`)
  const stale = marked.findLast((hour) => hour.stale !== undefined)
  t.match(stale?.stale, [{ asset: 'PROM' }])
  t.ok((stale?.stale?.[0]?.age_s ?? 0) > 3_600, `${stale?.stale?.[0]?.age_s} s old`)
})
