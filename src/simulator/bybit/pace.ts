import { minuteMs, secondMs } from '@perf-agg/sdk'
import { refusals } from './refusal.ts'

/**
 * bybit's two limits: so many calls of one path in a second for an account, and 600 calls in five seconds for an
 * address, which is then shut out for ten minutes.
 */

const addressCallsMax = 600
const addressSpanMs = 5 * secondMs
const shutOutMs = 10 * minuteMs

export class Pace {
  readonly #byAccount = new Map<string, { second: number; calls: number }>()
  #address: number[] = []
  #shutOutUntilMs = 0

  /** @throws {Refusal} */
  countAddress(nowMs: number): void {
    if (nowMs < this.#shutOutUntilMs) throw refusals.address()
    this.#address = this.#address.filter((atMs) => atMs > nowMs - addressSpanMs)
    this.#address.push(nowMs)
    if (this.#address.length <= addressCallsMax) return
    this.shutOut(nowMs + shutOutMs)
    throw refusals.address()
  }

  /** The headers that tell of it; `over` where the call is one too many. */
  countAccount(
    uid: string,
    path: string,
    most: number,
    nowMs: number,
  ): { headers: Record<string, string>; over: boolean } {
    const key = `${uid} ${path}`
    const second = Math.floor(nowMs / secondMs)
    let used = this.#byAccount.get(key)
    if (used === undefined || used.second !== second) {
      used = { second, calls: 0 }
      this.#byAccount.set(key, used)
    }
    used.calls += 1
    return {
      headers: {
        'X-Bapi-Limit': String(most),
        'X-Bapi-Limit-Status': String(Math.max(0, most - used.calls)),
        'X-Bapi-Limit-Reset-Timestamp': String((second + 1) * secondMs),
      },
      over: used.calls > most,
    }
  }

  shutOut(untilMs: number): void {
    this.#shutOutUntilMs = Math.max(this.#shutOutUntilMs, untilMs)
  }
}
