import { closeSync, existsSync, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Room for some hundred statements of a last word each, with their index pages. */
const reserveBytes = 4 * 1_048_576

/** Disk space held back, so that a chain can still say `gap` or `closed` when the disk is full. */
export class Reserve {
  readonly #path: string
  #held: boolean

  constructor(stateDir: string) {
    this.#path = join(stateDir, 'reserve')
    this.#held = existsSync(this.#path)
    this.take()
  }

  /** Takes it where it is not held; on a disk without room for it there is none. */
  take(): void {
    if (this.#held) return
    try {
      const file = openSync(this.#path, 'w', 0o600)
      try {
        const block = Buffer.alloc(65_536)
        for (let written = 0; written < reserveBytes; written += block.length) writeSync(file, block)
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      this.#held = true
    } catch {
      this.#remove()
    }
  }

  /** @returns false where there is nothing to free */
  free(): boolean {
    if (!this.#held) return false
    this.#held = false
    return this.#remove()
  }

  #remove(): boolean {
    try {
      unlinkSync(this.#path)
      return true
    } catch {
      return false
    }
  }
}
