import { parseJson, secondMs } from '@perf-agg/sdk'
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
