/** So many calls of one list in so long, for one account. */
export interface Pace {
  readonly calls: number
  readonly inMs: number
}

export function every(calls: number, inMs: number): Pace {
  return { calls, inMs }
}

/**
 * Keeps one account's calls to the pace that its exchange sets for each list. It lives as long as one job: the next
 * poll of the same account is further away than any window.
 */
export class Pacer {
  readonly #begun = new Map<string, number[]>()

  /** Milliseconds until the list may be asked again; 0 takes it. */
  take(list: string, { calls, inMs }: Pace, nowMs: number): number {
    const begun = (this.#begun.get(list) ?? []).filter((atMs) => atMs > nowMs - inMs)
    this.#begun.set(list, begun)
    const first = begun[begun.length - calls]
    if (first !== undefined) return first + inMs - nowMs
    begun.push(nowMs)
    return 0
  }
}
