import { performance } from 'node:perf_hooks'

/**
 * Time as the daemon told it with the job: it runs on from there, or stands still where the daemon's own clock
 * does. No child asks its machine for the date.
 */
export class JobClock {
  readonly frozen: boolean
  readonly #startMs: number
  readonly #startedAt = performance.now()
  /** Ours minus the exchange's, as it last told. */
  skewMs = 0

  constructor(nowMs: number, frozen: boolean) {
    this.#startMs = nowMs
    this.frozen = frozen
  }

  nowMs(): number {
    return this.frozen ? this.#startMs : Math.round(this.#startMs + performance.now() - this.#startedAt)
  }

  /** The exchange's clock, as far as we know it. */
  exchangeNowMs(): number {
    return this.nowMs() - this.skewMs
  }

  /** Waits; hardly at all where time stands still, for there nothing comes with waiting. */
  pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.frozen ? Math.min(pauseMs, 5) : pauseMs))
  }
}
