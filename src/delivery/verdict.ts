import { limits } from '../limits.ts'

/** What came back: an HTTP status with what matters of the rest, or the code of why there is none. */
export type Answer =
  | {
      readonly status: number
      readonly retryAfter: string | null
      /** What it remembers of our log; absent: it does not say. */
      readonly log?: string
      readonly text: string
    }
  | { readonly status: null; readonly code: string }

export type Verdict =
  | { readonly kind: 'delivered'; readonly code: string }
  /** `waitMs`: what the backend asked for; it holds for every account. */
  | { readonly kind: 'failed'; readonly code: string; readonly waitMs: number | null }
  | { readonly kind: 'parked'; readonly code: string }

/** Client errors that say nothing about the statement: too slow, too early, too many. */
const passing = new Set([408, 425, 429])

/**
 * 2xx is success, as is 409 for what the backend has already. Redirects are failures, since a signed record is posted
 * where the operator said and nowhere else. What may pass is tried again; other 4xx will not pass by themselves.
 */
export function judge(answer: Answer, digest: string, nowMs: number): Verdict {
  if (answer.status === null) return { kind: 'failed', code: answer.code, waitMs: null }
  const { status } = answer
  const code = String(status)
  if (status >= 200 && status < 300) return { kind: 'delivered', code }
  if (status === 409) return conflict(answer.text, digest)
  if (status >= 400 && status < 500 && !passing.has(status)) return { kind: 'parked', code }
  return { kind: 'failed', code, waitMs: readRetryAfter(answer.retryAfter, nowMs) }
}

/** A 409 that names digests, and not ours, is about another statement in this one's place. */
function conflict(text: string, digest: string): Verdict {
  const named: readonly string[] = text.match(/sha256:[0-9a-f]{64}/g) ?? []
  if (named.length > 0 && !named.includes(digest)) return { kind: 'parked', code: '409_OTHER_DIGEST' }
  return { kind: 'delivered', code: '409' }
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3); null where it is neither, or past. Capped at the longest pause. */
export function readRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null
  const text = value.trim()
  const waitMs = /^\d{1,10}$/.test(text)
    ? Number(text) * 1_000
    : /^[A-Z][a-z]{2}, /.test(text)
      ? Date.parse(text) - nowMs
      : Number.NaN
  return waitMs > 0 ? Math.min(waitMs, limits.delivery.pauseMsMax) : null
}

/**
 * The pause after the n-th failure (1 is the first): doubling from 5 s to 10 h, each shortened by up to half at
 * random, so that a backend that comes back is not met by all at once; never under the first.
 * @param random in [0, 1)
 */
export function pauseMs(failures: number, random: number): number {
  const { pauseMs: first, pauseMsMax: longest } = limits.delivery
  const full = Math.min(longest, first * 2 ** Math.min(failures, 30))
  return Math.round(Math.max(first, full * (1 - random / 2)))
}
