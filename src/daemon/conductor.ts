import { hourMs, minuteMs, PerfAggError } from '@perf-agg/sdk'
import type { Delivery } from '../delivery/delivery.ts'
import type { Enclave } from '../enclave/enclave.ts'
import type { Log } from '../http/log.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from './clock.ts'
import type { Streams } from './collecting/streams.ts'
import type { Composites, Stated } from './composites.ts'
import type { Feeds } from './feeds.ts'
import type { Indices } from './indices.ts'
import type { Pasts } from './pasts.ts'
import type { PendingSessions } from './pending.ts'
import type { Poller, PollOutcome } from './poller.ts'
import type { Report } from './report.ts'
import type { Ended } from './schedule/place-queue.ts'
import type { Schedule } from './schedule/schedule.ts'

interface Parts {
  readonly clock: Clock
  readonly store: Store
  readonly enclave: Enclave
  readonly schedule: Schedule
  readonly streams: Pick<Streams, 'tick' | 'nextMs'>
  readonly poller: Poller
  readonly pending: PendingSessions
  readonly pasts: Pasts
  readonly feeds: Feeds
  readonly composites: Composites
  readonly indices: Indices
  /** Runs by itself on the system's clock; null: there is no backend. */
  readonly delivery: Delivery | null
  readonly report: Report
  readonly cleanup: () => Promise<unknown>
  readonly log: Log
  /** Polls under way at the same time: the memory they need is bounded by this. */
  readonly pollsMax: number
}

/** After a failure of our own (a full disk, say) an account is looked at again so much later. */
const troublePauseMs = 30_000
/** The live loop looks at the clock at least so often: it may have been set. */
const napMsMax = 1_000
const napMsMin = 20

/**
 * What time brings: polls, hours that close, deliveries, keys that are replaced, sessions that end. It runs by itself
 * on the system's clock (`start`), or a step at a time on one that is moved from outside (`nextMs`, `runDue`).
 */
export class Conductor {
  readonly #parts: Parts
  readonly #underWay = new Set<Promise<void>>()
  #housekeptAtMs = Number.NEGATIVE_INFINITY
  #stopped = false
  #wake: () => void = () => {}
  #running: Promise<void> | null = null
  #feedsUnderWay: Promise<void> | null = null
  #openingStreams = false
  #housekeeping: Promise<void> | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The next instant at which something is due. */
  async nextMs(): Promise<number> {
    const { clock, store, schedule, streams, feeds, delivery } = this.#parts
    const deliveryMs = clock.frozen && delivery !== null ? await store.outboxNextMs() : null
    return Math.min(
      schedule.nextMs(clock.nowMs()),
      streams.nextMs(),
      await feeds.nextMs(),
      deliveryMs ?? Number.POSITIVE_INFINITY,
      this.#housekeptAtMs + (clock.frozen ? hourMs : minuteMs),
    )
  }

  /** Does all that is due at this instant, to its end. */
  async runDue(): Promise<void> {
    const nowMs = this.#parts.clock.nowMs()
    await this.#housekeep(nowMs)
    await this.#parts.feeds.closeDue(nowMs)
    while (this.#beginPolls(nowMs)) await Promise.all(this.#underWay)
    await this.#parts.streams.tick()
    await this.#parts.delivery?.runDue(nowMs)
  }

  start(): void {
    this.#running = this.#loop()
  }

  /** Something may have become due sooner. */
  wake(): void {
    this.#wake()
  }

  /** Begins nothing more and resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake()
    await this.#running
    await Promise.all([...this.#underWay, this.#feedsUnderWay, this.#housekeeping])
  }

  async #loop(): Promise<void> {
    const { clock, feeds, streams } = this.#parts
    while (!this.#stopped) {
      const nowMs = clock.nowMs()
      try {
        // closing a session waits for its poll, and a slow poll must not hold up anybody else
        this.#housekeeping ??= this.#housekeep(nowMs).finally(() => {
          this.#housekeeping = null
        })
        this.#beginPolls(nowMs)
        this.#feedsUnderWay ??= feeds.closeDue(nowMs).finally(() => {
          this.#feedsUnderWay = null
        })
        // nobody waits for a stream, at the end neither
        if (!this.#openingStreams) {
          this.#openingStreams = true
          void streams.tick().finally(() => (this.#openingStreams = false))
        }
        const next = await this.nextMs()
        await this.#nap(Math.min(Math.max(next - clock.nowMs(), napMsMin), napMsMax))
      } catch (error) {
        this.#trouble('conductor-failed', error)
        await this.#nap(napMsMax)
      }
    }
  }

  #nap(forMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, forMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
      if (this.#stopped) this.#wake()
    })
  }

  #beginPolls(nowMs: number): boolean {
    const { schedule, pollsMax } = this.#parts
    const keys = schedule.take(nowMs, pollsMax - this.#underWay.size)
    for (const key of keys) {
      const work = this.#poll(key)
      this.#underWay.add(work)
      void work.finally(() => this.#underWay.delete(work))
    }
    return keys.length > 0
  }

  async #poll(key: string): Promise<void> {
    const { clock, schedule } = this.#parts
    let outcome: PollOutcome
    try {
      outcome = await this.#outcomeOf(key)
    } catch (error) {
      this.#trouble('poll-not-taken', error)
      outcome = { news: false, retryAfterMs: troublePauseMs, heldForMs: null }
    }
    if (outcome.stated !== undefined) await this.#compose(key, outcome.stated)
    const nowMs = clock.nowMs()
    if (outcome.heldForMs !== null) schedule.hold(key, nowMs + outcome.heldForMs)
    schedule.done(key, nowMs, { ...outcome, ...spentOf(outcome) })
    this.#wake()
  }

  #outcomeOf(key: string): Promise<PollOutcome> {
    const { poller, pending, pasts } = this.#parts
    if (pasts.has(key)) return pasts.step(key)
    return pending.has(key) ? pending.identify(key) : poller.poll(key)
  }

  /** What goes wrong with a composite or an index is not the account's trouble: the next hour tries again. */
  async #compose(account: string, stated: Stated): Promise<void> {
    try {
      await this.#parts.composites.note(account, stated)
      await this.#parts.indices.note(account, stated.nextHourMs)
    } catch (error) {
      this.#trouble('composite-not-made', error)
    }
  }

  async #housekeep(nowMs: number): Promise<void> {
    if (nowMs - this.#housekeptAtMs < minuteMs) return
    this.#housekeptAtMs = nowMs
    const { store, enclave, report, cleanup } = this.#parts
    try {
      await enclave.rotate(nowMs)
      await cleanup()
      await store.commit((tx) => tx.forgetNonces(nowMs))
      await report.refresh()
    } catch (error) {
      this.#trouble('housekeeping-failed', error)
    }
  }

  #trouble(event: string, error: unknown): void {
    // an error that is none of ours may hold anything: its class is all that is told
    const code =
      error instanceof PerfAggError ? error.code : error instanceof Error ? error.constructor.name : 'unknown'
    this.#parts.log.error(event, { code })
  }
}

function spentOf({ weight }: PollOutcome): Pick<Ended, 'spent' | 'budgets'> {
  if (weight === undefined) return {}
  const spent = Object.entries(weight.budgets).map(([name, budget]) => [name, budget.spent] as const)
  return { spent: Object.fromEntries(spent), budgets: weight.budgets }
}
