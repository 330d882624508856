import { limits } from '../../limits.ts'
import type { Down, DownCode } from './message.ts'

export function downOf(code: DownCode, exchangeCode: string | null = null): Down {
  return { code, exchangeCode, retryAfterMs: null }
}

/** What an HTTP status, or one that a message carries, means. */
export function refusedBy(status: number, exchangeCode: string | null, retryAfterMs: number | null): Down {
  const sent = status === 418 || status === 429
  const code = sent ? 'STREAM_RATE_LIMITED' : status >= 500 ? 'STREAM_UNREACHABLE' : 'STREAM_REFUSED'
  const within = retryAfterMs === null ? null : Math.min(retryAfterMs, limits.listener.retryAfterMsMax)
  return { code, exchangeCode: exchangeCode ?? String(status), retryAfterMs: within }
}
