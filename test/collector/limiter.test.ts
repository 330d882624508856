import t from 'tap'
import { budgetsOf, Limiter } from '../../src/collector/limiter.ts'
import { every, Pacer } from '../../src/collector/pace.ts'

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

t.test("an account's own budget is apart, and it has all of it", async (t) => {
  const all = { ...budgets, own: { limitOfMinute: 100, header: 'x-own', of: 'account' } } as const
  const [address, account] = [
    new Limiter(budgetsOf(all, 'address')),
    new Limiter(budgetsOf(all, 'account')),
  ] as const
  t.same(
    [address, account].map((limiter) => [limiter.knows('ip'), limiter.knows('own')]),
    [
      [true, false],
      [false, true],
    ],
  )
  t.equal(account.take('own', 50, 'searching', 0), 0)
  t.equal(account.take('own', 50, 'searching', 0), 0)
  t.equal(account.take('own', 1, 'needed', 0), 60_000)
  // what a job before used
  const next = new Limiter(budgetsOf(all, 'account'))
  next.take('own', 1, 'needed', 0)
  next.heard('own', { 'x-own': '99' }, 0)
  t.equal(next.take('own', 2, 'needed', 0), 60_000)
})

t.test('a list is asked no faster than its pace', async (t) => {
  const pacer = new Pacer()
  const pace = every(2, 1_000)
  t.equal(pacer.take('bills', pace, 0), 0)
  t.equal(pacer.take('bills', pace, 300), 0)
  t.equal(pacer.take('bills', pace, 400), 600)
  t.equal(pacer.take('fills', pace, 400), 0, 'each list by itself')
  t.equal(pacer.take('bills', pace, 1_000), 0)
  t.equal(pacer.take('bills', pace, 1_001), 299)
})
