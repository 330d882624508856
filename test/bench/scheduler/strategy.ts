import type { Ended } from '../../../src/daemon/schedule/place-queue.ts'
import { type Pacing, Schedule } from '../../../src/daemon/schedule/schedule.ts'
import { Allowance, type Costs } from '../../../src/daemon/schedule/allowance.ts'
import type { SimulatedAccount } from './population.ts'

/** Who decides what is polled next. */
export interface Strategy {
  readonly name: string
  nextMs(nowMs: number): number
  take(nowMs: number, count: number): string[]
  done(key: string, nowMs: number, ended: Ended): void
}

export interface Setting {
  readonly accounts: readonly SimulatedAccount[]
  readonly placeOf: (key: string) => string
  readonly startMs: number
  readonly pacing: Pacing
  /** Expected costs of a poll, for those who don't learn them. */
  readonly costs: Costs
}

/** The daemon's own. */
export function adaptive({ accounts, placeOf, startMs, pacing }: Setting): Strategy {
  const schedule = new Schedule(pacing)
  const plan = { wishedMs: 60_000, outageMsMax: 24 * 3_600_000 }
  for (const { key } of accounts) schedule.add(key, { ...plan, place: placeOf(key) }, startMs)
  return {
    name: 'adaptive',
    nextMs: (nowMs) => schedule.nextMs(nowMs),
    take: (nowMs, count) => schedule.take(nowMs, count),
    done: (key, nowMs, ended) => schedule.done(key, nowMs, ended),
  }
}

/** The same, with streams of the busiest accounts of each place: an event is told when it happens. */
export function listening(setting: Setting, perPlace: number): Strategy {
  const { accounts, placeOf, startMs } = setting
  const schedule = new Schedule(setting.pacing)
  const plan = { wishedMs: 60_000, outageMsMax: 24 * 3_600_000 }
  for (const { key } of accounts) schedule.add(key, { ...plan, place: placeOf(key) }, startMs)
  const busiest = [...Map.groupBy(accounts, ({ key }) => placeOf(key)).values()].flatMap((each) =>
    each.toSorted((a, b) => b.newsMs.length - a.newsMs.length).slice(0, perPlace),
  )
  for (const { key } of busiest) schedule.heard(key, startMs)
  const events = busiest.flatMap(({ key, newsMs }) => newsMs.map((atMs) => ({ key, atMs })))
  events.sort((a, b) => a.atMs - b.atMs)
  let next = 0
  const hear = (nowMs: number): void => {
    for (; next < events.length && events[next]!.atMs <= nowMs; next += 1) {
      schedule.hint(events[next]!.key, events[next]!.atMs)
    }
  }
  return {
    name: `adaptive, ${perPlace} streams`,
    nextMs(nowMs) {
      hear(nowMs)
      return Math.min(schedule.nextMs(nowMs), events[next]?.atMs ?? Number.POSITIVE_INFINITY)
    },
    take(nowMs, count) {
      hear(nowMs)
      return schedule.take(nowMs, count)
    },
    done: (key, nowMs, ended) => schedule.done(key, nowMs, ended),
  }
}

/** Everybody in turn, as fast as the budget allows. */
export function roundRobin(setting: Setting): Strategy {
  const { accounts, placeOf } = setting
  const queues = new Map<string, string[]>()
  for (const { key } of accounts) {
    const place = placeOf(key)
    queues.set(place, [...(queues.get(place) ?? []), key])
  }
  return new InOrder('round robin', setting, queues, () => true)
}

/**
 * What no scheduler can do better by much: it is told of every event at once and looks then, and once after each hour's
 * end; only the budget holds it back. Whoever waits longest goes first.
 */
export function clairvoyant(setting: Setting): Strategy {
  const { accounts, placeOf, pacing } = setting
  const events = accounts.flatMap(({ key, newsMs }) => newsMs.map((atMs) => ({ key, atMs })))
  const hours = new Set(events.map(({ atMs }) => Math.floor(atMs / 3_600_000)))
  for (const hour of hours) {
    for (const { key } of accounts) events.push({ key, atMs: hour * 3_600_000 + pacing.settlingMs })
  }
  events.sort((a, b) => a.atMs - b.atMs)
  const queues = new Map<string, string[]>()
  for (const { key } of accounts) if (!queues.has(placeOf(key))) queues.set(placeOf(key), [])
  const waiting = new Set<string>()
  let next = 0
  const feed = (nowMs: number): boolean => {
    for (; next < events.length && events[next]!.atMs <= nowMs; next += 1) {
      const { key } = events[next]!
      if (waiting.has(key)) continue
      waiting.add(key)
      queues.get(placeOf(key))!.push(key)
    }
    return false
  }
  return new InOrder('clairvoyant', setting, queues, feed, waiting, () => events[next]?.atMs)
}

class InOrder implements Strategy {
  readonly name: string
  readonly #setting: Setting
  readonly #queues: Map<string, string[]>
  readonly #heads = new Map<string, number>()
  /** Says whether who was polled goes to the end of the line. */
  readonly #feed: (nowMs: number) => boolean
  readonly #waiting: Set<string> | null
  readonly #nextMs: () => number | undefined
  readonly #allowances = new Map<string, Allowance>()
  readonly #blockedMs = new Map<string, number>()
  readonly #reserved = new Map<string, number>()

  constructor(
    name: string,
    setting: Setting,
    queues: Map<string, string[]>,
    feed: (nowMs: number) => boolean,
    waiting: Set<string> | null = null,
    nextMs: () => number | undefined = () => undefined,
  ) {
    this.name = name
    this.#setting = setting
    this.#queues = queues
    this.#feed = feed
    this.#waiting = waiting
    this.#nextMs = nextMs
    for (const place of queues.keys()) this.#allowances.set(place, new Allowance())
  }

  nextMs(): number {
    let next = this.#nextMs() ?? Number.POSITIVE_INFINITY
    for (const [place, queue] of this.#queues) {
      if ((this.#heads.get(place) ?? 0) < queue.length) next = Math.min(next, this.#blockedMs.get(place) ?? 0)
    }
    return next
  }

  take(nowMs: number, count: number): string[] {
    const again = this.#feed(nowMs)
    const taken: string[] = []
    for (const [place, queue] of this.#queues) {
      while (taken.length < count && nowMs >= (this.#blockedMs.get(place) ?? 0)) {
        const head = this.#heads.get(place) ?? 0
        const key = queue[head]
        if (key === undefined) break
        if (!this.#allowances.get(place)!.reserve(this.#setting.costs, nowMs)) {
          this.#blockedMs.set(place, (Math.floor(nowMs / 60_000) + 1) * 60_000)
          break
        }
        this.#heads.set(place, head + 1)
        if (head > 20_000) {
          queue.splice(0, head + 1)
          this.#heads.set(place, 0)
        }
        this.#waiting?.delete(key)
        this.#reserved.set(key, nowMs)
        if (again) queue.push(key)
        taken.push(key)
      }
    }
    return taken
  }

  done(key: string, nowMs: number, { spent = {}, budgets = {} }: Ended): void {
    const allowance = this.#allowances.get(this.#setting.placeOf(key))!
    allowance.settle(this.#setting.costs, this.#reserved.get(key) ?? nowMs, spent, nowMs)
    allowance.heard(budgets, nowMs)
  }
}
