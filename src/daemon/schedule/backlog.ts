import type { Costs } from './allowance.ts'
import type { Ended, PlaceQueue } from './place-queue.ts'

interface Work {
  readonly key: string
  readonly queue: PlaceQueue
  restsUntilMs: number
  /** What a step of it cost last; null before the first. */
  costs: Costs | null
}

/**
 * Work that can wait: the past of accounts. One step at a time, of who came first and is not resting: half-read pasts of
 * many would all be kept. A place decides when it lets it begin.
 */
export class Backlog {
  readonly #works = new Map<string, Work>()
  #underWay: { readonly work: Work; readonly reserved: Costs; readonly atMs: number } | null = null

  add(key: string, queue: PlaceQueue, nowMs: number): void {
    if (!this.#works.has(key)) this.#works.set(key, { key, queue, restsUntilMs: nowMs, costs: null })
  }

  remove(key: string): void {
    this.#works.delete(key)
  }

  /** The next instant at which a step may begin, as far as is known now; Infinity while one is under way. */
  nextMs(nowMs: number): number {
    if (this.#underWay !== null) return Number.POSITIVE_INFINITY
    let nextMs = Number.POSITIVE_INFINITY
    for (const { restsUntilMs } of this.#works.values()) nextMs = Math.min(nextMs, restsUntilMs)
    return Math.max(nextMs, nowMs)
  }

  take(nowMs: number): string | null {
    if (this.#underWay !== null) return null
    const refused = new Map<PlaceQueue, number>()
    for (const work of this.#works.values()) {
      if (work.restsUntilMs > nowMs) continue
      const reserved = work.costs ?? {}
      const mayMs = refused.get(work.queue) ?? work.queue.beginPast(reserved, nowMs)
      if (mayMs > nowMs) {
        refused.set(work.queue, mayMs)
        work.restsUntilMs = mayMs
        continue
      }
      this.#underWay = { work, reserved, atMs: nowMs }
      return work.key
    }
    return null
  }

  done(key: string, nowMs: number, ended: Ended): void {
    if (this.#underWay?.work.key !== key) return
    const { work, reserved, atMs } = this.#underWay
    this.#underWay = null
    work.queue.settlePast(reserved, atMs, ended, nowMs)
    work.costs = ended.spent ?? work.costs
    work.restsUntilMs = nowMs + (ended.retryAfterMs ?? 0)
  }
}
