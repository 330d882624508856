import { dayMs, minuteMs, secondMs } from '@perf-agg/sdk'
import { refusals } from './refusal.ts'

/**
 * The budget of one address: used weight a minute, 429 when it is spent, 418 for who goes on regardless, longer each
 * time. The trading API counts all calls together, the wallet API each path alone.
 */

export const weightPerMinuteMax = 6_000
/** Of each of the two futures exchanges, by itself. */
export const futuresWeightPerMinuteMax = 2_400
const sapiIpPerPathMax = 12_000
const sapiUidPerPathMax = 180_000
/** So many calls after a 429 within its minute are forgiven. */
const forgivenCount = 10
const firstBanMs = 2 * minuteMs
const longestBanMs = 3 * dayMs

export type Weight =
  | { readonly budget: 'ip' | 'fapi' | 'dapi'; readonly weight: number }
  | { readonly budget: 'sapi-ip' | 'sapi-uid'; readonly weight: number }

export class Meter {
  #minuteMs = 0
  #used = new Map<string, number>()
  #refused = 0
  #banMs = firstBanMs
  #bannedUntilMs = 0

  /** Weight of all calls ever, by path. */
  readonly spent = new Map<string, number>()

  /** Weight used in this minute by the trading API. */
  get used(): number {
    return this.#used.get('ip') ?? 0
  }

  /**
   * Counts a call and gives the headers that tell about it.
   * @throws {Refusal} 429 or 418
   */
  count(cost: Weight, path: string, uid: string, nowMs: number): Record<string, string> {
    this.#roll(nowMs)
    if (nowMs < this.#bannedUntilMs) throw refusals.banned(this.#bannedUntilMs, nowMs)
    const key = cost.budget.startsWith('sapi')
      ? `${cost.budget} ${cost.budget === 'sapi-uid' ? uid : ''} ${path}`
      : cost.budget
    const used = (this.#used.get(key) ?? 0) + cost.weight
    this.spent.set(path, (this.spent.get(path) ?? 0) + cost.weight)
    this.#used.set(key, used)
    const most = {
      ip: weightPerMinuteMax,
      fapi: futuresWeightPerMinuteMax,
      dapi: futuresWeightPerMinuteMax,
      'sapi-ip': sapiIpPerPathMax,
      'sapi-uid': sapiUidPerPathMax,
    }[cost.budget]
    // an account's own budget bans nobody
    if (used > most && cost.budget === 'sapi-uid') throw refusals.ownWeight(most, used, this.#leftS(nowMs))
    if (used > most) this.#refuse(most, nowMs)
    if (cost.budget === 'sapi-ip') return { 'X-SAPI-USED-IP-WEIGHT-1M': String(used) }
    if (cost.budget === 'sapi-uid') return { 'X-SAPI-USED-UID-WEIGHT-1M': String(used) }
    return { 'x-mbx-used-weight': String(used), 'x-mbx-used-weight-1m': String(used) }
  }

  ban(untilMs: number): void {
    this.#bannedUntilMs = Math.max(this.#bannedUntilMs, untilMs)
  }

  #refuse(most: number, nowMs: number): never {
    this.#refused += 1
    if (this.#refused > forgivenCount) {
      this.#bannedUntilMs = nowMs + this.#banMs
      this.#banMs = Math.min(longestBanMs, this.#banMs * 2)
      throw refusals.banned(this.#bannedUntilMs, nowMs)
    }
    throw refusals.weight(most, this.#leftS(nowMs))
  }

  #leftS(nowMs: number): number {
    return Math.max(1, Math.ceil((this.#minuteMs + minuteMs - nowMs) / secondMs))
  }

  #roll(nowMs: number): void {
    const startMs = Math.floor(nowMs / minuteMs) * minuteMs
    if (startMs === this.#minuteMs) return
    this.#minuteMs = startMs
    this.#used = new Map()
    this.#refused = 0
  }
}
