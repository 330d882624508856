import { performance } from 'node:perf_hooks'
import type { Listen } from '../../collector/listener/message.ts'
import type { Rule } from '../../egress/hosts.ts'
import type { ChildUser } from './child-user.ts'
import { Listener, type ListenerEvents } from './listener.ts'

/** After a listener died, or would not start, so long until the next. */
const restartPauseMs = 10_000

interface Options {
  readonly rules: readonly Rule[]
  /** Ours; null: the system's choice. */
  readonly address: string | null
  readonly childUser: ChildUser | null
  readonly replaceAfterMs: number
  readonly events: Pick<ListenerEvents, 'word' | 'refused' | 'died'>
}

/**
 * The listener behind one address of ours. It is there while somebody is listened to. A session's end closes its stream
 * at once; what a process keeps of it in its memory goes with the process, within the time after which those are
 * replaced.
 */
export class StreamAddress {
  readonly #options: Options
  #listener: Listener | null = null
  #starting: Promise<void> | null = null
  #startableAt = Number.NEGATIVE_INFINITY
  /** Since when it holds what it should not; null: nothing. By a clock that nobody sets. */
  #staleAt: number | null = null
  #closed = false
  replaced = 0

  constructor(options: Options) {
    this.#options = options
  }

  get alive(): boolean {
    return this.#listener?.alive === true
  }

  /** It has held a session's secrets that is over for as long as it may. */
  get isWorn(): boolean {
    return this.#staleAt !== null && performance.now() - this.#staleAt >= this.#options.replaceAfterMs
  }

  /** A session is over whose secrets it was told. */
  soil(): void {
    this.#staleAt ??= performance.now()
  }

  /** Starts it where it is not there; nothing happens where the last one died just now. */
  start(): Promise<void> {
    if (this.alive || this.#closed || performance.now() < this.#startableAt) return Promise.resolve()
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null
    })
    return this.#starting
  }

  async #start(): Promise<void> {
    const { rules, address, childUser, events } = this.#options
    this.#startableAt = performance.now() + restartPauseMs
    try {
      const listener = await Listener.start(rules, events, { user: childUser, address })
      if (this.#closed) return void (await listener.close())
      this.#staleAt = null
      this.#listener = listener
    } catch {
      // its events said why; the next look tries again
    }
  }

  /** @returns false where there is no listener */
  async listen(order: Listen, credentials: Uint8Array): Promise<boolean> {
    const listener = this.#listener
    if (listener?.alive !== true) return false
    await listener.listen(order, credentials)
    return true
  }

  leave(id: number): void {
    this.#listener?.leave(id)
  }

  /** Ends the process with all that it holds; the next `start` makes another. */
  async end(): Promise<void> {
    const listener = this.#listener
    this.#listener = null
    this.#startableAt = Number.NEGATIVE_INFINITY
    if (listener === null) return
    if (this.#staleAt !== null) this.replaced += 1
    this.#staleAt = null
    await listener.close()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#starting
    await this.end()
  }
}
