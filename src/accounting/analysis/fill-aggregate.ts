import { add, compare, hourMs, multiply, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { executionAt } from './fill-page.ts'
import type { FillPage } from './fill-page.ts'
import { FifoPosition } from '../position/position.ts'
import type { Instrument } from '../position/position.ts'

/** Beyond it a sum in a double might not be exact any more, with what is added at once. */
const sumMax = 2 ** 51

/**
 * What fills of one account in one instrument come to, page by page: what was realized first in first out, hours with
 * fills, volume, and the deepest fall of what was realized from its peak, seen at the hours' ends. Exact to the last
 * decimal: by whole doubles as long as they hold everything, by numbers of any size where they don't.
 */
export class FillAggregate {
  readonly #position: FifoPosition
  #hours = 0
  #hourEndMs = Number.NEGATIVE_INFINITY
  #volume = zero
  /** Realized less its peak, and the least that ever was: ≤ 0. */
  #fall = zero
  #deepest = zero
  /** Realized since the peak was looked at last. */
  #pending = zero

  constructor(instrument: Instrument) {
    this.#position = new FifoPosition(instrument)
  }

  /** Hours in which there was a fill. */
  get hours(): number {
    return this.#hours
  }

  get realized(): Decimal {
    return this.#position.realized
  }

  /** Σ quantity times price. */
  get volume(): Decimal {
    return this.#volume
  }

  /** ≤ 0; the hour that is not over counts as it stands. */
  get deepestFall(): Decimal {
    const now = add(this.#fall, this.#pending)
    return compare(now, this.#deepest) < 0 ? now : this.#deepest
  }

  get position(): FifoPosition {
    return this.#position
  }

  take(page: FillPage): void {
    const { length } = page.units
    for (let from = 0; from < length;) {
      const room = Math.floor(this.#position.room(page) / 2)
      const fall = this.#wholeOf(page, this.#fall)
      const pending = this.#wholeOf(page, this.#pending)
      if (room > 0 && fall !== null && pending !== null) {
        const to = Math.min(length, from + room)
        this.#run(page, from, to, fall, pending)
        from = to
      } else {
        this.#takeOne(page, from)
        from += 1
      }
    }
  }

  /** As units of the page's money; null where that is too large or not whole. */
  #wholeOf(page: FillPage, value: Decimal): number | null {
    if (value.digits === 0n) return 0
    const scale = page.unitScale + page.priceScale
    if (value.scale > scale) return null
    const whole = Number(value.digits * 10n ** BigInt(scale - value.scale))
    return Math.abs(whole) <= sumMax ? whole : null
  }

  #run(page: FillPage, from: number, to: number, fallBefore: number, pendingBefore: number): void {
    const { units, prices, atMs } = page
    const scale = page.unitScale + page.priceScale
    let fall = fallBefore
    let deepest = 0
    let pending = pendingBefore
    let volume = 0
    for (let at = from; at < to; at += 1) volume += Math.abs(units[at]!) * prices[at]!
    for (let at = from; at < to;) {
      if (atMs[at]! >= this.#hourEndMs) {
        fall += pending
        pending = 0
        if (fall > 0) fall = 0
        if (fall < deepest) deepest = fall
        this.#enter(atMs[at]!)
      }
      const first = at
      const endMs = this.#hourEndMs
      while (at < to && atMs[at]! < endMs) at += 1
      pending += this.#position.run(page, first, at)
    }
    const exactly = (whole: number): Decimal => (whole === 0 ? zero : { digits: BigInt(whole), scale })
    this.#volume = add(this.#volume, exactly(volume))
    this.#fall = exactly(fall)
    this.#pending = exactly(pending)
    const low = exactly(deepest)
    if (compare(low, this.#deepest) < 0) this.#deepest = low
  }

  #enter(atMs: number): void {
    this.#hours += 1
    this.#hourEndMs = (Math.floor(atMs / hourMs) + 1) * hourMs
  }

  #takeOne(page: FillPage, at: number): void {
    const execution = executionAt(page, at)
    if (execution.atMs >= this.#hourEndMs) {
      const fall = add(this.#fall, this.#pending)
      this.#pending = zero
      this.#fall = compare(fall, zero) > 0 ? zero : fall
      if (compare(this.#fall, this.#deepest) < 0) this.#deepest = this.#fall
      this.#enter(execution.atMs)
    }
    this.#volume = add(this.#volume, multiply(execution.quantity, execution.price))
    const closed = this.#position.apply(execution)
    if (closed !== null) this.#pending = add(this.#pending, closed.pnl)
  }
}
