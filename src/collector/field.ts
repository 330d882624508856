import { instantMinMs, minuteMs } from '@perf-agg/sdk'
import { invalidAnswer } from './failure.ts'

/**
 * Readers for the fields of an exchange's answers. Members that nobody asks for are passed over (exchanges add
 * some every month); those that are read must be what they claim: finite decimals, instants that can be, ids that
 * can stand in a log. Anything else quarantines the whole answer.
 */
export type Row = Readonly<Record<string, unknown>>

export function rowOf(value: unknown, place: string): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidAnswer(place)
  return value as Row
}

export function rowsOf(value: unknown, place: string, rowsMax: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > rowsMax) throw invalidAnswer(place)
  return value
}

/** Coins, or whatever else is told once each: one that comes again would count twice. */
export function refuseTwice(names: readonly string[], place: string): void {
  if (new Set(names).size < names.length) throw invalidAnswer(place)
}

const decimalPattern = /^-?(?:0|[1-9]\d{0,29})(?:\.\d{1,30})?$/

/** A decimal string as the exchange wrote it; a JSON number only where it has lost nothing. */
export function decimalOf(value: unknown, place: string, sign: 'positive' | 'not-negative' | 'any'): string {
  const given = typeof value === 'number' && Math.abs(value) < 1e15 ? String(value) : value
  const text = typeof given === 'string' ? plainOf(given) : given
  if (typeof text !== 'string' || !decimalPattern.test(text)) throw invalidAnswer(place)
  const zero = !/[1-9]/.test(text)
  if (sign !== 'any' && text.startsWith('-') && !zero) throw invalidAnswer(place)
  if (sign === 'positive' && zero) throw invalidAnswer(place)
  return text
}

/** Without an exponent below nothing, as small ones are written by some, and by a double: `1e-7`, `0E-8`. */
function plainOf(text: string): string {
  const parts = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?[eE]-(\d{1,2})$/.exec(text)
  if (parts === null) return text
  const [, sign = '', whole = '', fraction = '', exponent = ''] = parts
  const places = fraction.length + Number(exponent)
  const digits = (whole + fraction).padStart(places + 1, '0')
  const left = digits.slice(0, digits.length - places).replace(/^0+(?=\d)/, '')
  return `${sign}${left}${places === 0 ? '' : `.${digits.slice(-places)}`}`
}

/** Zero where there is nothing: left out, null, or an empty text. */
export function amountOrZero(value: unknown, place: string): string {
  return value === undefined || value === null || value === '' ? '0' : decimalOf(value, place, 'any')
}

/** Exchanges write ids as text or as numbers. */
export function idOf(value: unknown, place: string): string {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return String(value)
  if (typeof value === 'string' && /^[\w.:-]{1,128}$/.test(value)) return value
  throw invalidAnswer(place)
}

export function integerOf(value: unknown, place: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw invalidAnswer(place)
}

export function assetOf(value: unknown, place: string): string {
  if (typeof value === 'string' && /^[\p{L}\p{N}_.-]{1,32}$/u.test(value)) return value.toUpperCase()
  throw invalidAnswer(place)
}

export function booleanOf(value: unknown, place: string): boolean {
  if (typeof value === 'boolean') return value
  throw invalidAnswer(place)
}

/** Clocks of one exchange differ a little; what is further ahead is a lie. */
const futureMsMax = 5 * minuteMs

/** Milliseconds since 1970, from 2010 to a few minutes from now. */
export function instantOf(value: unknown, place: string, exchangeNowMs: number): number {
  const atMs = integerOf(value, place)
  if (atMs < instantMinMs || atMs > exchangeNowMs + futureMsMax) throw invalidAnswer(place)
  return atMs
}

/** Milliseconds as a number or as digits. */
export function millisOf(value: unknown, place: string, exchangeNowMs: number): number {
  const atMs = typeof value === 'string' && /^\d{12,14}$/.test(value) ? Number(value) : value
  return instantOf(atMs, place, exchangeNowMs)
}

/** `2015-03-11T13:13:35-07:00`, `2024-01-15T10:30:00.123456Z`: what is finer than a millisecond is cut off. */
export function isoOf(value: unknown, place: string, exchangeNowMs: number): number {
  const parts =
    typeof value === 'string'
      ? /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/.exec(value)
      : null
  if (parts === null) throw invalidAnswer(place)
  const [, seconds = '', fraction = '.0', zone = ''] = parts
  return instantOf(Date.parse(`${seconds}${fraction.slice(0, 4)}${zone}`), place, exchangeNowMs)
}

/** A word of the exchange's, or nothing. Words that nobody knows yet are let through: who reads them decides. */
export function wordOf(value: unknown, place: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string' && /^[\w ./&():'+-]{0,64}$/.test(value)) return value
  throw invalidAnswer(place)
}

/** `2019-10-12 11:12:02`, UTC. */
export function dateTimeOf(value: unknown, place: string, exchangeNowMs: number): number {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(value))
    throw invalidAnswer(place)
  return instantOf(Date.parse(`${value.replace(' ', 'T')}Z`), place, exchangeNowMs)
}
