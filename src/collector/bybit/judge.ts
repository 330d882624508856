import { dayMs, hourMs, minuteMs, secondMs } from '@perf-agg/sdk'
import { jsonOf, pauseOf, refusal, retryAfterOf } from '../reply.ts'
import type { WireAnswer } from '../wire.ts'

/** No pause asked for is believed beyond a day. */
const pauseMsMax = dayMs

export const clockCode = '10002'
export const badParameterCode = '10001'

/** Key unknown, its signature, its rights, its address, its end. */
const keyCodes = new Set([-2015, 10003, 10004, 10005, 10007, 10009, 10010, 33004])
/** Locked, in the wrong country, not yet known by name, or not of the kind that the call is for. */
const accountCodes = new Set([10008, 10020, 10024, 10027, 10028, 10029, 100028, 131004, 3100326])
const downCodes = new Set([10000, 10016, 10019, 170007])

/** What an answer of bybit's means, by status and `retCode`; `result` of a good one. */
export function judge(answer: WireAnswer, _exchangeNowMs: number): unknown {
  const { status } = answer
  const value = jsonOf(answer)
  const code = codeOf(value)
  if (status >= 200 && status < 300 && code === 0 && hasResult(value)) return value.result
  const retryAfterMs = retryAfterOf(answer, pauseMsMax)
  const told = code === null ? `HTTP ${status}` : String(code)
  if (status >= 200 && status < 300 && (code === null || code === 0)) {
    // A proxy's page or half an answer: the next one may be whole.
    throw refusal('EXCHANGE_ANSWER_INVALID', 'session', told, null, true)
  }
  // the account's own pace: others may go on
  if (code === 10006 || code === 170222) {
    throw refusal('EXCHANGE_RATE_LIMITED', 'session', told, pauseOf(answer) ?? 5 * secondMs)
  }
  if (status === 429 || code === 10018) {
    throw refusal('EXCHANGE_RATE_LIMITED', 'exchange', told, retryAfterMs ?? minuteMs)
  }
  if (code !== null && keyCodes.has(code)) throw refusal('EXCHANGE_KEY_REFUSED', 'session', told)
  if (code !== null && accountCodes.has(code)) throw refusal('EXCHANGE_ACCOUNT_REFUSED', 'session', told)
  // "access too frequent", for ten minutes
  if (status === 403) throw refusal('EXCHANGE_RATE_LIMITED', 'exchange', told, retryAfterMs ?? 10 * minuteMs)
  if (status === 451) throw refusal('EXCHANGE_UNREACHABLE', 'exchange', told, hourMs)
  if (status === 401) throw refusal('EXCHANGE_KEY_REFUSED', 'session', told)
  if (String(code) === clockCode) throw refusal('EXCHANGE_REQUEST_REFUSED', 'session', told, null, true)
  if (status >= 500 || (code !== null && downCodes.has(code))) {
    throw refusal('EXCHANGE_UNREACHABLE', 'exchange', told, retryAfterMs, true)
  }
  throw refusal('EXCHANGE_REQUEST_REFUSED', 'session', told)
}

function codeOf(value: unknown): number | null {
  if (typeof value !== 'object' || value === null || !('retCode' in value)) return null
  return Number.isSafeInteger(value.retCode) ? (value.retCode as number) : null
}

function hasResult(value: unknown): value is { readonly result: unknown } {
  return typeof value === 'object' && value !== null && 'result' in value
}
