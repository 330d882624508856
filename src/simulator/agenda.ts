/** What is still to happen, in the order of time; equal instants in the order they were put down. */
export class Agenda {
  readonly #heap: { atMs: number; place: number; act: (atMs: number) => void }[] = []
  #places = 0

  at(atMs: number, act: (atMs: number) => void): void {
    const heap = this.#heap
    let index = heap.push({ atMs, place: (this.#places += 1), act }) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#before(index, parent)) break
      ;[heap[index], heap[parent]] = [heap[parent]!, heap[index]!]
      index = parent
    }
  }

  /** Does everything due at or before `untilMs`, what is added on the way too. */
  runUntil(untilMs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#takeFirst()
      next.act(next.atMs)
    }
  }

  #takeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (heap.length === 0 || last === undefined) return
    heap[0] = last
    for (let index = 0; ;) {
      const left = index * 2 + 1
      const right = left + 1
      let least = index
      if (left < heap.length && this.#before(left, least)) least = left
      if (right < heap.length && this.#before(right, least)) least = right
      if (least === index) return
      ;[heap[index], heap[least]] = [heap[least]!, heap[index]!]
      index = least
    }
  }

  #before(index: number, other: number): boolean {
    const one = this.#heap[index]!
    const two = this.#heap[other]!
    return one.atMs === two.atMs ? one.place < two.place : one.atMs < two.atMs
  }
}
