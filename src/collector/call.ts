import type { AsyncLocalStorage } from 'node:async_hooks'
import { minuteMs } from '@perf-agg/sdk'
import { limits } from '../limits.ts'
import type { Weight } from './answer.ts'
import type { JobClock } from './clock.ts'
import { CollectorFailure, failureOf, invalidAnswer } from './failure.ts'
import type { Limiter, Urgency } from './limiter.ts'
import { type Pace, Pacer } from './pace.ts'
import { type WireAnswer, WireRefusal } from './wire.ts'

/** One call of an exchange's API: ccxt's name for it, and its price. */
export interface Endpoint {
  readonly method: string
  readonly budget: string
  readonly weight: number
  /** How often one account may make it. */
  readonly pace?: Pace
  /** Where one call of ccxt's is many of the exchange's: what tells them apart. */
  readonly parameters?: Parameters
  /** One that ccxt has no name for, which is asked for by its path: a name like the others' tells of it. */
  readonly unnamed?: { readonly api: string; readonly path: string }
  /** What is told costs as well: one for each so many rows. */
  readonly rowsOfWeight?: number
}

/** As ccxt takes them: into the query, or the body. */
export type Parameters = Readonly<Record<string, string | number | Readonly<Record<string, string | number>>>>

/** What really went over the wire during one ccxt call, beside what ccxt made of it. */
export interface Slot {
  answer: WireAnswer | null
  refusal: WireRefusal | null
  /** Requests that it may still make: one, but where ccxt's own methods are called, which make some. */
  left: number
}

export interface Called {
  /** Strictly parsed. */
  readonly value: unknown
  /** As egress received it. */
  readonly body: Uint8Array
}

/** Whoever makes calls. @throws {CollectorFailure} */
export interface Calls {
  call(endpoint: Endpoint, parameters?: Parameters, urgency?: Urgency): Promise<Called>
}

/** And by ccxt's own methods. @throws {CollectorFailure} */
export interface UnifiedCalls extends Calls {
  /**
   * A method of ccxt's own, which makes requests as it likes: `value` is what ccxt made of the answers, `body` the last
   * of them.
   */
  unified(endpoint: Endpoint, given: readonly unknown[]): Promise<Called>
}

/**
 * Says what an answer means: its parsed body, or the failure. `isOwn`: of a call that is counted by account, and whose
 * refusal for its pace is nothing to the others. @throws {CollectorFailure}
 */
export type Judge = (answer: WireAnswer, exchangeNowMs: number, isOwn: boolean) => unknown

export interface CallerOptions {
  /** ccxt's implicit methods, by name. */
  readonly methods: Readonly<Record<string, unknown>>
  readonly slots: AsyncLocalStorage<Slot>
  readonly judge: Judge
  readonly limiter: Limiter
  /** Of the budgets that are the account's own. */
  readonly ownLimiter: Limiter
  readonly mainBudget: string
  readonly clock: JobClock
  readonly maxRetries: number
  /** All of it can wait: it leaves most of a minute to others, and waits for the next. */
  readonly background: boolean
  /** The exchange's code for a request whose time, or number, it does not take. */
  readonly clockCode: string
  /** Asks the exchange for its time anew: it found ours too far off. */
  readonly resync: () => Promise<void>
}

/**
 * Calls through ccxt, which signs, and judges the answer itself: ccxt's error classes say too little (a ban and a
 * refused key look alike) and its messages too much (they hold the signed URL). The retries are here as well:
 * ccxt's own come at once, even into a ban.
 */
export class Caller implements UnifiedCalls {
  readonly #options: CallerOptions
  #running = 0
  readonly #queue: (() => void)[] = []
  #requests = 0
  readonly #spent = new Map<string, number>()
  readonly #pacer = new Pacer()

  constructor(options: CallerOptions) {
    this.#options = options
  }

