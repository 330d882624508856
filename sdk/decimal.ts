import { InputError } from './errors.ts'

/**
 * An exact decimal number: `digits × 10^-scale`. Money is kept in these from the exchange's text to the signed
 * statement, so that nothing is rounded on the way. `scale` is at least 0.
 */
export interface Decimal {
  readonly digits: bigint
  readonly scale: number
}

/** Longest text taken for a number: enough for 1e-18 sizes and 1e30 quantities, with room. */
const textLengthMax = 80
const exponentMax = 60

export const zero: Decimal = { digits: 0n, scale: 0 }

const pattern = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * Reads `-12.50`, `1e-7` and the like. Refuses NaN, Infinity, a sign without digits, white space, and anything
 * longer than 80 characters or with an exponent beyond ±60.
 * @throws {InputError} `NOT_A_NUMBER`
 */
export function parseDecimal(text: string): Decimal {
  return parsePlain(text) ?? parseAny(text)
}

/**
 * Plain notation whose digits are a safe integer, as nearly all amounts are: character by character, without a regular
 * expression or a bigint in between. Null for whatever is longer, written otherwise, or no number.
 */
function parsePlain(text: string): Decimal | null {
  const { length } = text
  const first = text.charCodeAt(0) === minusCode ? 1 : 0
  if (length === first || length - first > 16) return null
  let digits = 0
  let point = -1
  for (let at = first; at < length; at += 1) {
    const digit = text.charCodeAt(at) - zeroCode
    if (digit >= 0 && digit <= 9) digits = digits * 10 + digit
    else if (digit === pointDigit && point < 0 && at > first && at < length - 1) point = at
    else return null
  }
  if (digits > Number.MAX_SAFE_INTEGER) return null
  if (digits === 0) return zero
  let scale = point < 0 ? 0 : length - 1 - point
  for (let at = length - 1; scale > 0 && text.charCodeAt(at) === zeroCode; at -= 1) {
    digits /= 10
    scale -= 1
  }
  return { digits: BigInt(first === 0 ? digits : -digits), scale }
}

const zeroCode = 48
const minusCode = 45
/** `.` as a digit would be. */
const pointDigit = -2

function parseAny(text: string): Decimal {
  const match = text.length <= textLengthMax ? pattern.exec(text) : null
  const exponent = match?.[4] === undefined ? 0 : Number(match[4])
  if (match === null || Math.abs(exponent) > exponentMax) {
    throw new InputError('NOT_A_NUMBER', 'not a decimal number', { hint: 'write it like -12.50' })
  }
  const fraction = match[3] ?? ''
  const digits = BigInt(`${match[1]}${match[2]}${fraction}`)
  return normal(digits, fraction.length - exponent)
}

/** From a finite double, by its shortest text: 0.1 is 0.1. */
export function decimalFromNumber(value: number): Decimal {
  return parseDecimal(String(value))
}

export function decimalFromInteger(value: number | bigint): Decimal {
  return { digits: BigInt(value), scale: 0 }
}

function normal(digits: bigint, scale: number): Decimal {
  if (digits === 0n) return zero
  if (scale < 0) return { digits: digits * tenTo(-scale), scale: 0 }
  while (scale > 0 && digits % 10n === 0n) {
    digits /= 10n
    scale -= 1
  }
  return { digits, scale }
}

const powers: bigint[] = [1n]
function tenTo(exponent: number): bigint {
  for (let next = powers.length; next <= exponent; next += 1) powers.push(powers[next - 1]! * 10n)
  return powers[exponent]!
}

function atScale(value: Decimal, scale: number): bigint {
  return value.scale === scale ? value.digits : value.digits * tenTo(scale - value.scale)
}

export function add(a: Decimal, b: Decimal): Decimal {
  if (a.scale === b.scale) return { digits: a.digits + b.digits, scale: a.scale }
  const scale = Math.max(a.scale, b.scale)
  return { digits: atScale(a, scale) + atScale(b, scale), scale }
}

