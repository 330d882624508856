import { dayMs, hourMs, minuteMs, parseJson, secondMs } from '@perf-agg/sdk'
import { limits } from '../limits.ts'
import type { FailureCode } from './answer.ts'
import { CollectorFailure, failureOf } from './failure.ts'
import type { WireAnswer } from './wire.ts'

/** What every exchange's judge does alike: read the body and the pause asked for, and word a refusal. */

/** Undefined where it is not JSON as it should be. */
export function jsonOf({ body }: WireAnswer): unknown {
  try {
    return parseJson(body, { bytesMax: limits.egress.bodyBytesMax, depthMax: limits.frame.jsonDepthMax })
  } catch {
    return undefined
  }
}

/** `Retry-After` in whole seconds, no longer than `pauseMsMax`; null where there is none. */
export function retryAfterOf(answer: WireAnswer, pauseMsMax: number): number | null {
  const text = answer.headers['retry-after']
  return text === undefined || !/^\d{1,7}$/.test(text) ? null : Math.min(Number(text) * secondMs, pauseMsMax)
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
  if (status === 429) return refusal('EXCHANGE_RATE_LIMITED', 'exchange', told, retryAfterMs ?? minuteMs)
  // The firewall before the exchange.
  if (status === 403) return refusal('EXCHANGE_RATE_LIMITED', 'exchange', told, retryAfterMs ?? 5 * minuteMs)
  if (status === 451) return refusal('EXCHANGE_UNREACHABLE', 'exchange', told, hourMs)
  if (status === 401) return refusal('EXCHANGE_KEY_REFUSED', 'session', told)
  if (status >= 500) return refusal('EXCHANGE_UNREACHABLE', 'exchange', told, retryAfterMs, true)
  return refusal('EXCHANGE_REQUEST_REFUSED', 'session', told)
}
