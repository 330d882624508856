import { minuteMs, secondMs } from '@perf-agg/sdk'
import { Used } from '../used.ts'
import { refusals } from './refusal.ts'

/**
 * bybit's two limits: so many calls of one path in a second for an account, and 600 calls in five seconds for an
 * address, which is then shut out for ten minutes.
 */

const addressCallsMax = 600
const addressSpanMs = 5 * secondMs
const shutOutMs = 10 * minuteMs

export class Pace {
  readonly #byAccount = new Used(secondMs)
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
    const calls = this.#byAccount.add(`${uid} ${path}`, 1, nowMs)
    const second = Math.floor(nowMs / secondMs)
    return {
      headers: {
        'X-Bapi-Limit': String(most),
        'X-Bapi-Limit-Status': String(Math.max(0, most - calls)),
        'X-Bapi-Limit-Reset-Timestamp': String((second + 1) * secondMs),
      },
      over: calls > most,
    }
  }

  shutOut(untilMs: number): void {
    this.#shutOutUntilMs = Math.max(this.#shutOutUntilMs, untilMs)
  }
}
