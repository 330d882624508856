import { secondMs } from '@perf-agg/sdk'
import { refusals } from './refusal.ts'

/** okx's limits: so many calls of one path in two seconds, of an account or of an address; a firewall stands before. */
const spanMs = 2 * secondMs

export class Pace {
  readonly #used = new Map<string, { span: number; calls: number }>()
  #shutOutUntilMs = 0

  /** @throws {Refusal} */
  count(who: string, path: string, most: number, nowMs: number): void {
    if (nowMs < this.#shutOutUntilMs) throw refusals.shutOut()
    const key = `${who} ${path}`
    const span = Math.floor(nowMs / spanMs)
    let used = this.#used.get(key)
    if (used === undefined || used.span !== span) {
      used = { span, calls: 0 }
      this.#used.set(key, used)
    }
    used.calls += 1
    if (used.calls > most) throw refusals.pace()
  }

  shutOut(untilMs: number): void {
    this.#shutOutUntilMs = Math.max(this.#shutOutUntilMs, untilMs)
  }
}
