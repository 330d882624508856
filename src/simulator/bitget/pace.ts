import { secondMs } from '@perf-agg/sdk'
import { refusals } from './refusal.ts'

/** bitget's limits: so many calls of one path in a second, of an account or of an address; a firewall stands before. */
export class Pace {
  readonly #used = new Map<string, { second: number; calls: number }>()
  #shutOutUntilMs = 0

  /** @throws {Refusal} */
  count(who: string, path: string, most: number, nowMs: number): void {
    if (nowMs < this.#shutOutUntilMs) throw refusals.shutOut()
    const key = `${who} ${path}`
    const second = Math.floor(nowMs / secondMs)
    let used = this.#used.get(key)
    if (used === undefined || used.second !== second) {
      used = { second, calls: 0 }
      this.#used.set(key, used)
    }
    used.calls += 1
    if (used.calls > most) throw refusals.pace()
  }

  shutOut(untilMs: number): void {
    this.#shutOutUntilMs = Math.max(this.#shutOutUntilMs, untilMs)
  }
}
