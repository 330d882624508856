import { InputError } from './errors.ts'

/**
 * Small strict readers for parsed JSON: each takes a value and the path it stood at, and gives it back typed or
 * throws `INPUT_INVALID` with that path. They are how a wire form is parsed at the door.
 */

/** @throws {InputError} `INPUT_INVALID`; the message names the path, never the value */
function invalid(path: string, must: string): InputError {
  return new InputError('INPUT_INVALID', `${path === '' ? 'the value' : path} must be ${must}`)
}

export interface Members<Required extends string, Optional extends string> {
  readonly required?: readonly Required[]
  readonly optional?: readonly Optional[]
}

/** An object with every required member, any of the optional ones, and no other. */
export function readObject<Required extends string = never, Optional extends string = never>(
  value: unknown,
  path: string,
  members: Members<Required, Optional>,
): { readonly [Name in Required]: unknown } & { readonly [Name in Optional]?: unknown } {
  const object = readRecord(value, path)
  const required: readonly string[] = members.required ?? []
  const optional: readonly string[] = members.optional ?? []
  for (const name of required) {
    if (!Object.hasOwn(object, name))
      throw new InputError('INPUT_INVALID', `${memberPath(path, name)} is missing`)
  }
  for (const name of Object.keys(object)) {
    if (required.includes(name) || optional.includes(name)) continue
    // An unknown name is the sender's text: only shown where it can't disturb a log.
    const shown = /^[A-Za-z0-9_.-]{1,64}$/.test(name) ? ` ${name}` : ''
    const where = path === '' ? 'the value' : path
    throw new InputError('INPUT_INVALID', `${where} has an unknown member${shown}`)
  }
  return object as { [Name in Required]: unknown } & { [Name in Optional]?: unknown }
}

/** Any object; arrays are none. */
export function readRecord(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(path, 'an object')
  return value as Readonly<Record<string, unknown>>
}

export interface TextBounds {
  readonly min?: number
  /** Characters; 1,024 unless said. */
  readonly max?: number
  readonly pattern?: RegExp
  /** What the pattern asks for, in words: `must be <this>`. */
  readonly form?: string
}

export function readString(value: unknown, path: string, bounds: TextBounds = {}): string {
  if (typeof value !== 'string') throw invalid(path, 'a string')
  const min = bounds.min ?? 0
  const max = bounds.max ?? 1_024
  if (value.length < min || value.length > max) throw invalid(path, `${min} to ${max} characters long`)
  if (bounds.pattern !== undefined && !bounds.pattern.test(value)) {
    throw invalid(path, bounds.form ?? 'of another form')
  }
  return value
}

export interface NumberBounds {
  readonly min?: number
  readonly max?: number
}

/** Between -(2^53 - 1) and 2^53 - 1, or narrower. */
export function readInteger(value: unknown, path: string, bounds: NumberBounds = {}): number {
  if (!Number.isSafeInteger(value)) throw invalid(path, 'an integer')
  return bounded(value as number, path, bounds)
}

/** A finite double. */
export function readNumber(value: unknown, path: string, bounds: NumberBounds = {}): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalid(path, 'a number')
  return bounded(value, path, bounds)
}

function bounded(value: number, path: string, bounds: NumberBounds): number {
  const { min = -Infinity, max = Infinity } = bounds
  if (value < min) throw invalid(path, `at least ${min}`)
  if (value > max) throw invalid(path, `at most ${max}`)
  return value
}

export function readBoolean(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw invalid(path, 'true or false')
  return value
}

/** At most `max` elements, each read by `readElement` where given. */
export function readArray(value: unknown, path: string, max: number): readonly unknown[]
export function readArray<Element>(
  value: unknown,
  path: string,
  max: number,
  readElement: (value: unknown, path: string) => Element,
): readonly Element[]
export function readArray(
  value: unknown,
  path: string,
  max: number,
  readElement?: (value: unknown, path: string) => unknown,
): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(path, 'an array')
  if (value.length > max) throw invalid(path, `at most ${max} long`)
  const elements: readonly unknown[] = value
  return readElement === undefined
    ? elements
    : elements.map((element, index) => readElement(element, `${path}[${index}]`))
}

export function readEnum<const Choice extends string | number | boolean>(
  value: unknown,
  path: string,
  choices: readonly Choice[],
): Choice {
  const choice = choices.find((each) => each === value)
  if (choice === undefined)
    throw invalid(path, choices.length === 1 ? String(choices[0]) : `one of ${choices.join(', ')}`)
  return choice
}

/** `null`, or what `read` makes of it. */
export function readNullable<Value>(
  value: unknown,
  path: string,
  read: (value: unknown, path: string) => Value,
): Value | null {
  return value === null ? null : read(value, path)
}

/** The path of a member. */
export function memberPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
