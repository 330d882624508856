import { limits } from '../limits.ts'
import type { DueStatement, Outbox } from './outbox.ts'
import { gotPost, logHeader, type Post } from './post.ts'
import { type Answer, judge, pauseMs, type Verdict } from './verdict.ts'
import { webhookHeaders, type WebhookSigner } from './webhook.ts'

/**
 * Posts statements to the backend: at least once each, in order per account, accounts side by side. Nothing is
 * dropped. A statement that the backend refuses for good is parked with an alarm, and the account's later ones wait
 * behind it: a backend that took them would see a chain with a hole. Parked ones are tried again at the next start,
 * or when the operator says so.
 */
export interface Delivery {
  /** Posts what is due at `nowMs` until nothing is. Rejects where an outcome could not be stored. */
  runDue(nowMs: number): Promise<void>
  /** Posts what was delivered last once more, to hear what the backend remembers. Never fails. */
  recall(nowMs: number): Promise<void>
  /** Starts the live loop; parked statements are tried once more. */
  start(): void
  /** New statements are stored: look now. */
  wake(): void
  /** Nothing new is posted; what is under way has `graceMs` to end. What was cut off is posted again later. */
  stop(graceMs?: number): Promise<void>
  /** The operator's word: parked statements are due again. */
  retryParked(nowMs: number): Promise<void>
  metrics(): Promise<DeliveryMetrics>
}

export interface DeliveryMetrics {
  /** Since the start. */
  readonly delivered: number
  /** Attempts that failed, since the start. */
  readonly failed: number
  /** Statements that the backend's profile has no form for, since the start. */
  readonly withheld: number
  /** Now: anything but 0 is an alarm. */
  readonly parked: number
  readonly pending: number
  /** When the oldest undelivered one was queued; null: none. */
  readonly oldestQueuedAtMs: number | null
  readonly lastCode: string | null
}

export interface DeliveryOptions {
  readonly outbox: Outbox
  /** `/api/ingest` is appended. */
  readonly backendUrl: string
  readonly signer: WebhookSigner
  readonly clock: { nowMs(): number }
  readonly userAgent: string
  /** The form that this backend takes (profile `minimal`); null: it has none for this statement. */
  readonly render?: (body: Uint8Array) => Promise<Uint8Array | null>
  /** An outcome that could not be stored, or a fault of ours: for the log. */
  readonly onFault?: (error: unknown) => void
  readonly memory?: {
    /** For the header of a post. */
    tell(): Promise<string>
    hear(told: string): Promise<void>
  }
  readonly post?: Post
  /** In [0, 1). */
  readonly random?: () => number
}

export function createDelivery(options: DeliveryOptions): Delivery {
  return new BackendDelivery(options)
}

