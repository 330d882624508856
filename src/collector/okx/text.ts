import { invalidAnswer } from '../failure.ts'
import { instantOf } from '../field.ts'

/** okx's own ways of writing: numbers and instants come as text, and an empty one is none. */

export function millisOf(value: unknown, place: string, exchangeNowMs: number): number {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || !/^\d{13}$/.test(text)) throw invalidAnswer(place)
  return instantOf(Number(text), place, exchangeNowMs)
}

export function textOf(value: unknown, place: string, pattern: RegExp): string {
  if (value === undefined || value === null || value === '') return ''
  if (typeof value === 'string' && pattern.test(value)) return value
  throw invalidAnswer(place)
}

export const word = /^[\w.:-]{1,64}$/
export const coinName = /^[\p{L}\p{N}_.-]{1,32}$/u
