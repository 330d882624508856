import t from 'tap'
import { Limiter } from '../../src/collector/limiter.ts'

const budgets = { ip: { limitOfMinute: 100, header: 'x-used' } }

t.test('stops before the limit, and goes on with the next minute', async (t) => {
  const limiter = new Limiter(budgets)
  for (let count = 0; count < 9; count += 1) t.equal(limiter.take('ip', 10, 'needed', 5_000), 0)
  t.equal(limiter.take('ip', 10, 'needed', 5_000), 55_000)
  t.equal(limiter.take('ip', 10, 'needed', 60_000), 0)
})

t.test('a search leaves room for what is needed', async (t) => {
  const limiter = new Limiter(budgets)
  for (let count = 0; count < 6; count += 1) t.equal(limiter.take('ip', 10, 'searching', 0), 0)
  t.equal(limiter.take('ip', 10, 'searching', 0), 60_000)
  t.equal(limiter.take('ip', 10, 'needed', 0), 0)
})

t.test('the exchange knows better what is used', async (t) => {
  const limiter = new Limiter(budgets)
  limiter.take('ip', 10, 'needed', 0)
  limiter.heard('ip', { 'x-used': '85' }, 0)
  t.equal(limiter.usedOfMinute('ip', 0), 85)
  t.equal(limiter.take('ip', 10, 'needed', 0), 60_000)
  limiter.heard('ip', { 'x-used': '5' }, 0)
  t.equal(limiter.usedOfMinute('ip', 0), 85, 'never less than we know')
  limiter.spend('ip', 12, 0)
  t.equal(limiter.usedOfMinute('ip', 0), 97, 'what was told costs too')
  for (const bad of ['-5', '1e9', 'NaN', '']) limiter.heard('ip', { 'x-used': bad }, 60_000)
  t.equal(limiter.usedOfMinute('ip', 60_000), 0)
})

t.test('a call that is dearer than the budget goes when it is alone', async (t) => {
  t.equal(new Limiter(budgets).take('ip', 1_000, 'needed', 0), 0)
})
