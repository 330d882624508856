import { InputError } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The bytes of a snapshot: fields one after the other, in one order, in one form each, so that the same state is
 * always the same bytes and any other bytes are refused.
 */
export class Writer {
  #bytes = new Uint8Array(1024)
  #length = 0

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }

  /** An integer from 0 to 2^53 − 1, seven bits a byte. */
  count(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('not a count')
    this.#room(8)
    let rest = value
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#length++] = rest
  }

  flag(value: boolean): void {
    this.count(value ? 1 : 0)
  }

  text(value: string): void {
    if (isAscii(value)) {
      this.count(value.length)
      this.#room(value.length)
      for (let at = 0; at < value.length; at += 1) this.#bytes[this.#length++] = value.charCodeAt(at)
      return
    }
    const bytes = encoder.encode(value)
    this.count(bytes.length)
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  double(value: number): void {
    this.#room(8)
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value, true)
    this.#length += 8
  }

  decimal(value: Decimal): void {
    const { digits, scale } = trimmed(value)
    this.count(scale)
    this.text(digits.toString(36))
  }

  list<T>(values: readonly T[], each: (value: T) => void): void {
    this.count(values.length)
    for (const value of values) each(value)
  }

  /** Entries in the order of their keys, whatever the order in which they came. */
  map<K extends string | number, V>(
    values: ReadonlyMap<K, V>,
    key: (key: K) => void,
    each: (value: V) => void,
  ): void {
    const sorted = [...values].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    this.list(sorted, ([name, value]) => {
      key(name)
      each(value)
    })
  }

  optional<T>(value: T | null, each: (value: T) => void): void {
    this.flag(value !== null)
    if (value !== null) each(value)
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}

/** Reads what `Writer` wrote and nothing else. */
export class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  refuse(): never {
    throw new InputError('SNAPSHOT_INVALID', 'these bytes are not a snapshot of an account', {
      hint: 'restore from the last good copy of the state',
    })
  }

  count(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined || factor > 2 ** 49) this.refuse()
      value += (byte & 127) * factor
      if (byte >= 128) continue
      // A last byte of 0 would be a second form of the same number.
      if ((byte === 0 && factor > 1) || !Number.isSafeInteger(value)) this.refuse()
      return value
    }
  }

  flag(): boolean {
    const value = this.count()
    return value === 1 || (value === 0 ? false : this.refuse())
  }

  text(): string {
    const length = this.count()
    if (length > this.#bytes.length - this.#at) this.refuse()
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    try {
      return decoder.decode(bytes)
    } catch {
      return this.refuse()
    }
  }

  double(): number {
    if (this.#bytes.length - this.#at < 8) this.refuse()
    const value = new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getFloat64(this.#at, true)
    this.#at += 8
    return value
  }

  decimal(): Decimal {
    const scale = this.count()
    const text = this.text()
    const digits = digitsOf(text)
    if (digits === null || scale > 1_000_000) return this.refuse()
    if (scale > 0 && digits % 10n === 0n) this.refuse()
    return { digits, scale }
  }

  list<T>(each: () => T): T[] {
    const length = this.count()
    if (length > this.#bytes.length - this.#at) this.refuse()
    return Array.from({ length }, each)
  }

  map<K extends string | number, V>(key: () => K, each: () => V): Map<K, V> {
    const entries = this.list((): [K, V] => [key(), each()])
    const sorted = entries.every(([name], index) => index === 0 || entries[index - 1]![0] < name)
    return sorted ? new Map(entries) : this.refuse()
  }

  optional<T>(each: () => T): T | null {
    return this.flag() ? each() : null
  }

  oneOf<T extends string>(values: readonly T[]): T {
    return values[this.count()] ?? this.refuse()
  }

  end(): void {
    if (this.#at !== this.#bytes.length) this.refuse()
  }
}

/** Nearly everything is: names of assets and digits need no encoder. */
function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 127) return false
  return true
}

/** The one form of a value: without trailing zeros. */
function trimmed(value: Decimal): Decimal {
  let { digits, scale } = value
  if (digits === 0n) return { digits, scale: 0 }
  while (scale > 0 && digits % 10n === 0n) {
    digits /= 10n
    scale -= 1
  }
  return { digits, scale }
}

function digitsOf(text: string): bigint | null {
  if (!/^(?:0|-?[1-9a-z][0-9a-z]*)$/.test(text)) return null
  let value = 0n
  const digits = text.startsWith('-') ? text.slice(1) : text
  // Ten base-36 digits at a time stay below 2^53.
  for (let at = 0; at < digits.length; at += 10) {
    const part = digits.slice(at, at + 10)
    value = value * 36n ** BigInt(part.length) + BigInt(Number.parseInt(part, 36))
  }
  return text.startsWith('-') ? -value : value
}
