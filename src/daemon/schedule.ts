import { hourMs, hourOf } from '@perf-agg/sdk'

/** When accounts are polled: bounds of the pause between two polls, and how long an exchange needs to settle an hour. */
export interface Pacing {
  readonly pauseMsMin: number
  readonly pauseMsMax: number
  /** An hour is read only this long after its end. */
  readonly settlingMs: number
}

interface Entry {
  readonly key: string
  /** The pause the client asked for while the account is active. */
  readonly wishedMs: number
  pauseMs: number
  dueAtMs: number
  /** Waits for the first poll after an hour's end: such go first. */
  boundary: boolean
  running: boolean
}

/**
 * Which account is polled when. An account with news is looked at more often, a quiet one less, between the bounds;
 * every account is looked at right after each hour's end, and those polls go before all others.
 */
export class Schedule {
  readonly #pacing: Pacing
  readonly #entries = new Map<string, Entry>()
  #heldUntilMs = 0

  constructor(pacing: Pacing) {
    this.#pacing = pacing
  }

  get size(): number {
    return this.#entries.size
  }

  add(key: string, wishedMs: number, nowMs: number): void {
    const pauseMs = this.#bounded(wishedMs)
    this.#entries.set(key, {
      key,
      wishedMs: pauseMs,
      pauseMs,
      dueAtMs: nowMs,
      boundary: false,
      running: false,
    })
  }

  remove(key: string): void {
    this.#entries.delete(key)
  }

  /** No poll begins before then: the exchange refused the whole address. */
  hold(untilMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs)
  }

  /** The next instant at which something is due; Infinity when nothing ever is. */
  nextMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const entry of this.#entries.values()) if (!entry.running) next = Math.min(next, entry.dueAtMs)
    return Math.max(next, this.#heldUntilMs)
  }

  /** Takes up to `count` due accounts, hour boundaries first, then the longest waiting. Each is `done` later. */
  take(nowMs: number, count: number): string[] {
    if (nowMs < this.#heldUntilMs) return []
    const due = [...this.#entries.values()].filter((entry) => !entry.running && entry.dueAtMs <= nowMs)
    due.sort((a, b) => Number(b.boundary) - Number(a.boundary) || a.dueAtMs - b.dueAtMs)
    return due.slice(0, count).map((entry) => {
      entry.running = true
      return entry.key
    })
  }

  /** A poll ended: with news the pause shrinks to what the client wished, without it grows. */
  done(
    key: string,
    nowMs: number,
    outcome: { readonly news: boolean; readonly retryAfterMs?: number | null },
  ): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    entry.running = false
    entry.pauseMs = this.#bounded(
      outcome.news ? Math.min(entry.wishedMs, entry.pauseMs / 2) : entry.pauseMs * 1.5,
    )
    const plannedMs = nowMs + (outcome.retryAfterMs ?? entry.pauseMs)
    const settledMs = hourOf(nowMs - this.#pacing.settlingMs) + hourMs + this.#pacing.settlingMs
    entry.boundary = settledMs <= plannedMs
    // an hour's end inside the pause comes first, but never sooner than the exchange allows
    const earliestMs = nowMs + (outcome.retryAfterMs ?? 0)
    entry.dueAtMs = entry.boundary ? Math.max(settledMs, earliestMs) : plannedMs
  }

  #bounded(pauseMs: number): number {
    return Math.min(Math.max(pauseMs, this.#pacing.pauseMsMin), this.#pacing.pauseMsMax)
  }
}
