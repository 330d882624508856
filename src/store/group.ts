import type { Connection } from './connection.ts'
import { StoreError } from './store-error.ts'

/** Keeps one transaction under some tens of milliseconds: whoever waits for the next is not starved. */
const worksMax = 1_000

interface Job {
  readonly work: () => unknown
  readonly urgent: boolean
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

export interface GroupHooks {
  /** Frees the reserve; false where there is none left. */
  readonly freeReserve: () => boolean
  /** Takes note of where things in memory stand; the answer takes them back there. */
  readonly mark: () => () => void
  /** Last in a transaction, before its commit. */
  readonly seal: () => void
  /** After a transaction that is on disk. */
  readonly committed: () => void
}

/**
 * Group commit: works handed in during one turn of the event loop share a transaction and its fsync, each in a
 * savepoint of its own. After an fsync failed nothing is tried again on this connection: what the kernel still holds
 * may look written and be lost, so the group stays broken until a restart reads what is really there.
 */
export class Group {
  readonly #connection: Connection
  readonly #hooks: GroupHooks
  #queue: Job[] = []
  #scheduled = false
  #closed = false
  #idle: (() => void) | null = null
  condition: 'ok' | 'full' | 'broken' = 'ok'
  counts = { transactions: 0, works: 0, undone: 0 }

  constructor(connection: Connection, hooks: GroupHooks) {
    this.#connection = connection
    this.#hooks = hooks
  }

  commit<T>(work: () => T, urgent: boolean): Promise<T> {
    if (this.#closed) return Promise.reject(new StoreError('STATE_CLOSED', 'the state is closed'))
    return new Promise<unknown>((resolve, reject) => {
      this.#queue.push({ work, urgent, resolve, reject })
      this.#schedule()
    }) as Promise<T>
  }

  /** Resolves when the queue is empty; nothing is taken any more. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#queue.length > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      const jobs = this.#queue.splice(0, worksMax)
      if (this.#queue.length > 0) this.#schedule()
      this.#flush(jobs)
      if (this.#queue.length === 0) this.#idle?.()
    })
  }

  #flush(jobs: readonly Job[]): void {
    const fault = this.#transact(jobs)
    if (fault === null) return
    const urgent = jobs.filter((job) => job.urgent)
    const last = this.condition === 'full' && urgent.length > 0 && this.#hooks.freeReserve()
    for (const job of last ? jobs.filter((other) => !other.urgent) : jobs) job.reject(fault)
    if (!last) return
    const again = this.#transact(urgent)
    if (again !== null) for (const job of urgent) job.reject(again)
  }

  /** @returns the fault that undid all of it; otherwise every job was answered */
  #transact(jobs: readonly Job[]): StoreError | null {
    if (this.condition === 'broken') return broken()
    const answers: (() => void)[] = []
    let undone = 0
    const undo = this.#hooks.mark()
    try {
      this.#connection.control('begin immediate')
      for (const job of jobs) {
        const answer = this.#attempt(job)
        if (this.#connection.fault !== null) throw this.#connection.fault
        if (!answer.done) undone += 1
        answers.push(answer.tell)
      }
      this.#hooks.seal()
      this.#connection.control('commit')
    } catch (error) {
      undo()
      this.#connection.rollback()
      return this.#broke(error)
    }
    this.condition = 'ok'
    this.counts.transactions += 1
    this.counts.works += jobs.length - undone
    this.counts.undone += undone
    for (const tell of answers) tell()
    this.#hooks.committed()
    return null
  }

  #attempt(job: Job): { readonly done: boolean; readonly tell: () => void } {
    this.#connection.control('savepoint work')
    const undo = this.#hooks.mark()
    try {
      const result = job.work()
      if (result instanceof Promise) throw new TypeError('a work of the store must be synchronous')
      this.#connection.control('release work')
      return { done: true, tell: () => job.resolve(result) }
    } catch (error) {
      undo()
      if (this.#connection.fault === null) {
        this.#connection.control('rollback to work')
        this.#connection.control('release work')
      }
      return { done: false, tell: () => job.reject(error) }
    }
  }

  #broke(error: unknown): StoreError {
    if (error instanceof StoreError && error.code === 'STATE_FULL') {
      this.condition = 'full'
      return error
    }
    this.condition = 'broken'
    return error instanceof StoreError ? error : broken(error)
  }
}

function broken(cause?: unknown): StoreError {
  return new StoreError('STATE_IO', 'the state cannot be written until a restart', {
    hint: 'look at the disk, then restart',
    cause,
  })
}
