import { minuteMs } from '@perf-agg/sdk'

/** What was spent longer ago counts for less. */
const halfLifeMs = 30 * minuteMs

/** So many minutes count. */
export const spendingMinutes = halfLifeMs / minuteMs / Math.LN2

/** What a place was asked for of late, in minutes' worth of its tightest budget: all, and what nobody had to have. */
export class Spending {
  #atMs = 0
  all = 0
  /** Looks that likely found nothing. */
  idle = 0
  /** What was before registrations. */
  past = 0

  fade(nowMs: number): this {
    const fading = 2 ** (-(nowMs - this.#atMs) / halfLifeMs)
    this.#atMs = nowMs
    this.all *= fading
    this.idle *= fading
    this.past *= fading
    return this
  }
}
