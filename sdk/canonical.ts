import { utf8 } from './bytes.ts'
import { InputError } from './errors.ts'

/**
 * The canonical form of RFC 8785 (JCS): the one text of a JSON value that is signed and hashed.
 *
 * Only what JSON can carry is taken. NaN, Infinity, undefined (also as a member or a hole), BigInt, symbols,
 * functions, lone surrogates, cycles and instances of classes (Date, Map, Uint8Array …) are refused, because
 * dropping or coercing one of them silently would sign something the caller did not say. `toJSON` is never called.
 *
 * The walk keeps its own stack: no depth overflows it.
 * @see https://www.rfc-editor.org/rfc/rfc8785
 * @throws {InputError} `NOT_CANONICAL`
 */
export function canonicalize(value: unknown): string {
  let out = ''
  let next: unknown = value
  let frame: Frame | null = null
  let depth = 0
  let ancestors: Set<object> | null = null
  for (;;) {
    if (typeof next === 'object' && next !== null) {
      // Shallow values can't be cyclic for long: the set is only kept from a depth that honest values do not reach.
      if (depth === cycleDepth && ancestors === null) ancestors = ancestorsOf(frame)
      if (ancestors !== null) {
        if (ancestors.has(next)) throw refuse('a cycle')
        ancestors.add(next)
      }
      frame = Array.isArray(next) ? arrayFrame(next, frame) : objectFrame(next, frame)
      depth += 1
      out += frame.keys === null ? '[' : '{'
    } else out += scalar(next)

    // Close what is complete, then go to the next value that is not.
    while (frame !== null && frame.at === frame.length) {
      out += frame.keys === null ? ']' : '}'
      if (ancestors !== null) ancestors.delete(frame.holder)
      frame = frame.parent
      depth -= 1
    }
    if (frame === null) return out
    if (frame.at > 0) out += ','
    if (frame.keys === null) next = (frame.holder as readonly unknown[])[frame.at]
    else {
      const key = frame.keys[frame.at]!
      out += quotedKey(key)
      next = (frame.holder as Readonly<Record<string, unknown>>)[key]
    }
    frame.at += 1
  }
}

/** The UTF-8 bytes of {@link canonicalize}: what signatures and digests are made over. */
export function canonicalBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return utf8(canonicalize(value))
}

interface Frame {
  readonly holder: object
  /** Sorted; null for an array. */
  readonly keys: readonly string[] | null
  readonly length: number
  at: number
  readonly parent: Frame | null
}

const cycleDepth = 64

function ancestorsOf(frame: Frame | null): Set<object> {
  const set = new Set<object>()
  for (let each = frame; each !== null; each = each.parent) set.add(each.holder)
  return set
}

function arrayFrame(holder: readonly unknown[], parent: Frame | null): Frame {
  return { holder, keys: null, length: holder.length, at: 0, parent }
}

function objectFrame(holder: object, parent: Frame | null): Frame {
  const prototype = Object.getPrototypeOf(holder) as object | null
  if (prototype !== null && prototype !== Object.prototype && !isForeignObjectPrototype(prototype)) {
    throw refuse('an instance of a class')
  }
  if (Object.getOwnPropertySymbols(holder).length > 0) throw refuse('a symbol')
  const keys = sorted(Object.keys(holder))
  return { holder, keys, length: keys.length, at: 0, parent }
}

/** Plain objects of another realm (an iframe, a vm context) are plain objects too. */
function isForeignObjectPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf')
}

/** By UTF-16 code units, in place: the keys of a wire object are few and often sorted already. */
function sorted(keys: string[]): string[] {
  if (keys.length > 24) return keys.toSorted(byCodeUnits)
  for (let index = 1; index < keys.length; index += 1) {
    const key = keys[index]!
    let to = index
    while (to > 0 && keys[to - 1]! > key) {
      keys[to] = keys[to - 1]!
      to -= 1
    }
    keys[to] = key
  }
  return keys
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function scalar(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quote(value)
    case 'number':
      // ECMAScript's own text of a double is the one that RFC 8785 prescribes; -0 is 0.
      if (Number.isFinite(value)) return String(value)
      throw refuse(String(value))
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      return 'null'
    default:
      throw refuse(value === undefined ? 'undefined' : `a ${typeof value}`)
  }
}

const quotedKeysMax = 1_000
const quotedKeys = new Map<string, string>()

/** The same few keys come again and again: their text with the colon is kept. */
function quotedKey(key: string): string {
  const known = quotedKeys.get(key)
  if (known !== undefined) return known
  const text = `${quote(key)}:`
  if (quotedKeys.size < quotedKeysMax && key.length <= 64) quotedKeys.set(key, text)
  return text
}

function quote(text: string): string {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || (unit >= 0xd800 && unit <= 0xdfff)) {
      if (!text.isWellFormed()) throw refuse('a lone surrogate')
      return JSON.stringify(text)
    }
  }
  return `"${text}"`
}

function refuse(what: string): InputError {
  return new InputError('NOT_CANONICAL', `JSON can not carry ${what}`)
}
