import { hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import { Admission } from '../../src/daemon/schedule/admission.ts'
import { Schedule } from '../../src/daemon/schedule/schedule.ts'

const noon = Date.UTC(2026, 0, 1, 12)
const addresses = ['192.0.2.1', '192.0.2.2']

t.test('beyond what the budgets of its address can hold an account is refused', async (t) => {
  const schedule = new Schedule({ pauseMsMin: 30_000, pauseMsMax: 300_000, settlingMs: 5_000 })
  const admission = new Admission(schedule, addresses)
  const watch = (key: string, exchange: string): void => {
    const place = admission.placeFor(key, exchange, false)
    schedule.add(key, { place, wishedMs: minuteMs, outageMsMax: 24 * hourMs }, noon)
  }
  // a poll takes half of a minute: about 108 an hour
  const budgets = { ip: { limitOfMinute: 100, usedOfMinute: null } }
  let count = 0
  let nowMs = noon
  let refused: unknown = null
  while (refused === null && count < 400) {
    const key = `account-${count}`
    try {
      admission.check(key, 'binance', false)
    } catch (error) {
      refused = error
      break
    }
    watch(key, 'binance')
    count += 1
    for (const due of schedule.take((nowMs += minuteMs), 9)) {
      schedule.done(due, nowMs, { news: false, spent: { ip: 50 }, budgets })
    }
  }
  t.match(refused, { code: 'EGRESS_BUDGET_SPENT', action: 'retry' })
  t.ok(count > 108 && count <= 2 * 108, `${count} at two addresses`)
  admission.check('account-0', 'binance', false)
  admission.check('account-0', 'kraken', false)
  admission.check(`account-${count}`, 'kraken', false)
  t.same(
    Object.values(schedule.stats(nowMs)).map(({ limit }) => limit),
    [108, 108],
  )
})
