import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Lanes } from '../../src/daemon/lane.ts'

t.test('one key: one at a time, in order, a failure holds nobody up', async (t) => {
  const lanes = new Lanes()
  const seen: string[] = []
  const first = lanes.run('a', async () => {
    await sleep(10)
    seen.push('first')
    throw new Error('planned')
  })
  const second = lanes.run('a', async () => {
    seen.push('second')
  })
  await t.rejects(first, { message: 'planned' })
  await second
  t.same(seen, ['first', 'second'])
})

t.test('different keys do not wait for each other', async (t) => {
  const lanes = new Lanes()
  const { promise, resolve } = Promise.withResolvers<void>()
  const blocked = lanes.run('a', () => promise)
  t.equal(await lanes.run('b', async () => 'b'), 'b')
  resolve()
  await blocked
})

t.test('idle waits for all, also for what was asked meanwhile', async (t) => {
  const lanes = new Lanes()
  let done = 0
  const work = async (): Promise<void> => {
    await sleep(5)
    done += 1
  }
  void lanes.run('a', async () => {
    await work()
    void lanes.run('b', work)
  })
  void lanes.run('a', work)
  await lanes.idle()
  t.equal(done, 3)
})
