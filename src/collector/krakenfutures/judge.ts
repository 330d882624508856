import { secondMs } from '@perf-agg/sdk'
import { jsonOf, refusal, refusalOfStatus } from '../reply.ts'
import type { WireAnswer } from '../wire.ts'

/** No request carries the time there. */
export const clockCode = 'none'

const keyErrors = new Set([
  'authenticationError',
  'apiKeyNotFound',
  'permissionDenied',
  'insufficientPermission',
])
const accountErrors = new Set(['accountInactive', 'accountSuspended', 'wouldCauseLiquidation'])
const nonceErrors = new Set(['nonceBelowThreshold', 'nonceDuplicate'])
const downErrors = new Set(['unavailable', 'Unavailable', 'Server Error', 'serverError', 'maintenance'])

/** No such contract, on the host of the charts. */
export const unknownSymbolCode = 'HTTP 404'

/** What an answer of krakenfutures' means: `error` names what is wrong, whatever the status. */
export function judge(answer: WireAnswer, _exchangeNowMs: number): unknown {
  const { status } = answer
  const value = jsonOf(answer)
  const error = errorOf(value)
  const isGood = status >= 200 && status < 300
  if (isGood && error === null && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value
  }
  if (error === null) throw refusalOfStatus(answer, `HTTP ${status}`)
  // the account's own: others may go on
  if (error === 'apiLimitExceeded') throw refusal('EXCHANGE_RATE_LIMITED', 'session', error, 10 * secondMs)
  if (keyErrors.has(error)) throw refusal('EXCHANGE_KEY_REFUSED', 'session', error)
  if (accountErrors.has(error)) throw refusal('EXCHANGE_ACCOUNT_REFUSED', 'session', error)
  if (downErrors.has(error)) throw refusal('EXCHANGE_UNREACHABLE', 'exchange', error, null, true)
  // two requests at one instant: the next has another number
  if (nonceErrors.has(error)) throw refusal('EXCHANGE_REQUEST_REFUSED', 'session', error, null, true)
  if (isGood) throw refusal('EXCHANGE_REQUEST_REFUSED', 'session', error)
  throw refusalOfStatus(answer, error)
}

function errorOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null
  const told = 'error' in value ? value.error : 'errors' in value ? firstOf(value.errors) : undefined
  if (told === undefined || told === null) {
    return 'result' in value && value.result === 'error' ? 'error' : null
  }
  return typeof told === 'string' && /^[\w ]{1,48}$/.test(told) ? told : 'error'
}

function firstOf(errors: unknown): unknown {
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined
  return typeof first === 'object' && first !== null && 'message' in first ? first.message : first
}
