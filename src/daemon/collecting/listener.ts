import type { ChildProcess } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import type { Duplex } from 'node:stream'
import { type Listen, readWord, type Word } from '../../collector/listener/message.ts'
import type { Rule } from '../../egress/hosts.ts'
import { type ControlMessage, readControlMessage } from '../../egress/message.ts'
import { writeFrame } from '../../frame.ts'
import { limits } from '../../limits.ts'
import { LastWords, readFrames } from '../child.ts'
import type { ChildUser } from './child-user.ts'
import { gone, PairDied, pipeOf, spawnPair } from './spawn-pair.ts'

export interface ListenerEvents {
  word(word: Exclude<Word, { readonly kind: 'ready' }>): void
  refused(message: ControlMessage & { readonly kind: 'refused' }): void
  /** Once, where nobody closed it: all that it listened to is over. */
  died(fields: { readonly role: string; readonly code: number | null; readonly meaning: string }): void
}

/**
 * One listener and one egress process of its own, which reaches the exchanges' streams and nothing else. They live and
 * die together.
 */
export class Listener {
  readonly startedAt = performance.now()
  readonly #children: readonly ChildProcess[]
  readonly #control: Duplex
  readonly #ready: Promise<void>
  #alive = true
  #told = false

  /** @throws {PairDied} */
  static async start(
    rules: readonly Rule[],
    events: ListenerEvents,
    { user, address }: { readonly user: ChildUser | null; readonly address: string | null },
  ): Promise<Listener> {
    const { egress, worker } = spawnPair('listener', user)
    const listener = new Listener(egress, worker, events)
    const timer = setTimeout(() => listener.close(), limits.collector.startTimeoutMs)
    try {
      await writeFrame(pipeOf(egress, 4), { rules, address })
      await listener.#ready
    } catch {
      await listener.close()
      throw new PairDied('a listener would not start')
    } finally {
      clearTimeout(timer)
    }
    return listener
  }

  private constructor(egress: ChildProcess, worker: ChildProcess, events: ListenerEvents) {
    this.#children = [egress, worker]
    this.#control = pipeOf(worker, 4)
    const egressReady = Promise.withResolvers<void>()
    const workerReady = Promise.withResolvers<void>()
    const failed = Promise.withResolvers<never>()
    const end = (): void => {
      failed.reject(new PairDied('the pair ended'))
      this.#die()
    }
    const bounds = { headBytesMax: 65_536, bodyBytesMax: 0 }
    readFrames(
      pipeOf(egress, 4),
      bounds,
      ({ head }) => {
        const message = readControlMessage(head)
        if (message.kind === 'ready') egressReady.resolve()
        else if (message.kind === 'refused') events.refused(message)
      },
      end,
    )
    readFrames(
      this.#control,
      bounds,
      ({ head }) => {
        const word = readWord(head)
        if (word.kind === 'ready') workerReady.resolve()
        else if (this.#alive) events.word(word)
      },
      end,
    )
    this.#ready = Promise.race([
      Promise.all([egressReady.promise, workerReady.promise]).then(() => {}),
      failed.promise,
    ])
    this.#ready.catch(() => {})
    for (const [role, child] of [
      ['egress', egress],
      ['listener', worker],
    ] as const) {
      const words = new LastWords(child)
      child.once('error', end)
      child.once('exit', (code) => {
        if (!this.#told) events.died({ role, code, meaning: words.meaning })
        this.#told = true
        end()
      })
    }
  }

  get alive(): boolean {
    return this.#alive
  }

  /** `credentials` may be wiped when it resolves. */
  async listen(order: Listen, credentials: Uint8Array): Promise<void> {
    await writeFrame(this.#control, order, credentials).catch(() => this.#die())
  }

  leave(id: number): void {
    writeFrame(this.#control, { kind: 'leave', id }).catch(() => this.#die())
  }

  /** Ends both; resolves when they are gone. */
  async close(): Promise<void> {
    this.#told = true
    this.#die()
    await Promise.all(this.#children.map(gone))
  }

  #die(): void {
    if (!this.#alive) return
    this.#alive = false
    for (const child of this.#children) child.kill('SIGKILL')
  }
}
