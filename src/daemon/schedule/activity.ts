import { minuteMs } from '@perf-agg/sdk'

/** What was seen longer ago counts for less: half after this time. */
const halfLifeMs = 45 * minuteMs
/** Before anything is known: one poll in two of this distance brings news. */
const guess = { polls: 1, news: 0.5, lookedMs: minuteMs } as const

/**
 * How often something happens on one account, as far as its polls tell: a poll says no more than *that* something
 * happened since the one before. Of events that come at random (a Poisson process of rate r) a share q = 1 − e^(−r·p) of
 * polls in the distance p brings news, so r = −ln(1 − q) / p; older polls fade.
 */
export class Activity {
  #polls = 0
  #news = 0
  #lookedMs = 0

  note(news: boolean, elapsedMs: number): void {
    const fading = 2 ** (-elapsedMs / halfLifeMs)
    this.#polls = this.#polls * fading + 1
    this.#news = this.#news * fading + (news ? 1 : 0)
    this.#lookedMs = this.#lookedMs * fading + elapsedMs
  }

  /** The mean time between events. */
  get meanMs(): number {
    const polls = this.#polls + guess.polls
    const share = (this.#news + guess.news) / (polls + guess.news)
    return (this.#lookedMs + guess.lookedMs) / polls / -Math.log(1 - share)
  }
}
