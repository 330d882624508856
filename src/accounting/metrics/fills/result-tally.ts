import { add, signOf, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Reader, Writer } from '../../codec.ts'

/** Runs of results of one sign; a result of exactly 0 ends either. */
export interface Streaks {
  readonly longestWinning: number
  readonly longestLosing: number
  /** > 0 wins in a row up to now, < 0 losses. */
  readonly current: number
}

/** What many results came to, exactly, in constant memory: taking one is O(1), and so is every figure of them. */
export class ResultTally {
  #count = 0
  #wins = 0
  #losses = 0
  #gain = zero
  #loss = zero
  #longestWinning = 0
  #longestLosing = 0
  #current = 0

  take(result: Decimal): void {
    const sign = signOf(result)
    this.#count += 1
    if (sign > 0) {
      this.#wins += 1
      this.#gain = add(this.#gain, result)
    } else if (sign < 0) {
      this.#losses += 1
      this.#loss = add(this.#loss, result)
    }
    this.#current = sign === 0 ? 0 : Math.sign(this.#current) === sign ? this.#current + sign : sign
    this.#longestWinning = Math.max(this.#longestWinning, this.#current)
    this.#longestLosing = Math.max(this.#longestLosing, -this.#current)
  }

  get count(): number {
    return this.#count
  }

  get wins(): number {
    return this.#wins
  }

  get losses(): number {
    return this.#losses
  }

  /** Σ of results above 0. */
  get gain(): Decimal {
    return this.#gain
  }

  /** Σ of results below 0: a negative amount. */
  get loss(): Decimal {
    return this.#loss
  }

  get total(): Decimal {
    return add(this.#gain, this.#loss)
  }

  get streaks(): Streaks {
    return {
      longestWinning: this.#longestWinning,
      longestLosing: this.#longestLosing,
      current: this.#current,
    }
  }

  clone(): ResultTally {
    const copy = new ResultTally()
    copy.#count = this.#count
    copy.#wins = this.#wins
    copy.#losses = this.#losses
    copy.#gain = this.#gain
    copy.#loss = this.#loss
    copy.#longestWinning = this.#longestWinning
    copy.#longestLosing = this.#longestLosing
    copy.#current = this.#current
    return copy
  }

  write(writer: Writer): void {
    for (const count of [this.#count, this.#wins, this.#losses]) writer.count(count)
    writer.decimal(this.#gain)
    writer.decimal(this.#loss)
    writer.count(this.#longestWinning)
    writer.count(this.#longestLosing)
    writer.flag(this.#current < 0)
    writer.count(Math.abs(this.#current))
  }

  static read(reader: Reader): ResultTally {
    const tally = new ResultTally()
    tally.#count = reader.count()
    tally.#wins = reader.count()
    tally.#losses = reader.count()
    tally.#gain = reader.decimal()
    tally.#loss = reader.decimal()
    tally.#longestWinning = reader.count()
    tally.#longestLosing = reader.count()
    const isLosing = reader.flag()
    const run = reader.count()
    if (isLosing && run === 0) reader.refuse()
    tally.#current = isLosing ? -run : run
    return tally
  }
}
