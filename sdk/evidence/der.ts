import { toHex } from '../bytes.ts'
import { refuse } from './verified.ts'

/**
 * DER (X.690), the strict subset that certificates and revocation lists are made of: definite, shortest lengths;
 * one-byte tags; nothing after the end. A lenient reader lets two programs see two certificates in the same bytes.
 * Nothing here recurses: depth is bounded by the structure a caller asks for.
 */

export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

export interface Element {
  readonly tag: number
  /** The content, without tag and length. */
  readonly value: Uint8Array
  /** Tag, length and content as they stand: what signatures cover. */
  readonly raw: Uint8Array
}

function invalid(what: string): Error {
  return refuse('DER_INVALID', `not strict DER: ${what}`)
}

/** Reads elements one after the other. Everything throws `VerificationError` `DER_INVALID`. */
export class DerReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  peek(): number | null {
    return this.#bytes[this.#at] ?? null
  }

  element(): Element {
    const start = this.#at
    const tag = this.#byte()
    if ((tag & 0x1f) === 0x1f) throw invalid('a tag of several bytes')
    const length = this.#length()
    if (length > this.#bytes.length - this.#at) throw invalid('a length beyond the end')
    const value = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return { tag, value, raw: this.#bytes.subarray(start, this.#at) }
  }

  read(tag: number): Element {
    if (this.peek() !== tag) throw invalid(`expected tag ${tag.toString(16)}`)
    return this.element()
  }

  optional(tag: number): Element | null {
    return this.peek() === tag ? this.element() : null
  }

  /** The inside of a constructed element. */
  inside(tag: number): DerReader {
    return new DerReader(this.read(tag).value)
  }

  end(): void {
    if (!this.atEnd) throw invalid('bytes after the end')
  }

  oid(): string {
    return oidText(this.read(Tag.oid).value)
  }

  /** A non-negative integer's bytes without the leading zero. */
  unsigned(): Uint8Array {
    return unsignedOf(this.read(Tag.integer).value)
  }

  /** A non-negative integer below 2^32. */
  smallInteger(): number {
    return smallOf(this.unsigned())
  }

  boolean(): boolean {
    return booleanOf(this.read(Tag.boolean).value)
  }

  /** A bit string that is whole bytes: keys and signatures. */
  bitStringBytes(): Uint8Array {
    const { value, unusedBits } = this.bitString()
    if (unusedBits !== 0) throw invalid('a bit string that is not whole bytes')
    return value
  }

  bitString(): { value: Uint8Array; unusedBits: number } {
    const { value } = this.read(Tag.bitString)
    const unusedBits = value[0]
    if (unusedBits === undefined || unusedBits > 7) throw invalid('a bit string without its first byte')
    const bits = value.subarray(1)
    if (bits.length === 0 && unusedBits !== 0) throw invalid('an empty bit string with unused bits')
    const last = bits.at(-1) ?? 0
    if ((last & ((1 << unusedBits) - 1)) !== 0) throw invalid('a bit string with unused bits set')
    return { value: bits, unusedBits }
  }

  /** UTCTime or GeneralizedTime in their DER forms (seconds, `Z`), as milliseconds since 1970. */
  timeMs(): number {
    const { tag, value } = this.element()
    if (tag !== Tag.utcTime && tag !== Tag.generalizedTime) throw invalid('expected a time')
    return timeMsOf(value, tag === Tag.generalizedTime)
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw invalid('it ends too early')
    this.#at += 1
    return byte
  }

  #length(): number {
    const first = this.#byte()
    if (first < 0x80) return first
    const count = first & 0x7f
    // Zero bytes is the indefinite form; four would be beyond anything bounded here.
    if (count === 0 || count > 3) throw invalid('a length of a refused form')
    let length = 0
    for (let index = 0; index < count; index += 1) length = length * 256 + this.#byte()
    if (length < 0x80 || length < 256 ** (count - 1)) throw invalid('a length not in its shortest form')
    return length
  }
}

/** One element that is the whole of `bytes`. */
export function readDer(bytes: Uint8Array, tag: number): DerReader {
  const outer = new DerReader(bytes)
  const inner = outer.inside(tag)
  outer.end()
  return inner
}

export function booleanOf(value: Uint8Array): boolean {
  if (value.length !== 1 || (value[0] !== 0 && value[0] !== 0xff)) throw invalid('a boolean of neither value')
  return value[0] === 0xff
}

export function unsignedOf(value: Uint8Array): Uint8Array {
  const first = value[0]
  if (first === undefined) throw invalid('an empty integer')
  if (first >= 0x80) throw invalid('a negative integer')
  if (first !== 0 || value.length === 1) return value
  if (value[1]! < 0x80) throw invalid('an integer not in its shortest form')
  return value.subarray(1)
}

export function smallOf(bytes: Uint8Array): number {
  if (bytes.length > 4) throw invalid('an integer that is too large')
  return bytes.reduce((number, byte) => number * 256 + byte, 0)
}

export function oidText(value: Uint8Array): string {
  if (value.length === 0 || value.length > 32) throw invalid('an object identifier of a refused length')
  const arcs: number[] = []
  let arc = 0
  let started = false
  for (const byte of value) {
    if (!started && byte === 0x80) throw invalid('an object identifier not in its shortest form')
    started = true
    arc = arc * 128 + (byte & 0x7f)
    if (arc > 0xff_ff_ff_ff) throw invalid('an object identifier that is too large')
    if (byte >= 0x80) continue
    arcs.push(arc)
    arc = 0
    started = false
  }
  if (started) throw invalid('an object identifier that ends too early')
  const first = Math.min(Math.floor(arcs[0]! / 40), 2)
  return [first, arcs[0]! - first * 40, ...arcs.slice(1)].join('.')
}

function timeMsOf(value: Uint8Array, generalized: boolean): number {
  const text = String.fromCharCode(...value.subarray(0, 20))
  if (!(generalized ? /^\d{14}Z$/ : /^\d{12}Z$/).test(text))
    throw invalid(`a time of a refused form ${toHex(value)}`)
  const shortYear = Number(text.slice(0, 2))
  const year = generalized ? Number(text.slice(0, 4)) : shortYear + (shortYear < 50 ? 2000 : 1900)
  const rest = text.slice(generalized ? 4 : 2)
  const field = (index: number): number => Number(rest.slice(index * 2, index * 2 + 2))
  const timeMs = Date.UTC(year, field(0) - 1, field(1), field(2), field(3), field(4))
  const date = new Date(timeMs)
  // Date.UTC carries the 31st of February over into March, and takes years below 100 for others.
  const same =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === field(0) - 1 &&
    date.getUTCDate() === field(1) &&
    date.getUTCHours() === field(2) &&
    date.getUTCMinutes() === field(3) &&
    date.getUTCSeconds() === field(4)
  if (!same) throw invalid('a time that is none')
  return timeMs
}
