import { PerfAggError } from '@perf-agg/sdk'

/** Refused now; the same will do after `retryAfterS`. */
export class RateError extends PerfAggError {
  readonly retryAfterS: number

  constructor(code: 'RATE_LIMITED' | 'QUOTA_EXHAUSTED', retryAfterMs: number) {
    const retryAfterS = Math.max(1, Math.ceil(retryAfterMs / 1_000))
    const message =
      code === 'RATE_LIMITED'
        ? 'too many requests from this address'
        : 'this enclave does as much of this as it may just now'
    super(code, message, { action: 'retry', hint: `try again in ${retryAfterS} s` })
    this.retryAfterS = retryAfterS
  }
}

/** So many in a span, and no more at once: one number of memory (generic cell rate algorithm). */
export class Rate {
  readonly #intervalMs: number
  readonly #burstMs: number
  /** When all that was taken is earned again. */
  #earnedAtMs = Number.NEGATIVE_INFINITY

  constructor(count: number, spanMs: number, burst = count) {
    this.#intervalMs = spanMs / count
    this.#burstMs = burst * this.#intervalMs
  }

  /** Takes `cost`; 0 when it was there, else the milliseconds until it will be, and nothing was taken. */
  take(nowMs: number, cost = 1): number {
    const earnedAtMs = Math.max(this.#earnedAtMs, nowMs) + cost * this.#intervalMs
    // a cost beyond the whole burst waits for a full one
    const waitMs = earnedAtMs - nowMs - Math.max(this.#burstMs, cost * this.#intervalMs)
    if (waitMs > 1e-6) return waitMs
    this.#earnedAtMs = earnedAtMs
    return 0
  }

  /** Takes `cost` in any case: what comes next has to wait for it. */
  charge(nowMs: number, cost: number): void {
    this.#earnedAtMs = Math.max(this.#earnedAtMs, nowMs) + cost * this.#intervalMs
  }
}

/** A rate for each address; beyond `addressesMax` the one quiet for longest is forgotten. */
export class AddressRates {
  readonly #rates = new Map<string, Rate>()
  readonly #make: () => Rate
  readonly #addressesMax: number

  constructor(perMinute: number, addressesMax: number) {
    this.#make = () => new Rate(perMinute, 60_000)
    this.#addressesMax = addressesMax
  }

  /** @throws RateError RATE_LIMITED */
  take(address: string, nowMs: number): void {
    const waitMs = this.#of(address).take(nowMs)
    if (waitMs > 0) throw new RateError('RATE_LIMITED', waitMs)
  }

  charge(address: string, nowMs: number, cost: number): void {
    this.#of(address).charge(nowMs, cost)
  }

  get size(): number {
    return this.#rates.size
  }

  #of(address: string): Rate {
    const there = this.#rates.get(address)
    // moved to the end: the map is in the order of last use
    if (there !== undefined) this.#rates.delete(address)
    const rate = there ?? this.#make()
    this.#rates.set(address, rate)
    if (this.#rates.size > this.#addressesMax) {
      const oldest = this.#rates.keys().next()
      if (oldest.done === false) this.#rates.delete(oldest.value)
    }
    return rate
  }
}
