import { minuteMs } from '@perf-agg/sdk'
import { jsonOf, pauseOf, refusal, refusalOfStatus } from '../reply.ts'
import type { WireAnswer } from '../wire.ts'

/** coinbase has no code for it: a token is refused like any other key. */
export const clockCode = 'none'
export const notFoundCode = 'NOT_FOUND'

/** The key or token, or what it may do. */
const keyNames = new Set(
  (
    'authentication_error unauthorized invalid_authentication_method invalid_token revoked_token expired_token ' +
    'invalid_scope PERMISSION_DENIED UNAUTHENTICATED two_factor_required'
  ).split(' '),
)
/** Its owner has to prove who he is first. */
const accountNames = new Set(
  (
    'personal_details_required identity_verification_required jumio_verification_required ' +
    'jumio_face_match_verification_required unverified_email'
  ).split(' '),
)
const limitNames = new Set(['rate_limit_exceeded', 'resource_exhausted', 'RESOURCE_EXHAUSTED'])
const downNames = new Set(['internal_server_error', 'internal', 'unavailable', 'UNAVAILABLE', 'INTERNAL'])

/** What an answer of coinbase's means, by status and by the name of its error. */
export function judge(answer: WireAnswer, _exchangeNowMs: number, isOwn: boolean): unknown {
  const { status } = answer
  const value = jsonOf(answer)
  const name = nameOf(value)
  const isGood = status >= 200 && status < 300 && typeof value === 'object' && value !== null
  if (isGood && name === null && !Array.isArray(value)) return value
  const told = name ?? `HTTP ${status}`
  if (name === null) throw refusalOfStatus(answer, told)
  if (limitNames.has(name))
    throw refusal('EXCHANGE_RATE_LIMITED', isOwn ? 'session' : 'exchange', told, pauseOf(answer) ?? minuteMs)
  if (keyNames.has(name)) throw refusal('EXCHANGE_KEY_REFUSED', 'session', told)
  if (accountNames.has(name)) throw refusal('EXCHANGE_ACCOUNT_REFUSED', 'session', told)
  if (downNames.has(name)) throw refusal('EXCHANGE_UNREACHABLE', 'exchange', told, null, true)
  // with a name it comes from the exchange, not from the firewall before it
  if (status === 401 || status === 403) throw refusal('EXCHANGE_KEY_REFUSED', 'session', told)
  if (status === 404) throw refusal('EXCHANGE_REQUEST_REFUSED', 'session', notFoundCode)
  if (isGood) throw refusal('EXCHANGE_REQUEST_REFUSED', 'session', told)
  throw refusalOfStatus(answer, told)
}

/** `{"error":"PERMISSION_DENIED",…}` or `{"errors":[{"id":"not_found",…}]}`; null where there is none. */
function nameOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null
  if ('error' in value) return plain(value.error)
  if (!('errors' in value) || !Array.isArray(value.errors)) return null
  const first: unknown = value.errors[0]
  return plain(typeof first === 'object' && first !== null && 'id' in first ? first.id : null)
}

function plain(value: unknown): string {
  return typeof value === 'string' && /^[\w ]{1,48}$/.test(value) ? value : 'error'
}