class BackendDelivery implements Delivery {
  readonly #options: DeliveryOptions
  readonly #url: URL
  readonly #post: Post
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #abort = new AbortController()
  readonly #count = { delivered: 0, failed: 0, withheld: 0 }
  #lastCode: string | null = null
  /** The backend asked to be left alone until then. */
  #heldUntilMs = 0
  #fault: { readonly error: unknown } | null = null
  #loop: Promise<void> | null = null
  #stopping = false
  #waking: Promise<void> = Promise.resolve()
  #wake: () => void = () => {}

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#url = ingestUrl(options.backendUrl)
    this.#post = options.post ?? gotPost()
    this.#listen()
  }

  async runDue(nowMs: number): Promise<void> {
    await this.#run(() => nowMs)
  }

  async recall(nowMs: number): Promise<void> {
    const { outbox, onFault } = this.#options
    try {
      const last = await outbox.last()
      if (last !== null) await this.#ask(last, nowMs)
    } catch (error) {
      onFault?.(error)
    }
  }

  start(): void {
    this.#loop ??= this.#live()
  }

  wake(): void {
    this.#wake()
  }

  async stop(graceMs = 5_000): Promise<void> {
    this.#stopping = true
    this.wake()
    const timer = setTimeout(() => this.#abort.abort(), graceMs)
    await Promise.allSettled(this.#underWay.values())
    await this.#loop
    clearTimeout(timer)
  }

  async retryParked(nowMs: number): Promise<void> {
    await this.#options.outbox.releaseParked(nowMs)
    this.wake()
  }

  async metrics(): Promise<DeliveryMetrics> {
    return { ...this.#count, ...(await this.#options.outbox.counts()), lastCode: this.#lastCode }
  }

  async #live(): Promise<void> {
    const { clock, outbox, onFault } = this.#options
    let released = false
    while (!this.#stopping) {
      let pause: number = limits.delivery.pauseMs
      try {
        if (!released) await outbox.releaseParked(clock.nowMs())
        released = true
        await this.#run(() => clock.nowMs())
        const nextMs = Math.max((await outbox.nextMs()) ?? Infinity, this.#heldUntilMs)
        pause = Math.min(Math.max(nextMs - clock.nowMs(), 0), limits.delivery.lookMs)
      } catch (error) {
        onFault?.(error)
      }
      if (!this.#stopping) await this.#sleep(pause)
    }
  }

  async #sleep(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, waitMs)
    await Promise.race([promise, this.#waking])
    clearTimeout(timer)
  }

  /** What woke it before now is being looked at. */
  #listen(): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waking = promise
    this.#wake = resolve
  }

  /** Keeps the places filled until nothing is due and nothing under way. */
  async #run(now: () => number): Promise<void> {
    for (;;) {
      const open = !this.#stopping && this.#fault === null
      if (open) await this.#fill(now)
      if (this.#underWay.size === 0) break
      await Promise.race(open ? [...this.#underWay.values(), this.#waking] : this.#underWay.values())
    }
    const fault = this.#fault
    this.#fault = null
    if (fault !== null) throw fault.error
  }

  async #fill(now: () => number): Promise<void> {
    this.#listen()
    const nowMs = now()
    if (nowMs < this.#heldUntilMs) return
    // those under way when the outbox is asked: it may still show what they are about to finish
    const busy = new Set(this.#underWay.keys())
    const due = await this.#options.outbox.due(nowMs, limits.delivery.postsMax + busy.size)
    for (const statement of due) {
      const { account } = statement
      if (busy.has(account) || this.#underWay.has(account)) continue
      if (this.#underWay.size >= limits.delivery.postsMax || this.#stopping) break
      const done = this.#deliver(statement, now)
        .catch((error: unknown) => {
          // no further posts: an outcome that is not stored would be posted again at once, and for ever
          this.#fault ??= { error }
        })
        .finally(() => this.#underWay.delete(account))
      this.#underWay.set(account, done)
    }
  }

  async #deliver(statement: DueStatement, now: () => number): Promise<void> {
    const answer = await this.#ask(statement, now())
    if (answer === null) {
      await this.#options.outbox.delivered(statement, { atMs: now(), code: 'NOT_IN_PROFILE' })
      this.#count.withheld += 1
      return
    }
    // cut off by ourselves: it says nothing about the backend
    if (answer.status === null && this.#abort.signal.aborted) return
    const atMs = now()
    await this.#settle(statement, judge(answer, statement.digest, atMs), atMs)
  }

  /** Null where the backend's profile has no form for it. */
  async #ask(statement: DueStatement, nowMs: number): Promise<Answer | null> {
    const { render, memory } = this.#options
    const body = render === undefined ? statement.body : await render(statement.body)
    if (body === null) return null
    const answer = await this.#post({
      url: this.#url,
      body,
      headers: await this.#headers(statement, body, nowMs),
      signal: this.#abort.signal,
    })
    if (answer.status !== null && answer.log !== undefined) await memory?.hear(answer.log)
    return answer
  }

  async #headers(statement: DueStatement, body: Uint8Array, atMs: number): Promise<Record<string, string>> {
    return {
      'content-type': 'application/json',
      'user-agent': this.#options.userAgent,
      'idempotency-key': statement.digest,
      ...(this.#options.memory === undefined ? {} : { [logHeader]: await this.#options.memory.tell() }),
      ...(await webhookHeaders(this.#options.signer, { id: statement.digest, atMs, body })),
    }
  }

  async #settle(statement: DueStatement, verdict: Verdict, atMs: number): Promise<void> {
    const { outbox } = this.#options
    const { code } = verdict
    this.#lastCode = code
    if (verdict.kind === 'delivered') {
      await outbox.delivered(statement, { atMs, code })
      this.#count.delivered += 1
      return
    }
    this.#count.failed += 1
    const triedMs = atMs - (statement.firstAttemptAtMs ?? atMs)
    if (verdict.kind === 'parked' || triedMs >= limits.delivery.trialMsMax) {
      await outbox.parked(statement, { atMs, code })
      return
    }
    if (verdict.waitMs !== null) this.#heldUntilMs = Math.max(this.#heldUntilMs, atMs + verdict.waitMs)
    const random = (this.#options.random ?? Math.random)()
    const pause = Math.max(pauseMs(statement.attempts + 1, random), verdict.waitMs ?? 0)
    await outbox.failed(statement, { atMs, nextAttemptAtMs: atMs + pause, code })
  }
}

function ingestUrl(backendUrl: string): URL {
  const url = new URL(backendUrl)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/ingest`
  return url
}
