import type { Clock } from './clock.ts'

interface Timed {
  readonly idHash: string
  readonly expiresAtMs: number
}

/**
 * When sessions are over: by the clock, and by the time that has really passed since this start came to know of them.
 * A clock that is set back prolongs none.
 */
export class Expiry {
  readonly #clock: Clock
  /** Nothing is signed before it: a start whose clock is behind counts from here. */
  readonly #floorMs: number
  /** By uptime. */
  readonly #endsMs = new Map<string, number>()

  constructor(clock: Clock, lastSignedMs: number) {
    this.#clock = clock
    this.#floorMs = lastSignedMs
  }

  /** From now on its time runs, whatever the clock says. */
  note({ idHash, expiresAtMs }: Timed): void {
    if (this.#endsMs.has(idHash)) return
    const leftMs = expiresAtMs - Math.max(this.#clock.nowMs(), this.#floorMs)
    this.#endsMs.set(idHash, this.#clock.uptimeMs() + leftMs)
  }

  forget(idHash: string): void {
    this.#endsMs.delete(idHash)
  }

  isOver({ idHash, expiresAtMs }: Timed): boolean {
    if (expiresAtMs <= this.#clock.nowMs()) return true
    const endMs = this.#endsMs.get(idHash)
    return endMs !== undefined && endMs <= this.#clock.uptimeMs()
  }
}
