import { dayMs, hourMs, minuteMs, secondMs } from '@perf-agg/sdk'
import type { CollectorFailure } from '../failure.ts'
import { jsonOf, refusal, retryAfterOf } from '../reply.ts'
import type { WireAnswer } from '../wire.ts'
import { uidHeader } from './endpoint.ts'

/** binance bans for up to three days. */
const pauseMsMax = 3 * dayMs

/**
 * What an answer of binance's means, by its status and its own code; the message is never looked at, but for the
 * end of a ban.
 */
export function judge(answer: WireAnswer, exchangeNowMs: number): unknown {
  const { status } = answer
  const value = jsonOf(answer)
  const code = codeOf(value)
  if (status >= 200 && status < 300 && code === null) {
    // A proxy's page or half an answer: the next one may be whole.
    if (value === undefined) throw refusal('EXCHANGE_ANSWER_INVALID', 'session', `HTTP ${status}`, null, true)
    return value
  }
  const retryAfterMs = retryAfterOf(answer, pauseMsMax)
  const exchangeCode = code === null ? `HTTP ${status}` : String(code)
  if (status === 418) {
    const untilMs = banEnd(value, exchangeNowMs)
    throw refusal('EXCHANGE_BANNED', 'exchange', exchangeCode, retryAfterMs ?? untilMs ?? 2 * minuteMs)
  }
  if (status === 429 || code === -1003 || code === -1034) {
    // an account's own budget holds up nobody else
    const scope = answer.headers[uidHeader] === undefined ? 'exchange' : 'session'
    throw refusal('EXCHANGE_RATE_LIMITED', scope, exchangeCode, retryAfterMs ?? minuteMs)
  }
  // the account's own pace: others may go on
  if (ownPaceCodes.has(code ?? 0)) {
    throw refusal('EXCHANGE_RATE_LIMITED', 'session', exchangeCode, retryAfterMs ?? 10 * secondMs)
  }
  // The firewall before the exchange: goes on being asked it bans.
  if (status === 403 && code === null) {
    throw refusal('EXCHANGE_RATE_LIMITED', 'exchange', exchangeCode, retryAfterMs ?? 5 * minuteMs)
  }
  // The exchange does not serve the country of our address.
  if (status === 451) throw refusal('EXCHANGE_UNREACHABLE', 'exchange', exchangeCode, hourMs)
  if (keyCodes.has(code ?? 0) || status === 401)
    throw refusal('EXCHANGE_KEY_REFUSED', 'session', exchangeCode)
  if (code === -1021) throw refusal('EXCHANGE_REQUEST_REFUSED', 'session', exchangeCode, null, true)
  if (status >= 500 || downCodes.has(code ?? 0)) {
    throw refusal('EXCHANGE_UNREACHABLE', 'exchange', exchangeCode, retryAfterMs, true)
  }
  throw refusal('EXCHANGE_REQUEST_REFUSED', 'session', exchangeCode)
}

/**
 * Unauthorized, an address that is not on the key's list or may not come there, bad signature, malformed key, "invalid
 * API-key, IP, or permissions", locked.
 */
const keyCodes = new Set([-1002, -1005, -1011, -1022, -2008, -2014, -2015, -2017])

/** Too many of one account in a row, each list in its own words. */
const ownPaceCodes = new Set([-6009, -12014, -5041])

/** Unknown error, disconnected, unexpected response, timeout, overloaded, shutting down; of the wallet API the same. */
const downCodes = new Set([-1000, -1001, -1006, -1007, -1008, -1016, -3000, -3044, -10001])

/** Codes for "there is no such call here". */
export function isMissing(failure: CollectorFailure['failure']): boolean {
  if (failure.code === 'EXCHANGE_NOT_SUPPORTED') return true
  return (
    failure.code === 'EXCHANGE_REQUEST_REFUSED' && ['HTTP 404', '-1020'].includes(failure.exchangeCode ?? '')
  )
}

/** `{"code":-2015,"msg":…}`; anything else has none. */
function codeOf(value: unknown): number | null {
  if (typeof value !== 'object' || value === null || !('code' in value)) return null
  return Number.isSafeInteger(value.code) && (value.code as number) < 0 ? (value.code as number) : null
}

function banEnd(value: unknown, exchangeNowMs: number): number | null {
  const text = typeof value === 'object' && value !== null && 'msg' in value ? value.msg : null
  const found = typeof text === 'string' ? /until (\d{13})\b/.exec(text) : null
  if (found === null) return null
  return Math.min(Math.max(Number(found[1]) - exchangeNowMs, secondMs), 3 * dayMs)
}
