import { hourMs, minuteMs, secondMs } from '@perf-agg/sdk'
import t from 'tap'
import { type Plan, Schedule } from '../../src/daemon/schedule/schedule.ts'
import { compareStreams } from '../bench/scheduler.ts'

const pacing = { pauseMsMin: 30_000, pauseMsMax: 300_000, settlingMs: 5_000 }
const noon = Date.UTC(2026, 0, 1, 12)
const plan: Plan = { place: 'binance', wishedMs: minuteMs, outageMsMax: 24 * hourMs }
const nothing = { news: false, spent: { ip: 21 } }
const something = { news: true, spent: { ip: 41 } }

/** One poll of the account that is due first; gives the instant at which it began. */
function poll(schedule: Schedule, nowMs: number, ended: Parameters<Schedule['done']>[2]): number {
  const atMs = schedule.nextMs(nowMs)
  const [key] = schedule.take(atMs, 1)
  if (key !== undefined) schedule.done(key, atMs, ended)
  return atMs
}

/** Polled once at five past noon, with a stream that was up before. */
function listening(): { readonly schedule: Schedule; readonly polledAtMs: number } {
  const schedule = new Schedule(pacing)
  schedule.add('a', plan, noon + 5 * minuteMs)
  schedule.heard('a', noon + 5 * minuteMs)
  return { schedule, polledAtMs: poll(schedule, noon + 5 * minuteMs, nothing) }
}

t.test('while a stream is silent its account is looked at seldom, and after the hour’s end', async (t) => {
  const { schedule, polledAtMs } = listening()
  t.equal(schedule.nextMs(polledAtMs) - polledAtMs, 4 * pacing.pauseMsMax)
  const second = poll(schedule, polledAtMs, something)
  t.equal(schedule.nextMs(second) - second, 4 * pacing.pauseMsMax, 'after news too: it would tell of more')
  const third = poll(schedule, second, nothing)
  t.equal(schedule.nextMs(third), noon + hourMs + 5 * secondMs, 'the hour’s end is promised all the same')
})

t.test('what a stream tells of is looked at as soon as it has settled', async (t) => {
  const { schedule, polledAtMs } = listening()
  const toldAtMs = polledAtMs + 7 * minuteMs
  schedule.hint('a', toldAtMs)
  t.equal(schedule.nextMs(toldAtMs), toldAtMs + 2 * secondMs)
  t.same(schedule.take(toldAtMs, 1), [])
  const again = poll(schedule, toldAtMs, something)
  schedule.hint('a', again + secondMs)
  schedule.hint('a', again + 30 * secondMs)
  t.equal(schedule.nextMs(again), again + minuteMs, 'and no more often than its client wished')
  t.equal(poll(schedule, again, something), again + minuteMs)
  t.equal(schedule.nextMs(again) - (again + minuteMs), 4 * pacing.pauseMsMax, 'one look for both')
})

t.test('what is told during a poll is looked at after it', async (t) => {
  const { schedule, polledAtMs } = listening()
  schedule.hint('a', polledAtMs + minuteMs)
  const atMs = schedule.nextMs(polledAtMs + minuteMs)
  t.same(schedule.take(atMs, 1), ['a'])
  schedule.hint('a', atMs + 4 * secondMs)
  schedule.done('a', atMs + 10 * secondMs, something)
  t.equal(schedule.nextMs(atMs), atMs + 10 * secondMs + minuteMs)
})

t.test('a look that does not find what was told of is followed by others', async (t) => {
  const { schedule, polledAtMs } = listening()
  schedule.hint('a', polledAtMs + minuteMs)
  const atMs = poll(schedule, polledAtMs + minuteMs, nothing)
  t.ok(schedule.nextMs(atMs) - atMs <= pacing.pauseMsMax)
  const open = poll(schedule, atMs, { ...nothing, open: true })
  t.ok(schedule.nextMs(open) - open <= pacing.pauseMsMax, 'nor is one that leaves something open the last')
  const failed = poll(schedule, open, { news: false })
  t.ok(schedule.nextMs(failed) - failed <= pacing.pauseMsMax, 'nor one that failed')
  const last = poll(schedule, failed, nothing)
  t.equal(schedule.nextMs(last) - last, 4 * pacing.pauseMsMax)
})

t.test(
  'a stream that came up since the last poll is not relied on yet, one that went down no more',
  async (t) => {
    const schedule = new Schedule(pacing)
    schedule.add('a', plan, noon + minuteMs)
    const first = poll(schedule, noon + minuteMs, nothing)
    const usualMs = schedule.nextMs(first)
    schedule.heard('a', first + secondMs)
    t.equal(schedule.nextMs(first), usualMs, 'what came between is still to be found')
    const second = poll(schedule, first, nothing)
    t.equal(schedule.nextMs(second) - second, 4 * pacing.pauseMsMax)
    schedule.heard('a', null)
    t.ok(schedule.nextMs(second) - second <= pacing.pauseMsMax)
    schedule.hint('a', second + secondMs)
    t.ok(schedule.nextMs(second) - second > minuteMs, 'who is not listened to is not told of')
  },
)

