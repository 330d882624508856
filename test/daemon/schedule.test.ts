import { hourMs, minuteMs, secondMs } from '@perf-agg/sdk'
import t from 'tap'
import { type Plan, Schedule } from '../../src/daemon/schedule/schedule.ts'

const pacing = { pauseMsMin: 30_000, pauseMsMax: 300_000, settlingMs: 5_000 }
const noon = Date.UTC(2026, 0, 1, 12)
const plan: Plan = { place: 'binance', wishedMs: minuteMs, outageMsMax: 24 * hourMs }
const nothing = { news: false, spent: { ip: 21 } }
const something = { news: true, spent: { ip: 41 } }
const limited = (limitOfMinute: number) => ({ ip: { limitOfMinute, usedOfMinute: null } })

/** One poll of one account: when it began. */
function poll(schedule: Schedule, nowMs: number, ended: Parameters<Schedule['done']>[2]): number {
  const atMs = schedule.nextMs(nowMs)
  const [key] = schedule.take(atMs, 1)
  if (key !== undefined) schedule.done(key, atMs, ended)
  return atMs
}

t.test('polls a new account at once', async (t) => {
  const schedule = new Schedule(pacing)
  schedule.add('a', plan, noon)
  t.equal(schedule.nextMs(noon), noon)
  t.same(schedule.take(noon, 4), ['a'])
  t.same(schedule.take(noon, 4), [], 'and not twice at a time')
})

t.test('a quiet account is looked at less and less, down to the bound; news brings it back', async (t) => {
  const schedule = new Schedule(pacing)
  let nowMs = noon + minuteMs
  schedule.add('a', plan, nowMs)
  const pauses: number[] = []
  for (let count = 0; count < 9; count += 1) {
    nowMs = poll(schedule, nowMs, nothing)
    pauses.push(schedule.nextMs(nowMs) - nowMs)
  }
  t.same(
    pauses.toSorted((a, b) => a - b),
    pauses,
    'each pause is as long as the one before or longer',
  )
  t.ok(pauses[0]! >= minuteMs)
  t.equal(pauses.at(-1), 300_000)
  nowMs = poll(schedule, nowMs, something)
  t.equal(schedule.nextMs(nowMs) - nowMs, minuteMs)
})

t.test('never asks more often than the bound, whatever a client wishes', async (t) => {
  const schedule = new Schedule(pacing)
  schedule.add('a', { ...plan, wishedMs: 1_000 }, noon + minuteMs)
  const nowMs = poll(schedule, noon + minuteMs, something)
  t.equal(schedule.nextMs(nowMs) - nowMs, 30_000)
})

t.test('an hour is read as soon as it has settled', async (t) => {
  const schedule = new Schedule(pacing)
  const late = noon + hourMs - minuteMs
  schedule.add('a', { ...plan, wishedMs: 300_000 }, late)
  poll(schedule, late, nothing)
  t.equal(schedule.nextMs(late), noon + hourMs + 5 * secondMs)
  t.same(schedule.take(noon + hourMs + 4_999, 1), [])
  t.same(schedule.take(noon + hourMs + 5_000, 1), ['a'])
})

t.test(
  'in a spent budget hours go before idle looks, and whoever has news before whoever has none',
  async (t) => {
    const schedule = new Schedule(pacing)
    const names = ['busy', 'quiet']
    let nowMs = noon + minuteMs
    for (const name of names) schedule.add(name, plan, nowMs)
    for (; nowMs < noon + hourMs - 5 * minuteMs; nowMs += 10 * secondMs) {
      for (const key of schedule.take(nowMs, 9)) {
        schedule.done(key, nowMs, { ...(key === 'busy' ? something : nothing), budgets: limited(100_000) })
      }
    }
    // two polls fit into a minute, of which one is taken by somebody new
    schedule.add('new', plan, nowMs)
    const order: string[] = []
    for (; nowMs < noon + hourMs + 10 * minuteMs; nowMs += secondMs) {
      for (const key of schedule.take(nowMs, 9)) {
        order.push(key)
        schedule.done(key, nowMs, { ...(key === 'busy' ? something : nothing), budgets: limited(30) })
      }
    }
    t.equal(order[0], 'new')
    t.ok(order.filter((key) => key === 'busy').length > order.filter((key) => key === 'quiet').length)
    t.ok(order.includes('quiet'), 'nobody is forgotten')
  },
)

t.test(
  'an hour that is not yet read goes before an account that waited longer in its own paces',
  async (t) => {
    const schedule = new Schedule(pacing)
    const [before, later, now] = [noon - 5 * secondMs, noon + 15 * minuteMs, noon + 20 * minuteMs]
    schedule.add('unread', { ...plan, wishedMs: 300_000 }, before)
    schedule.take(before, 1)
    schedule.done('unread', before, nothing)
    schedule.add('busy', plan, later)
    t.same(schedule.take(later, 1), ['busy'])
    schedule.done('busy', later, something)
    // five paces of a minute, against four of five minutes and an hour's end twenty minutes ago
    t.same(schedule.take(now, 1), ['unread'])
  },
)

