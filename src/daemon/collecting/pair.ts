import { readEnum, readInteger, readRecord } from '@perf-agg/sdk'
import type { Asked } from '../../collector/job.ts'
import type { Rule } from '../../egress/hosts.ts'
import type { ControlMessage, Report } from '../../egress/message.ts'
import type { Frame } from '../../frame.ts'
import { limits } from '../../limits.ts'
import type { ChildUser } from './child-user.ts'
import { type Death, PairDied, ProcessPair, type ProcessPairOptions } from './process-pair.ts'

export interface PairEvents {
  /** Once, where nobody closed it. */
  onDeath(death: Death): void
  /** A request that egress did not let through, or that went nowhere. */
  onRefused(message: ControlMessage & { readonly kind: 'refused' }): void
}

interface Waiting {
  readonly id: number
  readonly resolve: (frame: Frame) => void
  readonly reject: (error: Error) => void
}

/** One collector and its egress. One job at a time. */
export class Pair extends ProcessPair {
  jobs = 0
  readonly #events: PairEvents
  #waiting: Waiting | null = null
  #reports: Report[] = []
  #lastId = 0

  /** @throws {PairDied} */
  static async start(
    rules: readonly Rule[],
    events: PairEvents,
    { user, address }: { readonly user: ChildUser | null; readonly address: string | null },
  ): Promise<Pair> {
    const pair = new Pair({ role: 'collector', rules, bounds: limits.frame, user, address }, events)
    await pair.begin()
    return pair
  }

  private constructor(options: ProcessPairOptions, events: PairEvents) {
    super(options)
    this.#events = events
  }

  /** What egress received while the last job ran. */
  get reports(): readonly Report[] {
    return this.#reports
  }

  /** At the signal both end: whoever gives a job up wants nothing left of it. @throws {PairDied} */
  async run(asked: Asked, credentials: Uint8Array, signal?: AbortSignal): Promise<Frame> {
    if (!this.alive || this.#waiting !== null) throw new PairDied('the pair is gone or busy')
    const id = (this.#lastId += 1)
    this.jobs += 1
    this.#reports = []
    const answer = new Promise<Frame>((resolve, reject) => {
      this.#waiting = { id, resolve, reject }
    })
    const timer = setTimeout(() => this.end(), limits.collector.jobTimeoutMs)
    const cut = (): void => this.drop()
    signal?.addEventListener('abort', cut)
    try {
      const written = this.send({ ...asked, id }, credentials)
      const [frame] = await Promise.all([answer, written])
      // Egress wrote its reports before the collector had the answers: they are in our pipe by now.
      await new Promise((resolve) => setImmediate(resolve))
      return frame
    } catch (error) {
      this.end()
      throw error instanceof PairDied ? error : new PairDied('the pipe broke')
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cut)
      this.#waiting = null
    }
  }

  protected override heard(message: Exclude<ControlMessage, { readonly kind: 'ready' }>): void {
    if (message.kind === 'refused') this.#events.onRefused(message)
    else if (message.kind === 'report' && this.#reports.length < reportsMax) this.#reports.push(message)
  }

  protected override told(frame: Frame): void {
    const head = readRecord(frame.head, '')
    readEnum(head['kind'], 'kind', ['done', 'failed'])
    const id = readInteger(head['id'], 'id', { min: 1 })
    if (this.#waiting?.id === id) this.#waiting.resolve(frame)
  }

  protected override died(death: Death): void {
    this.#events.onDeath(death)
  }

  protected override ended(): void {
    this.#waiting?.reject(new PairDied('the pair ended'))
  }
}

const reportsMax = 10_000