export function subtract(a: Decimal, b: Decimal): Decimal {
  if (a.scale === b.scale) return { digits: a.digits - b.digits, scale: a.scale }
  const scale = Math.max(a.scale, b.scale)
  return { digits: atScale(a, scale) - atScale(b, scale), scale }
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  // A contract of one unit is the usual one.
  if (b.digits === 1n && b.scale === 0) return a
  const digits = a.digits * b.digits
  const scale = a.scale + b.scale
  return scale > 36 ? normal(digits, scale) : { digits, scale }
}

export function negate(a: Decimal): Decimal {
  return { digits: -a.digits, scale: a.scale }
}

export function absolute(a: Decimal): Decimal {
  return a.digits < 0n ? negate(a) : a
}

/** Negative, zero or positive as a is less than, equal to or greater than b. */
export function compare(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const scale = Math.max(a.scale, b.scale)
  const left = atScale(a, scale)
  const right = atScale(b, scale)
  return left < right ? -1 : left > right ? 1 : 0
}

export function signOf(a: Decimal): -1 | 0 | 1 {
  return a.digits < 0n ? -1 : a.digits > 0n ? 1 : 0
}

export function minimum(a: Decimal, b: Decimal): Decimal {
  return compare(a, b) <= 0 ? a : b
}

export function maximum(a: Decimal, b: Decimal): Decimal {
  return compare(a, b) >= 0 ? a : b
}

/** The sum of many; empty is 0. */
export function sum(values: Iterable<Decimal>): Decimal {
  let total = zero
  for (const value of values) total = add(total, value)
  return total
}

/**
 * a / b, rounded half to even at `scale` places: the only place where an exact number may be rounded.
 * @throws {RangeError} when b is 0
 */
export function divide(a: Decimal, b: Decimal, scale: number): Decimal {
  if (b.digits === 0n) throw new RangeError('division by zero')
  const shift = scale + b.scale - a.scale
  let top = shift >= 0 ? a.digits * tenTo(shift) : a.digits
  let bottom = shift >= 0 ? b.digits : b.digits * tenTo(-shift)
  if (bottom < 0n) {
    top = -top
    bottom = -bottom
  }
  return { digits: halfEven(top, bottom), scale }
}

/** Rounded half to even to `scale` places; unchanged where it has no more. */
export function round(a: Decimal, scale: number): Decimal {
  return a.scale <= scale ? a : { digits: halfEven(a.digits, tenTo(a.scale - scale)), scale }
}

/** top / bottom to the nearest integer, ties to even; bottom > 0. */
function halfEven(top: bigint, bottom: bigint): bigint {
  const quotient = top / bottom
  const rest = top - quotient * bottom
  const twice = (rest < 0n ? -rest : rest) * 2n
  const away = twice > bottom || (twice === bottom && quotient % 2n !== 0n)
  return away ? quotient + (top < 0n ? -1n : 1n) : quotient
}

/** Plain decimal text without exponent or trailing zeros; `-0` does not exist. */
export function toText(value: Decimal): string {
  if (value.scale === 0) return value.digits.toString()
  const short = Number(value.digits)
  if (Number.isSafeInteger(short) && value.scale <= 22) return shortText(short, value.scale)
  const { digits, scale } = normal(value.digits, value.scale)
  if (scale === 0) return digits.toString()
  const negative = digits < 0n
  const text = (negative ? -digits : digits).toString().padStart(scale + 1, '0')
  return `${negative ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`
}

/** The same of digits that are a safe integer, as nearly all are. */
function shortText(digits: number, scale: number): string {
  if (digits === 0) return '0'
  let rest = Math.abs(digits)
  let left = scale
  for (; left > 0 && rest % 10 === 0; left -= 1) rest /= 10
  const sign = digits < 0 ? '-' : ''
  if (left === 0) return `${sign}${rest}`
  const text = String(rest).padStart(left + 1, '0')
  return `${sign}${text.slice(0, -left)}.${text.slice(-left)}`
}

/** Powers of ten that a double holds exactly: 10^0 to 10^22. */
export const exactPowersOfTen: readonly number[] = Array.from({ length: 23 }, (_, power) =>
  Number(`1e${power}`),
)

/** The nearest double. */
export function toNumber(value: Decimal): number {
  const digits = Number(value.digits)
  // Both are exact then, and a division rounds once.
  const power = exactPowersOfTen[value.scale]
  if (power !== undefined && Number.isSafeInteger(digits)) return digits / power
  return Number(toText(value))
}
