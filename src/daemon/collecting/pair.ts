import type { ChildProcess } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import type { Duplex } from 'node:stream'
import { readEnum, readInteger, readObject, readRecord } from '@perf-agg/sdk'
import type { Asked } from '../../collector/job.ts'
import type { Rule } from '../../egress/hosts.ts'
import { type ControlMessage, readControlMessage, type Report } from '../../egress/message.ts'
import { type Frame, writeFrame } from '../../frame.ts'
import { limits } from '../../limits.ts'
import type { ChildUser } from './child-user.ts'
import { LastWords, readFrames } from '../child.ts'
import { gone, PairDied, pipeOf, spawnPair } from './spawn-pair.ts'

export interface PairEvents {
  /** Once. `meaning` says what is known of the reason. */
  onDeath(fields: { readonly role: string; readonly code: number | null; readonly meaning: string }): void
  /** A request that egress did not let through, or that went nowhere. */
  onRefused(message: ControlMessage & { readonly kind: 'refused' }): void
}

interface Waiting {
  readonly id: number
  readonly resolve: (frame: Frame) => void
  readonly reject: (error: Error) => void
}

/**
 * One collector and one egress process that speak to each other directly. They live and die together: where one
 * ends, the other is ended. One job at a time.
 */
export class Pair {
  readonly startedAt = performance.now()
  jobs = 0
  readonly #children: readonly ChildProcess[]
  readonly #control: Duplex
  readonly #events: PairEvents
  #waiting: Waiting | null = null
  #reports: Report[] = []
  #lastId = 0
  #alive = true
  #closing = false
  #told = false

  /** @throws {PairDied} */
  static async start(
    rules: readonly Rule[],
    events: PairEvents,
    { user, address }: { readonly user: ChildUser | null; readonly address: string | null },
  ): Promise<Pair> {
    const { egress, worker } = spawnPair('collector', user)
    const pair = new Pair(egress, worker, events)
    const timer = setTimeout(() => pair.close(), limits.collector.startTimeoutMs)
    try {
      await writeFrame(pipeOf(egress, 4), { rules, address })
      await pair.#ready
    } catch {
      await pair.close()
      throw new PairDied('a collector would not start')
    } finally {
      clearTimeout(timer)
    }
    return pair
  }

  readonly #ready: Promise<void>

  private constructor(egress: ChildProcess, collector: ChildProcess, events: PairEvents) {
    this.#children = [egress, collector]
    this.#control = pipeOf(collector, 4)
    this.#events = events
    this.#ready = new Promise((resolve, reject) => {
      const ready = { egress: false, collector: false }
      const isReady = (role: 'egress' | 'collector'): void => {
        ready[role] = true
        if (ready.egress && ready.collector) resolve()
      }
      const end = (): void => {
        reject(new PairDied('a collector ended'))
        this.#die()
      }
      readFrames(pipeOf(egress, 4), controlBounds, (frame) => this.#hear(frame, () => isReady('egress')), end)
      readFrames(this.#control, limits.frame, (frame) => this.#take(frame, () => isReady('collector')), end)
    })
    // The start awaits it; a pair that dies later has nobody waiting.
    this.#ready.catch(() => {})
    for (const [role, child] of [
      ['egress', egress],
      ['collector', collector],
    ] as const) {
      const words = new LastWords(child)
      child.once('error', () => this.#die())
      child.once('exit', (code) => {
        if (!this.#told && !this.#closing) this.#events.onDeath({ role, code, meaning: words.meaning })
        this.#told = true
        this.#die()
      })
    }
  }

  get alive(): boolean {
    return this.#alive
  }

  /** What egress received while the last job ran. */
  get reports(): readonly Report[] {
    return this.#reports
  }

  /** At the signal both end: whoever gives a job up wants nothing left of it. @throws {PairDied} */
  async run(asked: Asked, credentials: Uint8Array, signal?: AbortSignal): Promise<Frame> {
    if (!this.#alive || this.#waiting !== null) throw new PairDied('the pair is gone or busy')
    const id = (this.#lastId += 1)
    this.jobs += 1
    this.#reports = []
    const answer = new Promise<Frame>((resolve, reject) => {
      this.#waiting = { id, resolve, reject }
    })
    const timer = setTimeout(() => this.#die(), limits.collector.jobTimeoutMs)
    const cut = (): void => {
      this.#told = true
      this.#die()
    }
    signal?.addEventListener('abort', cut)
    try {
      const written = writeFrame(this.#control, { ...asked, id }, credentials)
      const [frame] = await Promise.all([answer, written])
      // Egress wrote its reports before the collector had the answers: they are in our pipe by now.
      await new Promise((resolve) => setImmediate(resolve))
      return frame
    } catch (error) {
      this.#die()
      throw error instanceof PairDied ? error : new PairDied('the pipe broke')
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cut)
      this.#waiting = null
    }
  }

  /** Ends both; resolves when they are gone. They hold nothing that could be lost. */
  async close(): Promise<void> {
    this.#closing = true
    this.#die()
    await Promise.all(this.#children.map(gone))
  }

  #die(): void {
    if (!this.#alive) return
    this.#alive = false
    this.#waiting?.reject(new PairDied('the pair ended'))
    for (const child of this.#children) child.kill('SIGKILL')
  }

  #hear(frame: Frame, onReady: () => void): void {
    const message = readControlMessage(frame.head)
    if (message.kind === 'ready') onReady()
    else if (message.kind === 'refused') this.#events.onRefused(message)
    else if (message.kind === 'report' && this.#reports.length < reportsMax) this.#reports.push(message)
  }

  #take(frame: Frame, onReady: () => void): void {
    const head = readRecord(frame.head, '')
    if (readEnum(head['kind'], 'kind', ['ready', 'done', 'failed']) === 'ready') {
      readObject(frame.head, '', { required: ['kind'] })
      return onReady()
    }
    const id = readInteger(head['id'], 'id', { min: 1 })
    if (this.#waiting?.id === id) this.#waiting.resolve(frame)
  }
}

const controlBounds = { headBytesMax: 65_536, bodyBytesMax: 0 }
const reportsMax = 10_000
