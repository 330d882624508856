import { hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import { Schedule } from '../../src/daemon/schedule.ts'

const pacing = { pauseMsMin: 30_000, pauseMsMax: 300_000, settlingMs: 5_000 }
const noon = Date.UTC(2026, 0, 1, 12)
const nothing = { news: false, retryAfterMs: null }

t.test('polls a new account at once', async (t) => {
  const schedule = new Schedule(pacing)
  schedule.add('a', 60_000, noon)
  t.equal(schedule.nextMs(), noon)
  t.same(schedule.take(noon, 4), ['a'])
  t.same(schedule.take(noon, 4), [], 'and not twice at a time')
})

t.test('a quiet account is looked at less and less, down to the bound; news brings it back', async (t) => {
  const schedule = new Schedule(pacing)
  let now = noon + minuteMs
  schedule.add('a', 60_000, now)
  const pauses: number[] = []
  for (let poll = 0; poll < 5; poll += 1) {
    schedule.take(now, 1)
    schedule.done('a', now, nothing)
    pauses.push(schedule.nextMs() - now)
    now = schedule.nextMs()
  }
  t.same(pauses, [90_000, 135_000, 202_500, 300_000, 300_000])
  schedule.take(now, 1)
  schedule.done('a', now, { news: true, retryAfterMs: null })
  t.equal(schedule.nextMs() - now, 60_000)
})

t.test('never asks more often than the bound, whatever a client wishes', async (t) => {
  const schedule = new Schedule(pacing)
  schedule.add('a', 1_000, noon + minuteMs)
  schedule.take(noon + minuteMs, 1)
  schedule.done('a', noon + minuteMs, { news: true, retryAfterMs: null })
  t.equal(schedule.nextMs() - noon - minuteMs, 30_000)
})

t.test('an hour is read as soon as it has settled, and such polls go first', async (t) => {
  const schedule = new Schedule(pacing)
  const late = noon + hourMs - minuteMs
  schedule.add('early', 300_000, late)
  schedule.add('plain', 300_000, noon + hourMs)
  schedule.take(late, 1)
  schedule.done('early', late, nothing)
  t.equal(schedule.nextMs(), noon + hourMs)
  t.same(schedule.take(noon + hourMs + 5_000, 2), ['early', 'plain'])
  schedule.done('early', noon + hourMs + 5_000, nothing)
  t.equal(schedule.nextMs(), noon + hourMs + 305_000, 'the next hour is an hour away')
})

t.test('obeys the exchange before its own plan', async (t) => {
  const schedule = new Schedule(pacing)
  schedule.add('a', 60_000, noon + hourMs - minuteMs)
  schedule.take(noon + hourMs - minuteMs, 1)
  schedule.done('a', noon + hourMs - minuteMs, { news: false, retryAfterMs: 600_000 })
  t.equal(schedule.nextMs(), noon + hourMs - minuteMs + 600_000)
})

t.test('a ban holds every account', async (t) => {
  const schedule = new Schedule(pacing)
  schedule.add('a', 60_000, noon)
  schedule.hold(noon + 120_000)
  t.equal(schedule.nextMs(), noon + 120_000)
  t.same(schedule.take(noon + 60_000, 4), [])
  t.same(schedule.take(noon + 120_000, 4), ['a'])
})

t.test('what is removed is not polled again, even when its poll ends later', async (t) => {
  const schedule = new Schedule(pacing)
  schedule.add('a', 60_000, noon)
  schedule.take(noon, 1)
  schedule.remove('a')
  schedule.done('a', noon, nothing)
  t.equal(schedule.size, 0)
  t.equal(schedule.nextMs(), Number.POSITIVE_INFINITY)
})
