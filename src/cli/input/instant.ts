import { instantMaxMs, instantMinMs } from '@perf-agg/sdk'
import { UsageError } from '../failure.ts'

const dated = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/

/**
 * A point in time as people write one: `2026-03-20`, `2026-03-20T12:00:00Z`, or seconds or milliseconds since 1970.
 * @throws {UsageError} `TIME_INVALID`
 */
export function readInstantFlag(flag: string, text: string): number {
  const atMs = dated.test(text)
    ? Date.parse(text)
    : /^\d{9,10}$/.test(text)
      ? Number(text) * 1_000
      : /^\d{12,13}$/.test(text)
        ? Number(text)
        : Number.NaN
  // The calendar rolls over days that do not exist.
  const exists =
    !dated.test(text) ||
    Number(text.slice(8, 10)) <= daysOf(Number(text.slice(0, 4)), Number(text.slice(5, 7)))
  if (exists && atMs >= instantMinMs && atMs < instantMaxMs) return atMs
  throw new UsageError('TIME_INVALID', `${flag} must be a point in time`, {
    hint: 'like 2026-03-20T12:00:00Z, 2026-03-20, or seconds since 1970',
  })
}

function daysOf(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}
