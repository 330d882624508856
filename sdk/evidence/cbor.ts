import { fromUtf8 } from '../bytes.ts'
import { refuse } from './verified.ts'

/**
 * CBOR (RFC 8949), the strict subset that Nitro documents are made of: definite lengths (but for the outermost map:
 * today's security modules leave that one's open), shortest numbers, no key twice, no floats; tags only where a
 * caller asks for one. Bounded in depth and in the number of items.
 */
export type Cbor = number | string | boolean | null | Uint8Array | readonly Cbor[] | CborMap

/** Keys are text or integers; two of them never mean the same. */
export type CborMap = ReadonlyMap<string | number, Cbor>

const depthMax = 8
const itemsMax = 1_024

const openMap = 0xbf
const endOfOpen = 0xff

/** @throws {VerificationError} `CBOR_INVALID` */
export function readCbor(bytes: Uint8Array): Cbor {
  const reader = new Reader(bytes)
  const value = reader.value(0)
  reader.end()
  return value
}

/** As {@link readCbor}, where the whole may stand in one `tag`. */
export function readTaggedCbor(bytes: Uint8Array, tag: number): Cbor {
  // One-byte tags only: those are all that documents here have.
  return readCbor(bytes[0] === 0xc0 + tag && tag < 24 ? bytes.subarray(1) : bytes)
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0
  #items = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw invalid('bytes after the end')
  }

  value(depth: number): Cbor {
    if (depth > depthMax) throw invalid('it is nested too deep')
    this.#items += 1
    if (this.#items > itemsMax) throw invalid('it has too many items')
    const first = this.#take(1)[0]!
    const major = first >> 5
    if (major === 7) return simpleOf(first & 31)
    if (first === openMap && depth === 0) return this.#map(Infinity, depth)
    const argument = this.#argument(first & 31)
    switch (major) {
      case 0:
        return argument
      case 1:
        return -1 - argument
      case 2:
        return this.#take(argument)
      case 3:
        return textOf(this.#take(argument))
      case 4:
        return this.#array(argument, depth)
      case 5:
        return this.#map(argument, depth)
      default:
        throw invalid('a tag')
    }
  }

  #array(length: number, depth: number): readonly Cbor[] {
    const values: Cbor[] = []
    // The length is hostile: room is made as items come, and they are counted.
    for (let index = 0; index < length; index += 1) values.push(this.value(depth + 1))
    return values
  }

  #map(length: number, depth: number): CborMap {
    const map = new Map<string | number, Cbor>()
    for (let index = 0; index < length; index += 1) {
      if (length === Infinity && this.#bytes[this.#at] === endOfOpen) {
        this.#at += 1
        break
      }
      const key = this.value(depth + 1)
      if (typeof key !== 'string' && typeof key !== 'number') throw invalid('a key of a refused kind')
      if (map.has(key)) throw invalid('a key twice')
      map.set(key, this.value(depth + 1))
    }
    return map
  }

  /** The number after the first byte, in its shortest form and below 2^53. */
  #argument(information: number): number {
    if (information < 24) return information
    if (information > 27) throw invalid('an indefinite length')
    const size = 2 ** (information - 24)
    const number = this.#take(size).reduce((value, byte) => value * 256 + byte, 0)
    const shortest = size === 1 ? number >= 24 : number >= 256 ** (size / 2)
    if (!shortest) throw invalid('a number not in its shortest form')
    if (!Number.isSafeInteger(number)) throw invalid('a number that is too large')
    return number
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw invalid('it ends too early')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}

function simpleOf(information: number): boolean | null {
  if (information === 20) return false
  if (information === 21) return true
  if (information === 22) return null
  throw invalid('a simple value or a float')
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch {
    throw invalid('a text that is not UTF-8')
  }
}

function invalid(what: string): Error {
  return refuse('CBOR_INVALID', `not strict CBOR: ${what}`)
}
