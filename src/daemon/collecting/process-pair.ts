import type { ChildProcess } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { Duplex } from 'node:stream'
import { readObject, readRecord } from '@perf-agg/sdk'
import type { Rule } from '../../egress/hosts.ts'
import { type ControlMessage, readControlMessage } from '../../egress/message.ts'
import { type Frame, type FrameBounds, writeFrame } from '../../frame.ts'
import { limits } from '../../limits.ts'
import { LastWords, readFrames, spawnChild } from '../child.ts'
import type { ChildUser } from './child-user.ts'

/** The pair ended, would not start or did not answer: whatever it was doing is to be done again. */
export class PairDied extends Error {}

export interface ProcessPairOptions {
  readonly role: 'collector' | 'listener'
  readonly rules: readonly Rule[]
  /** Of what the worker tells. */
  readonly bounds: FrameBounds
  readonly user: ChildUser | null
  /** Ours, that requests leave from; null: the system's choice. */
  readonly address: string | null
}

/** How a process came to its end; `meaning` says what is known of the reason. */
export type Death = {
  readonly role: string
  readonly code: number | null
  readonly meaning: string
}

const controlBounds = { headBytesMax: 65_536, bodyBytesMax: 0 }

/**
 * A worker process that runs ccxt, and the egress that is its only way out: they speak to each other over a pipe (3) of
 * which we keep no end, and each to us over one of its own (4). They live and die together: where one ends, the other
 * is ended.
 */
export abstract class ProcessPair {
  readonly startedAt = performance.now()
  readonly #options: ProcessPairOptions
  readonly #egress: ChildProcess
  readonly #worker: ChildProcess
  readonly #ready: Promise<unknown>
  #alive = true
  #quiet = false

  protected constructor(options: ProcessPairOptions) {
    this.#options = options
    this.#egress = spawnChild('egress', ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'], options.user)
    this.#worker = spawnWorker(this.#egress, options)
    this.#ready = Promise.all([
      this.#follow('egress', this.#egress, controlBounds, ({ head }) => {
        const message = readControlMessage(head)
        if (message.kind === 'ready') return true
        this.heard(message)
        return false
      }),
      this.#follow(options.role, this.#worker, options.bounds, (frame) => {
        if (readRecord(frame.head, '')['kind'] === 'ready') {
          readObject(frame.head, '', { required: ['kind'] })
          return true
        }
        this.told(frame)
        return false
      }),
    ])
    // The start awaits it; a pair that dies later has nobody waiting.
    this.#ready.catch(() => {})
  }

  /** From egress, which the worker can't touch. */
  protected abstract heard(message: Exclude<ControlMessage, { readonly kind: 'ready' }>): void
  /** From the worker. What it throws ends the pair. */
  protected abstract told(frame: Frame): void
  /** Once, where nobody wanted it. */
  protected abstract died(death: Death): void
  /** Once, wanted or not: both are being ended. */
  protected ended(): void {}

  /** Resolves when both are ready. @throws {PairDied} */
  protected async begin(): Promise<void> {
    const { role, rules, address } = this.#options
    const timer = setTimeout(() => this.close(), limits.collector.startTimeoutMs)
    try {
      await writeFrame(pipeOf(this.#egress, 4), { rules, address })
      await this.#ready
    } catch {
      await this.close()
      throw new PairDied(`a ${role} would not start`)
    } finally {
      clearTimeout(timer)
    }
  }

  get alive(): boolean {
    return this.#alive
  }

  /** To the worker; the body may be wiped when it resolves. */
  protected send(head: object, body?: Uint8Array): Promise<void> {
    return writeFrame(pipeOf(this.#worker, 4), head, body)
  }

  /** Ends both; that they died is told. */
  protected end(): void {
    if (!this.#alive) return
    this.#alive = false
    this.ended()
    for (const child of [this.#egress, this.#worker]) child.kill('SIGKILL')
  }

  /** Ends both, as was wanted. */
  protected drop(): void {
    this.#quiet = true
    this.end()
  }

  /** The same, and resolves when they are gone. They hold nothing that could be lost. */
  async close(): Promise<void> {
    this.drop()
    await Promise.all([this.#egress, this.#worker].map(gone))
  }

  /** Resolves when the process says that it is ready; rejects where it ends before. @param take true: it is ready */
  #follow(
    role: string,
    child: ChildProcess,
    bounds: FrameBounds,
    take: (frame: Frame) => boolean,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        reject(new PairDied('the pair ended'))
        this.end()
      }
      readFrames(pipeOf(child, 4), bounds, (frame) => (take(frame) ? resolve() : undefined), end)
      const words = new LastWords(child)
      child.once('error', end)
      child.once('exit', (code) => {
        if (!this.#quiet) this.died({ role, code, meaning: words.meaning })
        this.#quiet = true
        end()
      })
    })
  }
}

function spawnWorker(egress: ChildProcess, { role, user }: ProcessPairOptions): ChildProcess {
  const link = pipeOf(egress, 3)
  // The child at the other end holds it from here on; our own end must not read a byte of it.
  link.pause()
  try {
    const worker = spawnChild(role, ['ignore', 'ignore', 'pipe', link, 'pipe'], user)
    link.destroy()
    return worker
  } catch (error) {
    egress.kill('SIGKILL')
    throw error
  }
}

/** @throws {PairDied} */
function pipeOf(child: ChildProcess, index: number): Duplex {
  const pipe = child.stdio[index]
  if (!(pipe instanceof Duplex)) throw new PairDied('a pipe is missing')
  return pipe
}

/** Resolves when the process is no more. */
function gone(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resolve()
    child.once('exit', () => resolve())
  })
}
