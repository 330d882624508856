import type { Reader, Writer } from '../../codec.ts'

/**
 * Time in the market: how long a position stood open, and how much capital at what cost. Without an instant for every
 * fill there is no time to tell, and figures of it do not exist.
 */
export class TradeClock {
  #isComplete = true
  #firstMs: number | null = null
  #lastMs = 0
  #openMs = 0
  #costMs = 0
  #holdings = 0
  #heldMs = 0
  #longestMs = 0
  #shortestMs = Number.POSITIVE_INFINITY

  /** Moves on; until now `cost` was at work, null where nothing was open. */
  advance(atMs: number | null, cost: number | null): void {
    if (atMs === null) {
      this.#isComplete = false
      return
    }
    if (this.#firstMs === null) this.#firstMs = atMs
    else if (cost !== null) {
      this.#openMs += atMs - this.#lastMs
      this.#costMs += (atMs - this.#lastMs) * cost
    }
    this.#lastMs = atMs
  }

  hold(fromMs: number | null, toMs: number | null): void {
    if (fromMs === null || toMs === null) return
    this.#holdings += 1
    this.#heldMs += toMs - fromMs
    this.#longestMs = Math.max(this.#longestMs, toMs - fromMs)
    this.#shortestMs = Math.min(this.#shortestMs, toMs - fromMs)
  }

  /** Null where a fill had no instant. */
  get elapsedMs(): number | null {
    return this.#isComplete && this.#firstMs !== null ? this.#lastMs - this.#firstMs : null
  }

  get openMs(): number {
    return this.#openMs
  }

  /** ∫ cost of the open position over time. */
  get costMs(): number {
    return this.#costMs
  }

  get holding(): { readonly meanMs: number; readonly longestMs: number; readonly shortestMs: number } {
    return {
      meanMs: this.#heldMs / this.#holdings,
      longestMs: this.#longestMs,
      shortestMs: this.#shortestMs,
    }
  }

  clone(): TradeClock {
    const copy = new TradeClock()
    copy.#isComplete = this.#isComplete
    copy.#firstMs = this.#firstMs
    copy.#lastMs = this.#lastMs
    copy.#openMs = this.#openMs
    copy.#costMs = this.#costMs
    copy.#holdings = this.#holdings
    copy.#heldMs = this.#heldMs
    copy.#longestMs = this.#longestMs
    copy.#shortestMs = this.#shortestMs
    return copy
  }

  write(writer: Writer): void {
    writer.flag(this.#isComplete)
    writer.optional(this.#firstMs, (firstMs) => writer.instant(firstMs))
    writer.instant(this.#lastMs)
    writer.count(this.#openMs)
    writer.double(this.#costMs)
    writer.count(this.#holdings)
    writer.count(this.#heldMs)
    writer.count(this.#longestMs)
    writer.optional(this.#holdings === 0 ? null : this.#shortestMs, (shortestMs) => writer.count(shortestMs))
  }

  static read(reader: Reader): TradeClock {
    const clock = new TradeClock()
    clock.#isComplete = reader.flag()
    clock.#firstMs = reader.optional(() => reader.instant())
    clock.#lastMs = reader.instant()
    clock.#openMs = reader.count()
    clock.#costMs = reader.double()
    clock.#holdings = reader.count()
    clock.#heldMs = reader.count()
    clock.#longestMs = reader.count()
    const shortestMs = reader.optional(() => reader.count())
    if ((shortestMs === null) !== (clock.#holdings === 0)) reader.refuse()
    clock.#shortestMs = shortestMs ?? Number.POSITIVE_INFINITY
    return clock
  }
}
