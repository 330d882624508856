import { Reader, Writer } from '../codec.ts'

/** How things that have an instant are written; reading gives back what was written. */
export interface PackedForm<Item> {
  readonly atMs: (item: Item) => number
  readonly write: (writer: Writer, item: Item) => void
  readonly read: (reader: Reader) => Item
}

interface Chunk {
  readonly fromMs: number
  readonly toMs: number
  readonly count: number
  /** A character a byte: of all that holds bytes it takes the least room. */
  readonly text: string
}

/**
 * Many things in the order of their instants, equal ones in the order in which they came, in a tenth of the room that
 * they would take as objects: packed by the dozen, unpacked when they are looked at. Putting one at the end is
 * amortised O(1), in between O(1) and finding its place.
 */
export class PackedList<Item> {
  readonly #form: PackedForm<Item>
  readonly #chunkMax: number
  readonly #tailMax: number
  #chunks: Chunk[] = []
  #tail: Item[] = []
  #packed = 0

  /** So many are packed together, and so many wait for it at most. */
  constructor(form: PackedForm<Item>, chunkMax: number, tailMax: number) {
    this.#form = form
    this.#chunkMax = chunkMax
    this.#tailMax = tailMax
  }

  /** Of an empty list: things in their order, packed once. */
  fill(items: readonly Item[]): void {
    for (let at = 0; at < items.length; at += this.#chunkMax) {
      this.#chunks.push(this.#chunkOf(items.slice(at, at + this.#chunkMax)))
    }
    this.#packed = items.length
  }

  get count(): number {
    return this.#packed + this.#tail.length
  }

  /** Instant of the first; null of an empty list. */
  get firstMs(): number | null {
    const [chunk] = this.#chunks
    const [item] = this.#tail
    return chunk?.fromMs ?? (item === undefined ? null : this.#form.atMs(item))
  }

  get last(): Item | null {
    const chunk = this.#chunks.at(-1)
    return this.#tail.at(-1) ?? (chunk === undefined ? null : this.#unpacked(chunk).at(-1)!)
  }

  /** Behind all of its instant. */
  put(item: Item): void {
    const atMs = this.#form.atMs(item)
    const end = this.#chunks.at(-1)?.toMs ?? Number.NEGATIVE_INFINITY
    if (atMs >= end) {
      insert(this.#tail, item, this.#form)
      if (this.#tail.length >= this.#tailMax) this.pack()
      return
    }
    const place = Math.max(
      0,
      this.#chunks.findLastIndex(({ fromMs }) => fromMs <= atMs),
    )
    const items = this.#unpacked(this.#chunks[place]!).slice()
    insert(items, item, this.#form)
    this.#replace(place, items)
    this.#packed += 1
  }

  /** In the place of the one that has its instant; false where there is none. */
  replace(item: Item): boolean {
    const atMs = this.#form.atMs(item)
    const at = this.#tail.findIndex((other) => this.#form.atMs(other) === atMs)
    if (at >= 0) {
      this.#tail[at] = item
      return true
    }
    const place = this.#chunks.findIndex((chunk) => chunk.fromMs <= atMs && atMs <= chunk.toMs)
    if (place < 0) return false
    const items = this.#unpacked(this.#chunks[place]!).slice()
    const index = items.findIndex((other) => this.#form.atMs(other) === atMs)
    if (index < 0) return false
    items[index] = item
    this.#replace(place, items)
    return true
  }

  /** The first of that instant. */
  find(atMs: number): Item | null {
    return this.between(atMs, atMs + 1)[0] ?? null
  }

  /** Those in `[fromMs, toMs)`. */
  between(fromMs: number, toMs: number): Item[] {
    const found: Item[] = []
    const take = (item: Item): void => {
      const atMs = this.#form.atMs(item)
      if (atMs >= fromMs && atMs < toMs) found.push(item)
    }
    for (const chunk of this.#chunks) {
      if (chunk.fromMs < toMs && chunk.toMs >= fromMs) this.#unpacked(chunk).forEach(take)
    }
    this.#tail.forEach(take)
    return found
  }

  all(): Item[] {
    return [...this.#chunks.flatMap((chunk) => [...this.#unpacked(chunk)]), ...this.#tail]
  }

  /** Takes out those before an instant. */
  takeBefore(beforeMs: number): Item[] {
    const taken = this.between(Number.NEGATIVE_INFINITY, beforeMs)
    if (taken.length === 0) return taken
    const rest = this.between(beforeMs, Number.POSITIVE_INFINITY)
    this.#chunks = []
    this.#tail = []
    this.#packed = 0
    for (const item of rest) this.put(item)
    return taken
  }

  /** Nothing is left that is not packed: for what is not added to for a while. */
  pack(): void {
    if (this.#tail.length === 0) return
    const last = this.#chunks.at(-1)
    const joins = last !== undefined && last.count + this.#tail.length <= this.#chunkMax
    const items = joins ? [...this.#unpacked(last), ...this.#tail] : this.#tail
    if (joins) this.#chunks.pop()
    this.#chunks.push(this.#chunkOf(items))
    this.#packed += this.#tail.length
    this.#tail = []
  }

  #replace(place: number, items: readonly Item[]): void {
    const half = Math.ceil(items.length / 2)
    const parts = items.length > 2 * this.#chunkMax ? [items.slice(0, half), items.slice(half)] : [items]
    this.#chunks.splice(place, 1, ...parts.map((part) => this.#chunkOf(part)))
  }

  #chunkOf(items: readonly Item[]): Chunk {
    const writer = new Writer()
    for (const item of items) this.#form.write(writer, item)
    const text = textOf(writer.finish())
    const [fromMs, toMs] = [this.#form.atMs(items[0]!), this.#form.atMs(items.at(-1)!)]
    return { fromMs, toMs, count: items.length, text }
  }

  #unpacked(chunk: Chunk): readonly Item[] {
    if (lastUnpacked.chunk === chunk) return lastUnpacked.items as readonly Item[]
    const reader = new Reader(bytesOf(chunk.text))
    const items = Array.from({ length: chunk.count }, () => this.#form.read(reader))
    lastUnpacked = { chunk, items }
    return items
  }
}

/** Of all lists together one chunk: the next question is often about the same. */
let lastUnpacked: { readonly chunk: Chunk | null; readonly items: readonly unknown[] } = {
  chunk: null,
  items: [],
}

function insert<Item>(items: Item[], item: Item, { atMs }: PackedForm<Item>): void {
  const at = atMs(item)
  items.splice(items.findLastIndex((other) => atMs(other) <= at) + 1, 0, item)
}

/** So many arguments a call takes on every machine. */
const argumentsMax = 4_096

/** Bytes as characters, a character a byte. */
export function textOf(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += argumentsMax) {
    text += Reflect.apply(String.fromCharCode, null, bytes.subarray(at, at + argumentsMax))
  }
  return text
}

export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at)
  return bytes
}
