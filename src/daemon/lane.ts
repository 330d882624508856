/**
 * One thing at a time for each key, in the order of asking; different keys don't wait for each other. Everything that
 * reads an account's head and then writes a statement runs in the account's lane, so that its chain cannot fork.
 */
export class Lanes {
  readonly #tails = new Map<string, Promise<unknown>>()

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key)
    const result = before === undefined ? work() : before.then(work, work)
    // a failure is the caller's to handle; the lane only needs to know that it is over
    const tail = result.catch(() => undefined)
    this.#tails.set(key, tail)
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    })
    return result
  }

  /** Whether work of this key is under way or waits. */
  busy(key: string): boolean {
    return this.#tails.has(key)
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values())
  }
}
