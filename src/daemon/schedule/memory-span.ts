import { hourMs } from '@perf-agg/sdk'

/** What came longer ago counts for less: half after this time. */
const halfLifeMs = hourMs

/**
 * How long an exchange remembers one account's fills, where it keeps the newest so many: hours for who trades all the
 * time. The busier of the last pause and the fading mean counts: a pace that rises is believed at once.
 */
export class MemorySpan {
  readonly #rowsMax: number
  #rows = 0
  #spanMs = 0
  #last = 0

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax
  }

  note(rows: number, elapsedMs: number): void {
    if (elapsedMs <= 0) return
    const fading = 2 ** (-elapsedMs / halfLifeMs)
    this.#rows = this.#rows * fading + rows
    this.#spanMs = this.#spanMs * fading + elapsedMs
    this.#last = rows / elapsedMs
  }

  /** Infinity where nothing is forgotten by number, or nothing happens. */
  get outageMs(): number {
    const rate = Math.max(this.#last, this.#spanMs === 0 ? 0 : this.#rows / this.#spanMs)
    return rate === 0 ? Number.POSITIVE_INFINITY : this.#rowsMax / rate
  }
}
