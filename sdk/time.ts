import { InputError } from './errors.ts'

export const secondMs = 1_000
export const minuteMs = 60_000
export const hourMs = 3_600_000
export const dayMs = 86_400_000

/** 2010-01-01 to 2100-01-01: what lies outside is a broken clock or a hostile answer, never a fill. */
export const instantMinMs = 1_262_304_000_000
export const instantMaxMs = 4_102_444_800_000

/** The start of the UTC hour that holds `atMs`. */
export function hourOf(atMs: number): number {
  return Math.floor(atMs / hourMs) * hourMs
}

/** The start of the minute that holds `atMs`. */
export function minuteOf(atMs: number): number {
  return Math.floor(atMs / minuteMs) * minuteMs
}

/** `2026-11-23T01:20:00.000Z`, the one form of an instant on the wire. */
export function toInstant(atMs: number): string {
  return new Date(atMs).toISOString()
}

const instantPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

/**
 * Milliseconds since 1970 of `2026-11-23T01:20:00.000Z`; exactly that form, a day that exists, 2010 to 2100.
 * @throws {InputError} `NOT_AN_INSTANT`
 */
export function parseInstant(text: unknown): number {
  const atMs = typeof text === 'string' && instantPattern.test(text) ? Date.parse(text) : Number.NaN
  if (!(atMs >= instantMinMs && atMs < instantMaxMs) || toInstant(atMs) !== text) {
    throw new InputError('NOT_AN_INSTANT', 'not an instant', {
      hint: 'write it like 2026-11-23T01:20:00.000Z',
    })
  }
  return atMs
}
