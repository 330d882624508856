import { dayMs, hourMs, minuteMs, secondMs } from '@perf-agg/sdk'
import type { FailureCode } from '../answer.ts'
import { CollectorFailure, failureOf } from '../failure.ts'
import { jsonOf, retryAfterOf } from '../reply.ts'
import type { WireAnswer } from '../wire.ts'

/** No pause asked for is believed beyond a day. */
const pauseMsMax = dayMs

interface Meaning {
  readonly code: FailureCode
  readonly scope: 'session' | 'exchange'
  readonly retryable?: boolean
  readonly retryAfterMs?: number
}

export const nonceCode = 'EAPI:Invalid nonce'
export const unknownPairCode = 'EQuery:Unknown asset pair'

const refusedKey: Meaning = { code: 'EXCHANGE_KEY_REFUSED', scope: 'session' }
const refusedAccount: Meaning = { code: 'EXCHANGE_ACCOUNT_REFUSED', scope: 'session' }
const down: Meaning = { code: 'EXCHANGE_UNREACHABLE', scope: 'exchange', retryable: true }

/** kraken answers 200 and names what is wrong; names that are not here are refusals of the request. */
const meanings: Readonly<Record<string, Meaning>> = {
  'EAPI:Invalid key': refusedKey,
  'EAPI:Invalid signature': refusedKey,
  'EAuth:Account unconfirmed': refusedAccount,
  'ETrade:User Locked': refusedAccount,
  'EAuth:Account temporary disabled': refusedAccount,
  'EAccount:Invalid permissions': refusedAccount,
  'EGeneral:Permission denied': refusedKey,
  'EAPI:Feature disabled': refusedKey,
  'EAPI:Invalid nonce': { code: 'EXCHANGE_REQUEST_REFUSED', scope: 'session', retryable: true },
  // the counter is the account's own: others may go on
  'EAPI:Rate limit exceeded': {
    code: 'EXCHANGE_RATE_LIMITED',
    scope: 'session',
    retryAfterMs: 15 * secondMs,
  },
  'EAuth:Rate limit exceeded': {
    code: 'EXCHANGE_RATE_LIMITED',
    scope: 'session',
    retryAfterMs: 15 * minuteMs,
  },
  'EGeneral:Temporary lockout': {
    code: 'EXCHANGE_RATE_LIMITED',
    scope: 'session',
    retryAfterMs: 15 * minuteMs,
  },
  'EGeneral:Too many requests': { code: 'EXCHANGE_RATE_LIMITED', scope: 'exchange', retryAfterMs: minuteMs },
  'EAuth:Too many requests': { code: 'EXCHANGE_RATE_LIMITED', scope: 'exchange', retryAfterMs: minuteMs },
  'EGeneral:Internal error': down,
  'EGeneral:Unknown error': down,
  'EDatabase:Internal error': down,
  'EService:Unavailable': down,
  'EService:Busy': down,
  'EService:Timeout': down,
  'EService:Deadline elapsed': down,
  'EService:Internal error': down,
}

/** What an answer of kraken's means: `result` of a good one. The words behind a code are never handed on. */
export function judge(answer: WireAnswer, exchangeNowMs: number): unknown {
  const { status } = answer
  const value = jsonOf(answer)
  const error = errorOf(value)
  if (error !== null) throw refusal(error, exchangeNowMs)
  if (status >= 200 && status < 300) {
    const result = resultOf(value)
    // A proxy's page or half an answer: the next one may be whole.
    if (result === undefined) {
      throw failed({ code: 'EXCHANGE_ANSWER_INVALID', scope: 'session', retryable: true }, `HTTP ${status}`)
    }
    return result
  }
  const retryAfterMs = retryAfterOf(answer, pauseMsMax)
  const told = `HTTP ${status}`
  if (status === 429) {
    throw failed(
      { code: 'EXCHANGE_RATE_LIMITED', scope: 'exchange', retryAfterMs: retryAfterMs ?? minuteMs },
      told,
    )
  }
  // The firewall before the exchange.
  if (status === 403) {
    const pauseMs = retryAfterMs ?? 5 * minuteMs
    throw failed({ code: 'EXCHANGE_RATE_LIMITED', scope: 'exchange', retryAfterMs: pauseMs }, told)
  }
  if (status === 451)
    throw failed({ code: 'EXCHANGE_UNREACHABLE', scope: 'exchange', retryAfterMs: hourMs }, told)
  if (status === 401) throw failed(refusedKey, told)
  if (status >= 500) throw failed(retryAfterMs === null ? down : { ...down, retryAfterMs }, told)
  throw failed({ code: 'EXCHANGE_REQUEST_REFUSED', scope: 'session' }, told)
}

function refusal(error: string, exchangeNowMs: number): CollectorFailure {
  // `EService:Throttled: 1700000000`: not before that second
  const throttled = /^EService:Throttled: ?(\d{10})\b/.exec(error)
  if (throttled !== null || error.startsWith('EService:Throttled')) {
    const untilMs = Number(throttled?.[1] ?? 0) * secondMs
    const retryAfterMs = Math.min(Math.max(untilMs - exchangeNowMs, secondMs), hourMs)
    return failed({ code: 'EXCHANGE_RATE_LIMITED', scope: 'exchange', retryAfterMs }, 'EService:Throttled')
  }
  for (const [name, meaning] of Object.entries(meanings)) {
    if (error === name || error.startsWith(`${name}:`)) return failed(meaning, name)
  }
  const told = /^E[A-Za-z]{2,16}:[A-Za-z][A-Za-z ]{0,40}/.exec(error)?.[0] ?? 'error'
  return failed({ code: 'EXCHANGE_REQUEST_REFUSED', scope: 'session' }, told)
}

function failed(meaning: Meaning, exchangeCode: string): CollectorFailure {
  const { code, scope, retryable = false, retryAfterMs = null } = meaning
  return new CollectorFailure(failureOf(code, scope, { exchangeCode, retryAfterMs }), retryable)
}

/** The first error; null where there is none. Warnings (`W…`) come beside a result. */
function errorOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('error' in value) || !Array.isArray(value.error))
    return null
  const errors: unknown[] = value.error
  const error = errors.find((each) => typeof each === 'string' && !each.startsWith('W'))
  return typeof error === 'string' ? error : null
}

function resultOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('error' in value) || !('result' in value))
    return undefined
  return Array.isArray(value.error) ? value.result : undefined
}
