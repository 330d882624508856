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

const decimalPattern = /^-?(?:0|[1-9]\d{0,29})(?:\.\d{1,30})?$/

/** A decimal string as the exchange wrote it; a JSON number only where it has lost nothing. */
export function decimalOf(value: unknown, place: string, sign: 'positive' | 'not-negative' | 'any'): string {
  const text = typeof value === 'number' && Math.abs(value) < 1e15 ? String(value) : value
  if (typeof text !== 'string' || !decimalPattern.test(text)) throw invalidAnswer(place)
  const zero = !/[1-9]/.test(text)
  if (sign !== 'any' && text.startsWith('-') && !zero) throw invalidAnswer(place)
  if (sign === 'positive' && zero) throw invalidAnswer(place)
  return text
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

/** `2019-10-12 11:12:02`, UTC. */
export function dateTimeOf(value: unknown, place: string, exchangeNowMs: number): number {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(value))
    throw invalidAnswer(place)
  return instantOf(Date.parse(`${value.replace(' ', 'T')}Z`), place, exchangeNowMs)
}
