import { utf8 } from './bytes.ts'
import { InputError } from './errors.ts'

export interface JsonLimits {
  /** 64 KiB unless said. */
  readonly bytesMax?: number
  /** Nested arrays and objects, 32 unless said. */
  readonly depthMax?: number
}

/**
 * JSON as RFC 8259 and I-JSON have it, and nothing else: `JSON.parse` lets duplicate keys, lone surrogates, any
 * depth and numbers beyond a double pass, and two readers of one signed text could then see two things.
 * Objects have no prototype, so that `__proto__` is a key like any other.
 * @throws {InputError} `JSON_INVALID`, `JSON_DUPLICATE_KEY`, `JSON_TOO_DEEP`, `JSON_TOO_LARGE`; the message holds a
 *   place, never the content
 */
export function parseJson(input: Uint8Array | string, limits: JsonLimits = {}): unknown {
  const bytes = bytesOf(input, limits)
  const text = typeof input === 'string' ? input : lenient.decode(input)
  // Equal lengths mean that every byte is one character: strings can be cut out of the text as they stand.
  return new Reader(bytes, text.length === bytes.length ? text : null, limits, null).document()
}

/**
 * As {@link parseJson} for an object, but the value of the top-level `member` is only checked for its grammar and
 * handed back as a view of the bytes it stands in (`slice`); in `value` it is null. No string of its content is
 * ever made, so that it can be wiped.
 */
export function parseJsonWithSlice(
  bytes: Uint8Array,
  member: string,
  limits: JsonLimits = {},
): { value: unknown; slice: Uint8Array | null } {
  const reader = new Reader(bytesOf(bytes, limits), null, limits, member)
  return { value: reader.document(), slice: reader.slice }
}

const bytesMaxDefault = 65_536
const depthMaxDefault = 32

const lenient = new TextDecoder('utf-8', { ignoreBOM: true })
const fatal = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function bytesOf(input: Uint8Array | string, limits: JsonLimits): Uint8Array {
  const bytesMax = limits.bytesMax ?? bytesMaxDefault
  // A string is at least as many bytes as characters: refused before it is encoded.
  if (input.length > bytesMax) throw tooLarge(bytesMax)
  if (typeof input !== 'string') return input
  if (!input.isWellFormed()) throw new InputError('JSON_INVALID', 'not JSON: a lone surrogate')
  const bytes = utf8(input)
  if (bytes.length > bytesMax) throw tooLarge(bytesMax)
  return bytes
}

function tooLarge(bytesMax: number): InputError {
  return new InputError('JSON_TOO_LARGE', `JSON of more than ${bytesMax} bytes`)
}

type JsonObject = Record<string, unknown>

/** Marks an object or array whose grammar is checked without being built. */
const uncheckedObject: JsonObject = Object.freeze(Object.create(null) as JsonObject)
const uncheckedArray: unknown[] = Object.freeze([]) as unknown as unknown[]

/** Without a prototype, and yet (unlike that of `Object.create(null)`) as fast as any other object. */
function newObject(): JsonObject {
  return Object.setPrototypeOf({}, null) as JsonObject
}

/** Keys come again and again: the text of the last ones is kept, by a hash of their bytes. */
const knownKeys: (string | undefined)[] = Array.from({ length: 512 }, () => undefined)
const knownKeyLengthMax = 48

class Reader {
  slice: Uint8Array | null = null
  readonly #bytes: Uint8Array
  readonly #text: string | null
  readonly #depthMax: number
  readonly #member: string | null
  #at = 0
  #depth = 0

  constructor(bytes: Uint8Array, text: string | null, limits: JsonLimits, member: string | null) {
    this.#bytes = bytes
    this.#text = text
    this.#depthMax = limits.depthMax ?? depthMaxDefault
    this.#member = member
  }

