import { equalBytes, fromBase64, toBase64, treeRoot } from '@perf-agg/sdk'
import { nodeReader } from '../../log/source.ts'
import { conflict, type LogConflict } from '../../log/witness.ts'
import type { Store } from '../../store/store.ts'

const form = /^(\S{1,256}) (0|[1-9]\d{0,15}) ([A-Za-z0-9+/]{43}=)$/
const toldMax = 64
const name = 'backend_keeps_log'

/**
 * What a backend has seen of our log. Each delivery tells it the log's name, size and root; a backend that keeps the
 * largest it was told, and answers with that, is a witness of a kind: a state that was put back, or another log of this
 * name, contradicts it.
 */
export class BackendMemory {
  readonly #store: Store
  readonly #origin: string
  /** Of this start: what comes back unchanged needs no look. */
  readonly #told = new Set<string>()
  #conflict: LogConflict | null = null
  #keeps = false

  constructor(store: Store, origin: string) {
    this.#store = store
    this.#origin = origin
  }

  /** Whether this backend has ever answered so: the others need not be asked. */
  async keeps(): Promise<boolean> {
    this.#keeps ||= (await this.#store.meta(name)) !== null
    return this.#keeps
  }

  async #note(): Promise<void> {
    if (await this.keeps()) return
    await this.#store.commit((tx) => tx.setMeta(name, 'yes'))
    this.#keeps = true
  }

  get conflict(): LogConflict | null {
    return this.#conflict
  }

  /** The header's value now. */
  async tell(): Promise<string> {
    const { size, root } = await this.#store.logHead()
    const value = `${this.#origin} ${size} ${toBase64(root)}`
    this.#told.delete(value)
    this.#told.add(value)
    for (const oldest of this.#told) {
      if (this.#told.size <= toldMax) break
      this.#told.delete(oldest)
    }
    return value
  }

  /** What the backend answered; a value of another form, or about another log, says nothing. */
  async hear(value: string): Promise<void> {
    if (form.test(value)) await this.#note()
    if (this.#told.has(value)) return
    const [, origin, size, root] = form.exec(value) ?? []
    if (origin !== this.#origin || root === undefined) return
    const own = (await this.#store.logHead()).size
    if (Number(size) > own) {
      this.#conflict ??= conflict(
        'LOG_ROLLED_BACK',
        `the backend was told of ${size} leaves, here are ${own}`,
      )
    } else if (!equalBytes(await treeRoot(Number(size), nodeReader(this.#store)), fromBase64(root))) {
      this.#conflict ??= conflict('LOG_FORKED', 'the backend was told of another log of this name')
    }
  }
}
