import { Reader, Writer } from '../codec.ts'
import { bytesOf, textOf } from './packed-list.ts'

/**
 * How something stood at the starts of days, packed: what has to be made again from some instant on is made from the
 * start of that day, not from the beginning. They are no part of a snapshot: without them it only takes longer.
 */
export class DayCheckpoints<State> {
  readonly #write: (state: State, writer: Writer) => void
  #days: { readonly atMs: number; readonly text: string }[] = []

  constructor(write: (state: State, writer: Writer) => void) {
    this.#write = write
  }

  get count(): number {
    return this.#days.length
  }

  /** In the order of time; what was kept of that instant or later is given up. */
  keep(atMs: number, state: State): void {
    this.dropFrom(atMs)
    const writer = new Writer()
    this.#write(state, writer)
    const text = textOf(writer.finish())
    // Nothing happened since: the one before says it all.
    if (text !== this.#days.at(-1)?.text) this.#days.push({ atMs, text })
  }

  /** The last one at or before an instant, as a state of its own; null where there is none. */
  before(atMs: number, read: (reader: Reader) => State): { atMs: number; state: State } | null {
    const day = this.#days.findLast((one) => one.atMs <= atMs)
    return day === undefined ? null : { atMs: day.atMs, state: read(new Reader(bytesOf(day.text))) }
  }

  /** From an instant on they are not true any more. */
  dropFrom(atMs: number): void {
    this.#days = this.#days.filter((one) => one.atMs < atMs)
  }

  dropBefore(atMs: number): void {
    this.#days = this.#days.filter((one) => one.atMs >= atMs)
  }
}
