import { dayMs, hourMs, minuteMs, parseJson, secondMs } from '@perf-agg/sdk'
import { limits } from '../limits.ts'
import type { FailureCode } from './answer.ts'
import { CollectorFailure, failureOf } from './failure.ts'
import type { WireAnswer } from './wire.ts'

/** What every exchange's judge does alike: read the body and the pause asked for, and word a refusal. */

/** Undefined where it is not JSON as it should be. */
export function jsonOf({ body }: WireAnswer): unknown {
  try {
    const bounds = { bytesMax: limits.egress.bodyBytesMax, depthMax: limits.frame.jsonDepthMax }
    return parseJson(withWholeIds(body), bounds)
  } catch {
    return undefined
  }
}

/** Ids too long for a double become text: read as numbers, two of them could be one. */
function withWholeIds(body: Uint8Array): Uint8Array {
  const found = [...longIntegers(body)]
  if (found.length === 0) return body
  const quoted = new Uint8Array(body.length + 2 * found.length)
  let from = 0
  let to = 0
  for (const [start, end] of found) {
    quoted.set(body.subarray(from, start), to)
    to += start - from
    quoted[to] = quote
    quoted.set(body.subarray(start, end), to + 1)
    to += end - start + 2
    quoted[to - 1] = quote
    from = end
  }
  quoted.set(body.subarray(from), to)
  return quoted
}

const quote = 0x22
const backslash = 0x5c

/** Where they stand, outside of strings. */
function* longIntegers(body: Uint8Array): Generator<readonly [start: number, end: number]> {
  for (let at = 0; at < body.length; at += 1) {
    if (body[at] === quote) {
      for (at += 1; at < body.length && body[at] !== quote; at += 1) if (body[at] === backslash) at += 1
      continue
    }
    if (!isOfNumber(body[at])) continue
    const start = at
    while (isOfNumber(body[at])) at += 1
    const token =
      at - start < 16 ? '' : String.fromCharCode(...body.subarray(start, Math.min(at, start + 64)))
    if (/^-?[1-9]\d+$/.test(token) && at - start <= 64 && !Number.isSafeInteger(Number(token)))
      yield [start, at]
    at -= 1
  }
}

/** Of anything that JSON calls a number. */
function isOfNumber(byte: number | undefined): boolean {
  if (byte === undefined) return false
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x2e ||
    (byte | 0x20) === 0x65
  )
}

/** `Retry-After` in whole seconds or as a date, no longer than `pauseMsMax`; null where there is none. */
export function retryAfterOf({ headers }: WireAnswer, pauseMsMax: number): number | null {
  const text = headers['retry-after'] ?? ''
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text) * secondMs, pauseMsMax)
  return /^[A-Z][a-z]{2}, /.test(text) ? untilOf(headers, Date.parse(text), pauseMsMax) : null
}

/** In which members exchanges say when they may be asked again, and how. */
const resets: Readonly<Record<string, 'left-ms' | 'at-ms' | 'at-s' | 'left-s'>> = {
  'gw-ratelimit-reset': 'left-ms',
  'x-bapi-limit-reset-timestamp': 'at-ms',
  'x-gate-ratelimit-reset-timestamp': 'at-s',
  'x-ratelimit-reset': 'left-s',
}

/** How long whoever was told to wait is to wait, by whatever header says so. Null: none does. */
export function pauseOf(answer: WireAnswer, pauseMsMax = dayMs): number | null {
  const told = retryAfterOf(answer, pauseMsMax)
  if (told !== null) return told
  for (const [name, form] of Object.entries(resets)) {
    const text = answer.headers[name]
    if (text === undefined || !/^\d{1,13}$/.test(text)) continue
    const value = Number(text) * (form.endsWith('-s') ? secondMs : 1)
    if (form.startsWith('at-')) return untilOf(answer.headers, value, pauseMsMax)
    return Math.min(Math.max(value, secondMs), pauseMsMax)
  }
  return null
}

/** From when the answer was sent, by the exchange's own clock: ours may be off. */
function untilOf(headers: WireAnswer['headers'], atMs: number, pauseMsMax: number): number | null {
  const leftMs = atMs - Date.parse(headers['date'] ?? '')
  return Number.isNaN(leftMs) ? null : Math.min(Math.max(leftMs, secondMs), pauseMsMax)
}

export function refusal(
  code: FailureCode,
  scope: 'session' | 'exchange',
  exchangeCode: string,
  retryAfterMs: number | null = null,
  retryable = false,
): CollectorFailure {
  return new CollectorFailure(failureOf(code, scope, { exchangeCode, retryAfterMs }), retryable)
}

/** What a status says where the exchange's own words say nothing better. */
export function refusalOfStatus(answer: WireAnswer, told: string, pauseMsMax = dayMs): CollectorFailure {
  const { status } = answer
  const retryAfterMs = retryAfterOf(answer, pauseMsMax)
  // A proxy's page or half an answer: the next one may be whole.
  if (status >= 200 && status < 300) return refusal('EXCHANGE_ANSWER_INVALID', 'session', told, null, true)
  if (status === 429) {
    return refusal('EXCHANGE_RATE_LIMITED', 'exchange', told, pauseOf(answer, pauseMsMax) ?? minuteMs)
  }
  // The firewall before the exchange.
  if (status === 403) return refusal('EXCHANGE_RATE_LIMITED', 'exchange', told, retryAfterMs ?? 5 * minuteMs)
  if (status === 451) return refusal('EXCHANGE_UNREACHABLE', 'exchange', told, hourMs)
  if (status === 401) return refusal('EXCHANGE_KEY_REFUSED', 'session', told)
  if (status >= 500) return refusal('EXCHANGE_UNREACHABLE', 'exchange', told, retryAfterMs, true)
  return refusal('EXCHANGE_REQUEST_REFUSED', 'session', told)
}