  document(): unknown {
    const value = this.#value(true)
    this.#space()
    if (this.#at !== this.#bytes.length) throw this.#invalid()
    return value
  }

  /** One value from here on, with its own stack; `build` false only checks. */
  #value(build: boolean): unknown {
    const holders: (unknown[] | JsonObject)[] = []
    const keys: string[] = []
    for (;;) {
      let value: unknown
      const first = this.#space()
      if (first === 0x7b || first === 0x5b) {
        if ((this.#depth += 1) > this.#depthMax) {
          throw new InputError('JSON_TOO_DEEP', `JSON nested more than ${this.#depthMax} deep`)
        }
        this.#at += 1
        const empty = this.#space() === first + 2
        const holder = this.#holder(first === 0x7b, build)
        if (empty) {
          this.#at += 1
          this.#depth -= 1
          value = holder
        } else {
          holders.push(holder)
          if (first === 0x5b) {
            keys.push('')
            continue
          }
          keys.push(this.#key(build ? (holder as JsonObject) : null))
          if (!this.#sliced(holders, keys)) continue
          value = null
        }
      } else value = this.#scalar(first, build)

      // The value is complete: into its holder with it, and the holder with it where it ends here.
      for (;;) {
        const holder = holders.at(-1)
        if (holder === undefined) return value
        const isArray = Array.isArray(holder)
        if (build) {
          if (isArray) holder.push(value)
          else holder[keys.at(-1)!] = value
        }
        const after = this.#space()
        this.#at += 1
        if (after === 0x2c) {
          if (isArray) break
          this.#space()
          keys[keys.length - 1] = this.#key(build ? holder : null)
          if (!this.#sliced(holders, keys)) break
          value = null
        } else if (after === (isArray ? 0x5d : 0x7d)) {
          holders.pop()
          keys.pop()
          this.#depth -= 1
          value = holder
        } else {
          this.#at -= 1
          throw this.#invalid()
        }
      }
    }
  }

  #holder(isObject: boolean, build: boolean): unknown[] | JsonObject {
    if (!build) return isObject ? uncheckedObject : uncheckedArray
    return isObject ? newObject() : []
  }

  /** Takes the value as a slice where it is the member asked for. */
  #sliced(holders: readonly unknown[], keys: readonly string[]): boolean {
    if (this.#member === null || holders.length !== 1 || this.#depth !== 1 || keys[0] !== this.#member) {
      return false
    }
    this.#space()
    const start = this.#at
    this.#value(false)
    this.slice = this.#bytes.subarray(start, this.#at)
    return true
  }

  /** A key and its colon; with `holder`, refused where that has it already. */
  #key(holder: JsonObject | null): string {
    if (this.#bytes[this.#at] !== 0x22) throw this.#invalid()
    const start = this.#at
    const key = holder === null ? this.#string(false) : (this.#knownKey() ?? this.#string(true))
    if (holder !== null && key in holder) {
      throw new InputError('JSON_DUPLICATE_KEY', `a JSON object has a key twice, at byte ${start}`)
    }
    if (this.#space() !== 0x3a) throw this.#invalid()
    this.#at += 1
    return key
  }

  /** A short plain key that was met before, without making its string anew; else null, and nothing is read. */
  #knownKey(): string | null {
    const bytes = this.#bytes
    const start = this.#at + 1
    const stop = Math.min(bytes.length, start + knownKeyLengthMax)
    let hash = 0
    for (let at = start; at < stop; at += 1) {
      const byte = bytes[at]!
      if (byte === 0x22) return this.#keyOf(hash & 511, start, at)
      if (byte === 0x5c || byte >= 0x80 || byte < 0x20) return null
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    return null
  }

  #keyOf(slot: number, start: number, end: number): string {
    const bytes = this.#bytes
    const length = end - start
    this.#at = end + 1
    const known = knownKeys[slot]
    if (known !== undefined && known.length === length) {
      let index = 0
      while (index < length && known.charCodeAt(index) === bytes[start + index]) index += 1
      if (index === length) return known
    }
    return (knownKeys[slot] = fatal.decode(bytes.subarray(start, end)))
  }

  #scalar(first: number, build: boolean): unknown {
    if (first === 0x22) return this.#string(build)
    if (first === 0x2d || (first >= 0x30 && first <= 0x39)) return this.#number(build)
    if (first === 0x74) return this.#word('true', true)
    if (first === 0x66) return this.#word('false', false)
    if (first === 0x6e) return this.#word('null', null)
    throw this.#invalid()
  }

  #word<Value>(word: string, value: Value): Value {
    for (let index = 0; index < word.length; index += 1, this.#at += 1) {
      if (this.#bytes[this.#at] !== word.charCodeAt(index)) throw this.#invalid()
    }
    return value
  }

  #number(build: boolean): number {
    const bytes = this.#bytes
    const start = this.#at
    if (bytes[this.#at] === 0x2d) this.#at += 1
    const integerStart = this.#at
    if (bytes[this.#at] === 0x30) this.#at += 1
    else this.#digits()
    const integerEnd = this.#at
    if (bytes[this.#at] === 0x2e) {
      this.#at += 1
      this.#digits()
    }
    if (bytes[this.#at] === 0x65 || bytes[this.#at] === 0x45) {
      this.#at += 1
      if (bytes[this.#at] === 0x2b || bytes[this.#at] === 0x2d) this.#at += 1
      this.#digits()
    }
    if (!build) return 0
    if (this.#at === integerEnd && integerEnd - integerStart <= 15) {
      let value = 0
      for (let at = integerStart; at < integerEnd; at += 1) value = value * 10 + bytes[at]! - 0x30
      return integerStart === start ? value : -value
    }
    const value = Number(this.#ascii(start, this.#at))
    if (!Number.isFinite(value)) throw this.#invalid(start)
    return value
  }

  #digits(): void {
    const bytes = this.#bytes
    const start = this.#at
    let at = start
    while (at < bytes.length && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at += 1
    this.#at = at
    if (at === start) throw this.#invalid()
  }

  #string(build: boolean): string {
    const bytes = this.#bytes
    const length = bytes.length
    const start = this.#at + 1
    for (let at = start; at < length; at += 1) {
      const byte = bytes[at]!
      if (byte === 0x22) {
        this.#at = at + 1
        return build ? this.#ascii(start, at) : ''
      }
      if (byte === 0x5c || byte >= 0x80 || byte < 0x20) {
        this.#at = at
        return this.#richString(start, build)
      }
    }
    throw this.#invalid(length)
  }

  /** A string with escapes or characters beyond ASCII; `start` is its first byte, all before here is plain. */
  #richString(start: number, build: boolean): string {
    const bytes = this.#bytes
    const length = bytes.length
    let text = ''
    let runStart = start
    for (;;) {
      if (this.#at >= length) throw this.#invalid()
      const byte = bytes[this.#at]!
      if (byte === 0x22 || byte === 0x5c) {
        if (build) text += this.#decoded(runStart, this.#at)
        this.#at += 1
        if (byte === 0x22) return text
        const character = this.#escape()
        if (build) text += character
        runStart = this.#at
      } else if (byte < 0x20) throw this.#invalid()
      else if (byte < 0x80) this.#at += 1
      else this.#at += this.#sequenceLength()
    }
  }

  /** After the backslash. */
  #escape(): string {
    const byte = this.#bytes[this.#at]
    this.#at += 1
    switch (byte) {
      case 0x22:
        return '"'
      case 0x5c:
        return '\\'
      case 0x2f:
        return '/'
      case 0x62:
        return '\b'
      case 0x66:
        return '\f'
      case 0x6e:
        return '\n'
      case 0x72:
        return '\r'
      case 0x74:
        return '\t'
      case 0x75:
        return this.#unicodeEscape()
      default:
        this.#at -= 1
        throw this.#invalid()
    }
  }

  #unicodeEscape(): string {
    const start = this.#at
    const unit = this.#hex4()
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit)
    const paired = unit < 0xdc00 && this.#bytes[this.#at] === 0x5c && this.#bytes[this.#at + 1] === 0x75
    if (!paired) throw this.#invalid(start)
    this.#at += 2
    const low = this.#hex4()
    if (low < 0xdc00 || low > 0xdfff) throw this.#invalid(start)
    return String.fromCharCode(unit, low)
  }

  #hex4(): number {
    let value = 0
    for (const end = this.#at + 4; this.#at < end; this.#at += 1) {
      const byte = this.#bytes[this.#at] ?? 0
      const digit =
        byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : (byte | 0x20) >= 0x61 ? (byte | 0x20) - 0x57 : 16
      if (digit > 15) throw this.#invalid()
      value = value * 16 + digit
    }
    return value
  }

  /** The length of the UTF-8 sequence here: shortest form only, no surrogates, up to U+10FFFF. */
  #sequenceLength(): number {
    const bytes = this.#bytes
    const lead = bytes[this.#at]!
    const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
    const second = bytes[this.#at + 1] ?? 0
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
    if (length === 0 || second < low || second > high) throw this.#invalid()
    for (let index = 2; index < length; index += 1) {
      if (((bytes[this.#at + index] ?? 0) & 0xc0) !== 0x80) throw this.#invalid()
    }
    return length
  }

  #ascii(start: number, end: number): string {
    if (this.#text !== null) return this.#text.slice(start, end)
    return this.#decoded(start, end)
  }

  /** Checked to be UTF-8 already. */
  #decoded(start: number, end: number): string {
    return start === end ? '' : fatal.decode(this.#bytes.subarray(start, end))
  }

  /** Past white space; the byte there, or -1 at the end. */
  #space(): number {
    const bytes = this.#bytes
    let at = this.#at
    while (at < bytes.length) {
      const byte = bytes[at]!
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        this.#at = at
        return byte
      }
      at += 1
    }
    this.#at = at
    return -1
  }

  #invalid(at = this.#at): InputError {
    return new InputError('JSON_INVALID', `not JSON at byte ${at}`)
  }
}
