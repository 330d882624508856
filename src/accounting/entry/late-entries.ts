import type { Reader, Writer } from '../codec.ts'
import type { Correction } from '../hour/hour.ts'

const causes = ['late-fill', 'late-flow', 'explained', 'changed'] as const

/** What came after its hour was stated, and which stated hours it may have moved: they wait to be made again. */
export class LateEntries {
  #hours = new Set<number>()
  #causes: Correction['cause'][] = []
  #records: string[] = []

  get isEmpty(): boolean {
    return this.#hours.size === 0
  }

  /** Starts of the hours, oldest first. */
  get hours(): readonly number[] {
    return [...this.#hours].toSorted((a, b) => a - b)
  }

  note(hours: readonly number[], cause: Correction['cause'], record: string): void {
    for (const startMs of hours) this.#hours.add(startMs)
    if (this.#records.includes(record)) return
    this.#causes.push(cause)
    this.#records.push(record)
  }

  /** What is to be said with the correction; nothing is late any more. */
  settle(): { readonly cause: Correction['cause']; readonly records: readonly string[] } {
    const settled = { cause: this.#causes[0] ?? 'changed', records: this.#records }
    this.#hours = new Set()
    this.#causes = []
    this.#records = []
    return settled
  }

  write(writer: Writer): void {
    writer.list(this.hours, (startMs) => writer.count(startMs))
    writer.list(this.#causes, (cause) => writer.count(causes.indexOf(cause)))
    writer.list(this.#records, (record) => writer.text(record))
  }

  static read(reader: Reader): LateEntries {
    const late = new LateEntries()
    late.#hours = new Set(reader.list(() => reader.count()))
    late.#causes = reader.list(() => reader.oneOf(causes))
    late.#records = reader.list(() => reader.text())
    if (late.#causes.length !== late.#records.length) reader.refuse()
    return late
  }
}
