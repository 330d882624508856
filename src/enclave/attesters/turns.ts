/** Platforms make one piece of evidence at a time: whoever asks meanwhile waits for their turn. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<Value>(work: () => Promise<Value>): Promise<Value> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}