t.test('what an exchange forgets soon is read within half of that time', async (t) => {
  const schedule = new Schedule(pacing)
  let nowMs = noon + minuteMs
  schedule.add('a', { ...plan, outageMsMax: 4 * minuteMs }, nowMs)
  for (let count = 0; count < 6; count += 1) nowMs = poll(schedule, nowMs, nothing)
  t.ok(schedule.nextMs(nowMs) - nowMs <= 2 * minuteMs)
})

t.test('where only the newest fills are told, the pace of the account decides', async (t) => {
  const schedule = new Schedule(pacing)
  // pauses of minutes do not matter beside it: the budget holds two polls a minute
  const names = Array.from({ length: 60 }, (_, index) => `a${index}`)
  let nowMs = noon + minuteMs
  for (const name of ['maker', ...names]) schedule.add(name, { ...plan, rowsMax: 10_000 }, nowMs)
  const polled: number[] = []
  for (; nowMs < noon + 3 * hourMs; nowMs += 5 * secondMs) {
    for (const key of schedule.take(nowMs, 9)) {
      const elapsedMs = nowMs - (polled.at(-1) ?? nowMs)
      if (key === 'maker') polled.push(nowMs)
      // ten fills a second: after 1,000 s the oldest is gone
      const fills = key === 'maker' ? Math.round(elapsedMs / 100) : 1
      schedule.done(key, nowMs, { ...something, fills, budgets: limited(100) })
    }
  }
  const late = polled.slice(2)
  t.ok(late.length > 10)
  const pauses = late.map((atMs, index) => atMs - (polled[index + 1] ?? 0))
  t.ok(Math.max(...pauses) < 1_000 * secondMs, `${Math.max(...pauses) / secondMs} s at most`)
  t.equal(schedule.stats(nowMs)['binance']?.accounts, 61)
})

t.test('after a standstill those go first whose exchange forgets soonest', async (t) => {
  const schedule = new Schedule(pacing)
  schedule.add('a', plan, noon)
  schedule.add('b', { ...plan, outageMsMax: 4 * hourMs }, noon)
  t.same(schedule.take(noon, 1), ['b'])
})

t.test('obeys the exchange before its own plan', async (t) => {
  const schedule = new Schedule(pacing)
  const nowMs = noon + hourMs - minuteMs
  schedule.add('a', plan, nowMs)
  poll(schedule, nowMs, { news: false, retryAfterMs: 600_000 })
  t.equal(schedule.nextMs(nowMs), nowMs + 600_000)
  t.same(schedule.take(nowMs + 599_999, 1), [])
  t.same(schedule.take(nowMs + 600_000, 1), ['a'])
})

t.test('a ban holds every account of its place, and no other', async (t) => {
  const schedule = new Schedule(pacing)
  schedule.add('a', plan, noon)
  schedule.add('b', { ...plan, place: 'kraken' }, noon)
  schedule.hold('a', noon + 120_000)
  t.same(schedule.take(noon + 60_000, 4), ['b'])
  t.equal(schedule.nextMs(noon + 60_000), noon + 120_000)
  t.same(schedule.take(noon + 120_000, 4), ['a'])
})

t.test('no more is begun in a minute than its budget holds, and no place waits for another', async (t) => {
  const schedule = new Schedule(pacing)
  for (let index = 0; index < 9; index += 1) {
    schedule.add(`a${index}`, plan, noon)
    schedule.add(`b${index}`, { ...plan, place: 'kraken' }, noon)
  }
  // the first poll tells what a poll costs
  for (const key of schedule.take(noon, 2)) schedule.done(key, noon, { ...nothing, budgets: limited(100) })
  const taken = schedule.take(noon, 100)
  // 90 of 100 may be planned with; 21 are spent
  t.equal(taken.filter((key) => key.startsWith('a')).length, 3)
  t.equal(taken.filter((key) => key.startsWith('b')).length, 3)
  for (const key of taken) schedule.done(key, noon + secondMs, { ...nothing, budgets: limited(100) })
  t.same(schedule.take(noon + 2 * secondMs, 100), [])
  t.equal(schedule.nextMs(noon + 2 * secondMs), noon + minuteMs)
  t.equal(schedule.take(noon + minuteMs, 100).length, 8)
})

t.test('what other jobs have used of a minute is not there for polls', async (t) => {
  const schedule = new Schedule(pacing)
  for (let index = 0; index < 9; index += 1) schedule.add(`a${index}`, plan, noon)
  for (const key of schedule.take(noon, 1)) schedule.done(key, noon, { ...nothing, budgets: limited(100) })
  schedule.noteBudgets('binance', { ip: { limitOfMinute: 100, usedOfMinute: 85 } }, noon)
  t.same(schedule.take(noon, 100), [])
  t.match(schedule.stats(noon)['binance'], { budgets: { ip: { used: 85, limit: 100 } } })
  t.equal(schedule.take(noon + minuteMs, 100).length, 4)
})

