import { InputError, hourMs, minuteMs } from '@perf-agg/sdk'
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
  readonly #names = new Map<string, number>()
  #instantMs = 0
  #repeated: Decimal | null = null

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

  /** A text that comes again and again: written once, then by its number. */
  name(value: string): void {
    const known = this.#names.get(value)
    this.count(known ?? 0)
    if (known !== undefined) return
    this.#names.set(value, this.#names.size + 1)
    this.text(value)
  }

  /** An exchange's id: nearly all are numbers. */
  id(value: string): void {
    const isNumber = numberId.test(value)
    this.count(isNumber ? Number(value) + 1 : 0)
    if (!isNumber) this.text(value)
  }

  /** Milliseconds since 1970, from the instant written before: in whole hours, else minutes, else milliseconds. */
  instant(atMs: number): void {
    const changeMs = atMs - this.#instantMs
    const grain = grainsMs.findIndex((grainMs) => changeMs % grainMs === 0)
    this.count(zigzag(changeMs / grainsMs[grain]!) * grainsMs.length + grain)
    this.#instantMs = atMs
  }

  decimal(value: Decimal): void {
    const { digits, scale } = trimmed(value)
    const isShort = digits <= shortMax && digits >= -shortMax
    this.count(scale * 2 + (isShort ? 0 : 1))
    if (isShort) return this.count(zigzag(Number(digits)))
    const negative = digits < 0n
    const hex = (negative ? -digits : digits).toString(16)
    const even = hex.length % 2 === 0 ? hex : `0${hex}`
    this.count(even.length + (negative ? 1 : 0))
    this.#room(even.length / 2)
    for (let at = 0; at < even.length; at += 2)
      this.#bytes[this.#length++] = Number.parseInt(even.slice(at, at + 2), 16)
  }

  /** A value that is often the one that was written so before. */
  repeated(value: Decimal): void {
    const form = trimmed(value)
    const isSame = sameForm(this.#repeated, form)
    this.flag(isSame)
    if (!isSame) this.decimal(form)
    this.#repeated = form
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
  readonly #names: string[] = []
  readonly #known = new Set<string>()
  #instantMs = 0
  #repeated: Decimal | null = null

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  refuse(): never {
    throw new InputError('SNAPSHOT_INVALID', 'these bytes are not a snapshot of an account', {
      hint: 'restore from the last good copy of the state',
    })
  }

  /** The first text of a snapshot: what it is of, and the number of its form. */
  form(expected: string): void {
    const text = this.text()
    if (text === expected) return
    const kind = expected.replace(/\d+$/, '')
    if (!text.startsWith(kind) || !/^\d{1,9}$/.test(text.slice(kind.length))) this.refuse()
    throw new InputError('SNAPSHOT_VERSION', `this snapshot has form ${text.slice(kind.length)}`, {
      hint: `this release reads ${expected.slice(kind.length)}: restore with the release that wrote it`,
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

  name(): string {
    const index = this.count()
    if (index > 0) return this.#names[index - 1] ?? this.refuse()
    const text = this.text()
    if (this.#known.has(text)) this.refuse()
    this.#known.add(text)
    this.#names.push(text)
    return text
  }

  id(): string {
    const number = this.count()
    if (number > 0) return numberId.test(String(number - 1)) ? String(number - 1) : this.refuse()
    const text = this.text()
    return numberId.test(text) ? this.refuse() : text
  }

  instant(): number {
    const code = this.count()
    const grain = code % grainsMs.length
    const changeMs = unzigzag(Math.floor(code / grainsMs.length)) * grainsMs[grain]!
    if (grainsMs.slice(0, grain).some((grainMs) => changeMs % grainMs === 0)) this.refuse()
    this.#instantMs += changeMs
    if (!Number.isSafeInteger(this.#instantMs) || this.#instantMs < 0) this.refuse()
    return this.#instantMs
  }

  decimal(): Decimal {
    const head = this.count()
    const scale = Math.floor(head / 2)
    const digits = head % 2 === 0 ? BigInt(unzigzag(this.count())) : this.#longDigits()
    if (scale > 1_000_000 || (scale > 0 && digits % 10n === 0n)) this.refuse()
    return { digits, scale }
  }

  #longDigits(): bigint {
    const head = this.count()
    const length = Math.floor(head / 2)
    if (length > this.#bytes.length - this.#at || this.#bytes[this.#at] === 0) this.refuse()
    let hex = ''
    for (const byte of this.#bytes.subarray(this.#at, this.#at + length))
      hex += byte.toString(16).padStart(2, '0')
    this.#at += length
    const digits = BigInt(`0x0${hex}`)
    if (digits <= shortMax) this.refuse()
    return head % 2 === 0 ? digits : -digits
  }

  repeated(): Decimal {
    if (this.flag()) return this.#repeated ?? this.refuse()
    const value = this.decimal()
    if (sameForm(this.#repeated, value)) this.refuse()
    this.#repeated = value
    return value
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

function sameForm(a: Decimal | null, b: Decimal): boolean {
  return a !== null && a.digits === b.digits && a.scale === b.scale
}

/** Small changes either way are small counts. */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value)
const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2)

/** Twice as much is still a count. */
const shortMax = 2n ** 51n
const grainsMs = [hourMs, minuteMs, 1]
const numberId = /^(?:0|[1-9]\d{0,14})$/
