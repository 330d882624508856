import { performance } from 'node:perf_hooks'
import { PerfAggError } from '@perf-agg/sdk'

/** A clock that differs by more from the exchanges' states nothing. */
export const skewMsMax = 60_000
/** What an exchange said of the time counts for so long: the next poll says it again. */
const heardMsMax = 15 * 60_000

interface Heard {
  readonly skewMs: number
  /** By a clock that nobody sets. */
  readonly atMs: number
}

/**
 * Holds the enclave's clock against the time of the exchanges, whatever they were asked for. The time is that of the
 * `Date` in answers as egress saw them: the collector could say anything, and the operator sets this machine's clock.
 */
export class ClockWatch {
  readonly #heard = new Map<string, Heard>()
  readonly #uptimeMs: () => number

  constructor(uptimeMs: () => number = () => performance.now()) {
    this.#uptimeMs = uptimeMs
  }

  /**
   * @param dates milliseconds since 1970, of the answers of one job. The one nearest to our time counts: a page from a
   *   cache has an old date, and none has one that is too good.
   */
  note(exchange: string, dates: readonly (number | null)[], nowMs: number): void {
    const skews = dates.flatMap((dateMs) => (dateMs === null ? [] : [nowMs - dateMs]))
    if (skews.length === 0) return
    const skewMs = skews.reduce((best, skew) => (Math.abs(skew) < Math.abs(best) ? skew : best))
    this.#heard.set(exchange, { skewMs, atMs: this.#uptimeMs() })
  }

  /**
   * Why nothing may be signed for an account of this exchange now. One that has not said the time of late is judged by
   * the others, where they agree: one exchange whose clock is wrong must not stop the accounts of all.
   */
  refusal(exchange: string): PerfAggError | null {
    const endMs = this.#uptimeMs() - heardMsMax
    const fresh = [...this.#heard].filter(([, { atMs }]) => atMs >= endMs)
    const own = fresh.filter(([name]) => name === exchange)
    const judges = own.length > 0 ? own : fresh
    const isOff = judges.length > 0 && judges.every(([, { skewMs }]) => Math.abs(skewMs) > skewMsMax)
    if (!isOff) return null
    return new PerfAggError(
      'CLOCK_SKEW',
      'the clock of the enclave differs from the exchange’s by over a minute',
      {
        action: 'retry',
        hint: 'nothing is signed until it is right again: set the clock of the machine',
      },
    )
  }
}
