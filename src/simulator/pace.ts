import type { Refusal } from './refusal.ts'
import { Used } from './used.ts'

/**
 * The limits of bitget and okx: so many calls of one path in a span of time, of an account or of an address; a firewall
 * stands before.
 */
export class Pace {
  readonly #used: Used
  readonly #refusals: { readonly pace: () => Refusal; readonly shutOut: () => Refusal }
  #shutOutUntilMs = 0

  constructor(spanMs: number, refusals: { readonly pace: () => Refusal; readonly shutOut: () => Refusal }) {
    this.#used = new Used(spanMs)
    this.#refusals = refusals
  }

  /** @throws {Refusal} */
  count(who: string, path: string, most: number, nowMs: number): void {
    if (nowMs < this.#shutOutUntilMs) throw this.#refusals.shutOut()
    if (this.#used.add(`${who} ${path}`, 1, nowMs) > most) throw this.#refusals.pace()
  }

  shutOut(untilMs: number): void {
    this.#shutOutUntilMs = Math.max(this.#shutOutUntilMs, untilMs)
  }
}