t.test('hints wait for the exchange’s pauses and budgets as everything does', async (t) => {
  const { schedule, polledAtMs } = listening()
  schedule.hint('a', polledAtMs + minuteMs)
  schedule.hold('a', polledAtMs + 5 * minuteMs)
  t.equal(schedule.nextMs(polledAtMs + minuteMs), polledAtMs + 5 * minuteMs)
  const atMs = polledAtMs + 5 * minuteMs
  t.same(schedule.take(atMs, 1), ['a'])
  schedule.done('a', atMs, { news: false, retryAfterMs: 10 * minuteMs })
  schedule.hint('a', atMs + minuteMs)
  t.equal(schedule.nextMs(atMs + minuteMs), atMs + 10 * minuteMs)
})

t.test('who is told of goes before who is only due, and each before long', async (t) => {
  const schedule = new Schedule(pacing)
  const keys = ['a', 'b', 'c', 'd']
  const startMs = noon + 5 * minuteMs
  const budgets = { ip: { limitOfMinute: 60, usedOfMinute: null } }
  for (const key of keys) schedule.add(key, plan, startMs)
  const tell = (nowMs: number) => {
    for (const key of ['c', 'd']) schedule.hint(key, nowMs)
  }
  for (const key of ['c', 'd']) schedule.heard(key, startMs)
  const polls = new Map(keys.map((key) => [key, 0]))
  for (let nowMs = startMs; nowMs < startMs + 30 * minuteMs; nowMs += secondMs) {
    tell(nowMs)
    for (const key of schedule.take(nowMs, 4)) {
      polls.set(key, (polls.get(key) ?? 0) + 1)
      schedule.done(key, nowMs, { ...(key > 'b' ? something : nothing), budgets })
    }
  }
  t.ok(polls.get('c')! > 2 * polls.get('a')!, JSON.stringify([...polls]))
  t.ok(Math.abs(polls.get('c')! - polls.get('d')!) <= 2, 'fairly')
  t.ok(polls.get('a')! >= 2, 'nobody is forgotten')
})

t.test('a removed account is not told of any more', async (t) => {
  const { schedule, polledAtMs } = listening()
  schedule.hint('a', polledAtMs + minuteMs)
  schedule.remove('a')
  schedule.hint('a', polledAtMs + minuteMs)
  schedule.heard('a', null)
  t.equal(schedule.nextMs(polledAtMs + minuteMs), Number.POSITIVE_INFINITY)
  t.same(schedule.take(polledAtMs + 2 * hourMs, 1), [])
  t.equal(schedule.size, 0)
})

t.test('with streams news is read sooner, for less weight, and every hour on time', async (t) => {
  const [without, listened] = compareStreams(200, 1, 64, 7)
  t.comment(`p50 ${listened.freshnessS.p50.toFixed(1)} s instead of ${without.freshnessS.p50.toFixed(1)} s`)
  t.comment(
    `weight ${(100 * listened.usedShare).toFixed(1)} % instead of ${(100 * without.usedShare).toFixed(1)} %`,
  )
  t.ok(listened.freshnessS.p50 * 5 < without.freshnessS.p50)
  t.ok(listened.meanS * 2 < without.meanS)
  t.ok(listened.usedShare < without.usedShare)
  t.equal(listened.within2H, 1)
  t.equal(listened.within15Min, 1)
})

t.test('a stream that keeps silent about what polls find is not relied on', async (t) => {
  const { schedule, polledAtMs } = listening()
  let atMs = polledAtMs
  for (let count = 0; count < 3; count += 1) {
    t.equal(schedule.nextMs(atMs) - atMs > pacing.pauseMsMax, count < 3)
    atMs = poll(schedule, atMs, something)
  }
  t.ok(schedule.nextMs(atMs) - atMs <= pacing.pauseMsMax, 'three finds of which it had not told')
  schedule.hint('a', atMs + secondMs)
  atMs = poll(schedule, atMs + secondMs, something)
  t.ok(schedule.nextMs(atMs) - atMs > pacing.pauseMsMax, 'it tells again')
})

t.test('a stream that tells of a part is a hint and no reason to look less', async (t) => {
  const schedule = new Schedule(pacing)
  schedule.add('a', plan, noon + 5 * minuteMs)
  schedule.heard('a', noon + 5 * minuteMs, false)
  const atMs = poll(schedule, noon + 5 * minuteMs, nothing)
  t.ok(schedule.nextMs(atMs) - atMs <= pacing.pauseMsMax)
  schedule.hint('a', atMs + secondMs)
  t.equal(schedule.nextMs(atMs + secondMs), atMs + minuteMs)
})