t.test('an address says how many accounts it can hold, and when it is full', async (t) => {
  const schedule = new Schedule(pacing)
  schedule.add('a', plan, noon)
  t.equal(schedule.stats(noon)['binance']?.limit, null)
  t.ok(schedule.admits('binance'))
  t.ok(schedule.admits('elsewhere'))
  const [key = ''] = schedule.take(noon, 1)
  schedule.done(key, noon, { news: false, spent: { ip: 27 }, budgets: limited(30) })
  // 27 of a minute may be planned with: one account a minute, sixty an hour
  t.equal(schedule.stats(noon)['binance']?.limit, 60)
  for (let index = 1; index < 60; index += 1) {
    t.ok(schedule.admits('binance'))
    schedule.add(`a${index}`, plan, noon)
  }
  t.notOk(schedule.admits('binance'))
})

t.test('what is removed is not polled again, even when its poll ends later', async (t) => {
  const schedule = new Schedule(pacing)
  schedule.add('a', plan, noon)
  schedule.take(noon, 1)
  schedule.remove('a')
  schedule.done('a', noon, nothing)
  t.equal(schedule.size, 0)
  t.equal(schedule.nextMs(noon), Number.POSITIVE_INFINITY)
})

t.test(
  'what is past waits for hours, then goes on a step at a time, of one account after the other',
  async (t) => {
    const schedule = new Schedule(pacing)
    let nowMs = noon + 10 * minuteMs
    schedule.add('a', plan, nowMs)
    schedule.addPast('past/a', 'binance', nowMs)
    schedule.addPast('past/b', 'binance', nowMs)
    t.same(schedule.take(nowMs, 1), ['a'], 'a new account first')
    schedule.done('a', nowMs, nothing)
    nowMs += secondMs
    t.same(schedule.take(nowMs, 4), ['past/a'], 'one at a time')
    t.same(schedule.take(nowMs, 4), [])
    schedule.done('past/a', nowMs, { news: false, retryAfterMs: 0 })
    t.same(schedule.take(nowMs, 4), ['past/a'], 'to its end')
    schedule.done('past/a', nowMs, { news: false, retryAfterMs: minuteMs })
    t.same(schedule.take(nowMs, 4), ['past/b'], 'another while it rests')
    schedule.remove('past/b')
    schedule.done('past/b', nowMs, { news: false, retryAfterMs: 0 })
    nowMs = noon + hourMs - 30 * secondMs
    schedule.take(nowMs, 1)
    schedule.done('a', nowMs, nothing)
    t.same(schedule.take(nowMs, 4), [], 'not about the end of an hour')
    nowMs = schedule.nextMs(nowMs)
    t.equal(nowMs, noon + hourMs + 5 * secondMs)
    t.same(schedule.take(nowMs, 1), ['a'])
    t.same(schedule.take(nowMs + secondMs, 4), ['past/a'])
    t.equal(schedule.size, 1, 'it is no account more')
  },
)

t.test('what is past takes no budget that others wait for, and is not starved by their looks', async (t) => {
  const schedule = new Schedule(pacing)
  const rich = { news: true, spent: { ip: 10 }, budgets: limited(100) }
  let nowMs = noon + 6 * secondMs
  for (let index = 0; index < 60; index += 1) schedule.add(`a${index}`, plan, nowMs)
  schedule.addPast('past/x', 'binance', nowMs)
  const spent = { live: 0, past: 0 }
  const lateMs: number[] = []
  for (
    const endMs = noon + 3 * hourMs;
    nowMs < endMs;
    nowMs = Math.max(schedule.nextMs(nowMs), nowMs + 100)
  ) {
    for (let keys = schedule.take(nowMs, 4); keys.length > 0; keys = schedule.take(nowMs, 4)) {
      for (const key of keys) {
        const isPast = key.startsWith('past/')
        spent[isPast ? 'past' : 'live'] += 10
        if (!isPast) lateMs.push(nowMs)
        schedule.done(key, nowMs, isPast ? { ...rich, retryAfterMs: 0 } : rich)
      }
    }
  }
  const all = spent.live + spent.past
  t.ok(spent.past / all > 0.03 && spent.past / all < 0.25, `${spent.past} of ${all}`)
  // nine polls a minute: sixty accounts are through with an hour in seven minutes, and with the past no later than in eight
  const second = lateMs.filter((atMs) => atMs >= noon + hourMs + 5 * secondMs)
  t.ok(second[59]! < noon + hourMs + 8 * minuteMs, `${(second[59]! - noon - hourMs) / minuteMs} min`)
})
