import { performance } from 'node:perf_hooks'

/**
 * The daemon's one source of time. `serve` always runs on the system's; a composed run (the demo, tests) may step
 * it, and then it stands still while work is done. No setting reaches this.
 */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number
  /** Milliseconds that have passed since some instant, whatever is done to the clock. */
  uptimeMs(): number
  /** True where time stands still while work is done. */
  readonly frozen: boolean
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  uptimeMs: () => performance.now(),
  frozen: false,
}

/** A clock that moves when told, and never back. */
export class SteppedClock implements Clock {
  readonly frozen = true
  #nowMs: number

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  uptimeMs(): number {
    return this.#nowMs
  }

  moveTo(atMs: number): void {
    if (atMs < this.#nowMs) throw new RangeError('a clock does not go back')
    this.#nowMs = atMs
  }
}