  get weight(): Weight {
    const { limiter, mainBudget, clock } = this.#options
    const budgets = Object.fromEntries(
      [...this.#spent]
        .filter(([name]) => limiter.knows(name))
        .map(([name, spent]) => [
          name,
          {
            spent,
            usedOfMinute: limiter.usedOfMinute(name, clock.exchangeNowMs()),
            limitOfMinute: limiter.limitOfMinute(name),
          },
        ]),
    )
    return {
      requests: this.#requests,
      spent: this.#spent.get(mainBudget) ?? 0,
      usedOfMinute: limiter.usedOfMinute(mainBudget, clock.exchangeNowMs()),
      limitOfMinute: limiter.limitOfMinute(mainBudget),
      budgets,
    }
  }

  /** @throws {CollectorFailure} */
  call(endpoint: Endpoint, parameters: Parameters = {}, urgency: Urgency = 'needed'): Promise<Called> {
    return this.#tried(endpoint, urgency, () => this.#once(endpoint, parameters))
  }

  /** @throws {CollectorFailure} */
  unified(endpoint: Endpoint, given: readonly unknown[]): Promise<Called> {
    return this.#tried(endpoint, 'needed', () => this.#made(endpoint, given))
  }

  async #tried(endpoint: Endpoint, urgency: Urgency, work: () => Promise<Called>): Promise<Called> {
    const { maxRetries, clock, clockCode, resync } = this.#options
    for (let attempt = 0; ; attempt += 1) {
      await this.#room(endpoint, urgency)
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof CollectorFailure) || !error.retryable || attempt >= maxRetries) throw error
        const { retryAfterMs, exchangeCode } = error.failure
        if ((retryAfterMs ?? 0) > limits.collector.waitMsMax) throw error
        await clock.pause(Math.max(retryAfterMs ?? 0, backoffMs(attempt)))
        if (exchangeCode === clockCode) await resync()
      }
    }
  }

  #limiterOf(budget: string): Limiter {
    const { limiter, ownLimiter } = this.#options
    return ownLimiter.knows(budget) ? ownLimiter : limiter
  }

  async #room({ method, budget, weight, pace }: Endpoint, urgency: Urgency): Promise<void> {
    const { clock, ownLimiter, background } = this.#options
    const share = background ? 'searching' : urgency
    const waitMsMax = background ? minuteMs : limits.collector.waitMsMax
    // where time stands still nobody asks too fast
    while (pace !== undefined && !clock.frozen) {
      const waitMs = this.#pacer.take(method, pace, clock.exchangeNowMs())
      if (waitMs === 0) break
      await clock.pause(waitMs)
    }
    for (;;) {
      const waitMs = this.#limiterOf(budget).take(budget, weight, share, clock.exchangeNowMs())
      const isOwn = ownLimiter.knows(budget)
      // where time stands still the exchange itself says what is too much of an account's own
      if (waitMs === 0 || (isOwn && clock.frozen)) return
      if (clock.frozen || waitMs > waitMsMax) {
        // which holds up nobody else
        const scope = isOwn || background ? 'session' : 'exchange'
        throw new CollectorFailure(failureOf('EXCHANGE_RATE_LIMITED', scope, { retryAfterMs: waitMs }))
      }
      await clock.pause(waitMs)
    }
  }

  async #once(endpoint: Endpoint, parameters: Parameters): Promise<Called> {
    const { judge, clock, ownLimiter } = this.#options
    const slot: Slot = { answer: null, refusal: null, left: 1 }
    // What ccxt makes of it, or throws, is never looked at: the slot knows what happened.
    await this.#run(endpoint, slot, [{ ...endpoint.parameters, ...parameters }]).catch(() => {})
    if (slot.refusal !== null) throw refused(slot.refusal)
    if (slot.answer === null) throw new CollectorFailure(failureOf('EXCHANGE_NOT_SUPPORTED', 'session'))
    this.#heard(endpoint, slot.answer)
    const value = judge(slot.answer, clock.exchangeNowMs(), ownLimiter.knows(endpoint.budget))
    this.#told(endpoint, value)
    return { value, body: slot.answer.body }
  }

  #told({ budget, rowsOfWeight = Number.POSITIVE_INFINITY }: Endpoint, value: unknown): void {
    const { clock } = this.#options
    const weight = Array.isArray(value) ? Math.floor(value.length / rowsOfWeight) : 0
    if (weight === 0) return
    this.#limiterOf(budget).spend(budget, weight, clock.exchangeNowMs())
    this.#spent.set(budget, (this.#spent.get(budget) ?? 0) + weight)
  }

  async #made(endpoint: Endpoint, given: readonly unknown[]): Promise<Called> {
    const { judge, clock, ownLimiter } = this.#options
    const slot: Slot = { answer: null, refusal: null, left: requestsOfMethodMax }
    let made: { readonly value: unknown } | null = null
    try {
      made = { value: await this.#run(endpoint, slot, given) }
    } catch (error) {
      if (error instanceof CollectorFailure) throw error
    }
    if (slot.refusal !== null) throw refused(slot.refusal)
    if (slot.answer !== null) {
      this.#heard(endpoint, slot.answer)
      judge(slot.answer, clock.exchangeNowMs(), ownLimiter.knows(endpoint.budget))
    }
    // The answers were good, and ccxt could not make anything of them.
    if (made === null) throw invalidAnswer(endpoint.method)
    return { value: made.value, body: slot.answer?.body ?? new Uint8Array() }
  }

  async #run(endpoint: Endpoint, slot: Slot, given: readonly unknown[]): Promise<unknown> {
    const { methods, slots } = this.#options
    const { unnamed } = endpoint
    const method = methods[unnamed === undefined ? endpoint.method : 'request']
    if (typeof method !== 'function') {
      throw new CollectorFailure(failureOf('EXCHANGE_NOT_SUPPORTED', 'session'))
    }
    await this.#enter()
    try {
      this.#requests += 1
      this.#spent.set(endpoint.budget, (this.#spent.get(endpoint.budget) ?? 0) + endpoint.weight)
      const parameters = unnamed === undefined ? given : [unnamed.path, unnamed.api, 'GET', ...given]
      return await slots.run(slot, () => Promise.resolve(method.call(methods, ...parameters)))
    } finally {
      this.#leave()
    }
  }

  #heard({ budget }: Endpoint, { headers }: WireAnswer): void {
    const { clock } = this.#options
    this.#limiterOf(budget).heard(budget, headers, clock.exchangeNowMs())
  }

  async #enter(): Promise<void> {
    if (this.#running < limits.collector.callsAtOnceMax) {
      this.#running += 1
      return
    }
    await new Promise<void>((resolve) => this.#queue.push(resolve))
  }

  #leave(): void {
    const next = this.#queue.shift()
    if (next === undefined) this.#running -= 1
    else next()
  }
}

/** ccxt's own methods make one request, or some few for markets. */
const requestsOfMethodMax = 8

function backoffMs(attempt: number): number {
  const ceilingMs = Math.min(limits.collector.retryPauseMs * 2 ** attempt, limits.collector.retryPauseMsMax)
  return ceilingMs * (0.5 + Math.random() / 2)
}

function refused(refusal: WireRefusal): CollectorFailure {
  const detail = { exchangeCode: refusal.code }
  switch (refusal.code) {
    case 'HOST_REFUSED':
    case 'ADDRESS_REFUSED':
      return new CollectorFailure(failureOf('EXCHANGE_HOST_REFUSED', 'exchange', detail))
    case 'TOO_LARGE':
    case 'REDIRECT_REFUSED':
      return new CollectorFailure(failureOf('EXCHANGE_ANSWER_INVALID', 'session', detail))
    case 'ANSWER_INVALID':
      return new CollectorFailure(failureOf('EXCHANGE_ANSWER_INVALID', 'session', detail), true)
    default:
      return new CollectorFailure(failureOf('EXCHANGE_UNREACHABLE', 'exchange', detail), true)
  }
}
