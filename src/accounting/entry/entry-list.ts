import { zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { addTo } from '../ledger/balances.ts'
import type { Balances } from '../ledger/balances.ts'
import type { Reader, Writer } from '../codec.ts'
import { compareEntries, sameEntry } from './entry.ts'
import type { Entry } from './entry.ts'
import { readEntry, writeEntry } from './entry-snapshot.ts'

/** Entries in their one order, each key once, whatever the order in which they came. */
export class EntryList {
  #entries: Entry[] = []
  readonly #byKey = new Map<string, Entry>()

  find(key: string): Entry | null {
    return this.#byKey.get(key) ?? null
  }

  /** Idempotent by key; an entry that came with other content replaces the former one. */
  put(entry: Entry): 'new' | 'changed' | 'known' {
    const known = this.#byKey.get(entry.key)
    if (known !== undefined) {
      if (sameEntry(known, entry)) return 'known'
      this.#entries.splice(this.#indexOf(known), 1)
    }
    this.#byKey.set(entry.key, entry)
    this.#entries.splice(this.#indexOf(entry), 0, entry)
    return known === undefined ? 'new' : 'changed'
  }

  /** Entries stamped in `[fromMs, toMs)`, in order. */
  between(fromMs: number, toMs: number): readonly Entry[] {
    return this.#entries.slice(this.#firstAt(fromMs), this.#firstAt(toMs))
  }

  /** When the newest so many begin; null where there are no more than that. */
  newest(count: number): number | null {
    return this.#entries.length <= count ? null : (this.#entries.at(-count)?.atMs ?? null)
  }

  /** Own fills' base and quote in a market in `[fromMs, toMs)`. */
  ownVolume(symbol: string, fromMs: number, toMs: number): { base: Decimal; quote: Decimal } {
    const own: Balances = new Map()
    for (const entry of this.between(fromMs, toMs)) {
      if (entry.kind !== 'fill' || entry.symbol !== symbol || entry.contract !== null) continue
      addTo(own, 'base', entry.quantity)
      addTo(own, 'quote', entry.quoteQuantity)
    }
    return { base: own.get('base') ?? zero, quote: own.get('quote') ?? zero }
  }

  dropBefore(atMs: number): void {
    const first = this.#firstAt(atMs)
    for (const entry of this.#entries.slice(0, first)) this.#byKey.delete(entry.key)
    this.#entries = this.#entries.slice(first)
  }

  /** Where it is, or where it belongs. */
  #indexOf(entry: Entry): number {
    let index = this.#firstAt(entry.atMs)
    while (index < this.#entries.length && compareEntries(this.#entries[index]!, entry) < 0) index += 1
    return index
  }

  /** Index of the first entry stamped at or after `atMs`. */
  #firstAt(atMs: number): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#entries[middle]!.atMs < atMs) low = middle + 1
      else high = middle
    }
    return low
  }

  write(writer: Writer): void {
    writer.list(this.#entries, (entry) => writeEntry(writer, entry))
  }

  static read(reader: Reader): EntryList {
    const list = new EntryList()
    list.#entries = reader.list(() => readEntry(reader))
    for (const [index, entry] of list.#entries.entries()) {
      if (index > 0 && compareEntries(list.#entries[index - 1]!, entry) >= 0) reader.refuse()
      if (list.#byKey.has(entry.key)) reader.refuse()
      list.#byKey.set(entry.key, entry)
    }
    return list
  }
}
