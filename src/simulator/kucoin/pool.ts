import { secondMs } from '@perf-agg/sdk'
import { Used } from '../used.ts'
import { refusals } from './refusal.ts'

/**
 * kucoin's pools: so much weight in half a minute, of an address for what is public, of an account for each kind of what is
 * its own. Every answer tells what is left, and when it is full again.
 */

const spanMs = 30 * secondMs

export type PoolName = 'public' | 'spot' | 'futures' | 'management'

/** Of the smallest account. */
const most: Readonly<Record<PoolName, number>> = {
  public: 2_000,
  spot: 4_000,
  futures: 2_000,
  management: 2_000,
}

export class Pools {
  readonly #used = new Used(spanMs)
  #shutOutUntilMs = 0

  /** The headers of the answer. @throws {Refusal} */
  count(who: string, pool: PoolName, weight: number, nowMs: number): Readonly<Record<string, string>> {
    if (nowMs < this.#shutOutUntilMs) throw refusals.shutOut()
    const used = this.#used.add(`${who} ${pool}`, weight, nowMs)
    if (used > most[pool]) throw refusals.pool()
    return this.headers(pool, most[pool] - used, nowMs)
  }

  headers(pool: PoolName, left: number, nowMs: number): Readonly<Record<string, string>> {
    return {
      'gw-ratelimit-limit': String(most[pool]),
      'gw-ratelimit-remaining': String(left),
      'gw-ratelimit-reset': String(spanMs - (nowMs % spanMs)),
    }
  }

  /** A firewall stands before. */
  shutOut(untilMs: number): void {
    this.#shutOutUntilMs = Math.max(this.#shutOutUntilMs, untilMs)
  }
}
