import { Activity } from './activity.ts'
import { Backlog } from './backlog.ts'
import type { BudgetState } from './allowance.ts'
import { MemorySpan } from './memory-span.ts'
import { deaf, type Hearing } from './hearing.ts'
import type { Entry } from './entry.ts'
import { type Ended, type Pacing, PlaceQueue, type PlaceState } from './place-queue.ts'

export type { Pacing } from './place-queue.ts'

export interface Plan {
  /** Exchange, host set and egress address: what shares budgets and bans. */
  readonly place: string
  /** The pause the client asked for while the account is active. */
  readonly wishedMs: number
  /** What the exchange forgets after that is lost: polled within half of it whatever else waits. */
  readonly outageMsMax: number
  /** Of the newest fills so many are told; absent where time alone forgets. */
  readonly rowsMax?: number
}

/**
 * Which account is polled when. Every account is looked at after each hour's end and before its exchange forgets: that is
 * promised. What is left of a place's budgets goes where news is likeliest. Places don't wait for each other.
 */
export class Schedule {
  readonly #pacing: Pacing
  readonly #entries = new Map<string, Entry>()
  readonly #queues = new Map<string, PlaceQueue>()
  readonly #backlog = new Backlog()

  constructor(pacing: Pacing) {
    this.#pacing = pacing
  }

  get size(): number {
    return this.#entries.size
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  add(
    key: string,
    { place, wishedMs, outageMsMax, rowsMax = Number.POSITIVE_INFINITY }: Plan,
    nowMs: number,
  ): void {
    this.remove(key)
    const { pauseMsMin, pauseMsMax } = this.#pacing
    const paceMs = Math.min(Math.max(wishedMs, pauseMsMin), pauseMsMax)
    const entry: Entry = {
      key,
      queue: this.#queueOf(place),
      wishedMs: paceMs,
      outageMsMax,
      keptMs: outageMsMax,
      memory: new MemorySpan(rowsMax),
      activity: new Activity(),
      costs: null,
      polledAtMs: nowMs,
      fresh: true,
      restsUntilMs: nowMs,
      paceMs,
      hearing: deaf,
      reserved: null,
      removed: false,
    }
    this.#entries.set(key, entry)
    entry.queue.enter(entry)
  }

  /** Work that can wait: it gets what others leave, a step at a time. */
  addPast(key: string, place: string, nowMs: number): void {
    this.#backlog.add(key, this.#queueOf(place), nowMs)
  }

  remove(key: string): void {
    this.#backlog.remove(key)
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    entry.removed = true
    entry.queue.leave(entry)
    this.#entries.delete(key)
  }

  /** A stream told of something: it is due as soon as that has settled, whatever else was planned. */
  hint(key: string, nowMs: number): void {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.hearing.sinceMs === null) return
    // the first one since the last poll counts; while one runs, what it may have missed
    const isFirst = entry.hearing.hintedAtMs === null
    if (isFirst || entry.reserved !== null) this.#hear(entry, { ...entry.hearing, hintedAtMs: nowMs })
  }

  /**
   * Its stream is up since then; null: nobody listens any more.
   * @param whole it tells of all that is polled: its silence says something
   */
  heard(key: string, sinceMs: number | null, whole = true): void {
    const entry = this.#entries.get(key)
    if (entry !== undefined) this.#hear(entry, { ...entry.hearing, sinceMs, whole, silent: false })
  }

  #hear(entry: Entry, hearing: Hearing): void {
    this.#entries.set(entry.key, entry.queue.hear(entry, hearing))
  }

  /** The mean time between events of an account, as far as its polls tell; null before the first. */
  meanMs(key: string): number | null {
    const entry = this.#entries.get(key)
    return entry === undefined || entry.fresh ? null : entry.activity.meanMs
  }

  /** When an account was polled last; null before its first poll. */
  polledAtMs(key: string): number | null {
    const entry = this.#entries.get(key)
    return entry === undefined || entry.fresh ? null : entry.polledAtMs
  }

  /** No poll at the place of this account begins before then: the exchange refused its whole address. */
  hold(key: string, untilMs: number): void {
    this.#entries.get(key)?.queue.hold(untilMs)
  }

  /** The next instant at which something may begin; Infinity when nothing ever is due. */
  nextMs(nowMs: number): number {
    let next = this.#backlog.nextMs(nowMs)
    for (const queue of this.#queues.values()) next = Math.min(next, queue.nextMs(nowMs))
    return next
  }

  /** Takes up to `count` due accounts, from each place in turn. Each is `done` later. */
  take(nowMs: number, count: number): string[] {
    // it goes only where no promise is due, and then for a small share
    const past = count > 0 ? this.#backlog.take(nowMs) : null
    const taken: string[] = past === null ? [] : [past]
    let open = [...this.#queues.values()]
    while (open.length > 0 && taken.length < count) {
      open = open.filter((queue) => {
        if (taken.length >= count) return false
        const entry = queue.take(nowMs)
        if (entry !== null) taken.push(entry.key)
        return entry !== null
      })
    }
    return taken
  }

  /** A poll ended: when the next one is due follows from what it brought. */
  done(key: string, nowMs: number, ended: Ended): void {
    this.#backlog.done(key, nowMs, ended)
    const entry = this.#entries.get(key)
    if (entry !== undefined && entry.reserved !== null) entry.queue.settle(entry, ended, nowMs)
  }

  /** What an exchange says is used of a place's budgets, by any job: prices and registrations spend of them too. */
  noteBudgets(place: string, budgets: Readonly<Record<string, BudgetState>>, nowMs: number): void {
    this.#queueOf(place).noteBudgets(budgets, nowMs)
  }

  /** By place: how many accounts, how late they are looked at, and how many its budgets can hold. */
  stats(nowMs: number): Readonly<Record<string, PlaceState>> {
    return Object.fromEntries([...this.#queues].map(([place, queue]) => [place, queue.state(nowMs)]))
  }

  /** False where the budgets of that place can't keep their promises to one account more. */
  admits(place: string): boolean {
    return this.#queues.get(place)?.isFull !== true
  }

  #queueOf(place: string): PlaceQueue {
    let queue = this.#queues.get(place)
    if (queue === undefined) {
      queue = new PlaceQueue(this.#pacing)
      this.#queues.set(place, queue)
    }
    return queue
  }
}
