import { dayMs, hourMs, minuteMs, secondMs } from '@perf-agg/sdk'
import { jsonOf, refusal, retryAfterOf } from '../reply.ts'
import type { WireAnswer } from '../wire.ts'

/** No pause asked for is believed beyond a day. */
const pauseMsMax = dayMs

/** The time of a request is more than half a minute off. */
export const clockCode = '50102'
export const unknownInstrumentCodes: ReadonlySet<string> = new Set(['51000', '51001', '51014', '51015'])

/** Key, passphrase, signature, address, or a key of the other environment. */
const keyCodes = /^(?:50030|5010[013-9]|5011[0134]|50119|50120|50124)$/
/** Locked, frozen, restricted, or in the wrong country. */
const accountCodes = new Set([
  '50007',
  '50008',
  '50009',
  '50010',
  '50027',
  '50028',
  '51009',
  '51010',
  '51024',
  '58004',
  '59118',
  '59508',
])
const downCodes = new Set(['50001', '50004', '50005', '50013', '50026', '50040', '50050', '51054'])

/** What an answer of okx's means, by status and `code`; `data` of a good one. */
export function judge(answer: WireAnswer, _exchangeNowMs: number, isOwn: boolean): unknown {
  const { status } = answer
  const value = jsonOf(answer)
  const code = codeOf(value)
  const isGood = status >= 200 && status < 300
  if (isGood && code === '0' && hasData(value)) return value.data
  const retryAfterMs = retryAfterOf(answer, pauseMsMax)
  const told = code ?? `HTTP ${status}`
  if (isGood && (code === null || code === '0')) {
    // A proxy's page or half an answer: the next one may be whole.
    throw refusal('EXCHANGE_ANSWER_INVALID', 'session', told, null, true)
  }
  // the account's own pace: others may go on, and it itself in a moment; of what anybody may read the address's
  const scope = isOwn ? 'session' : 'exchange'
  if (code === '50011' || code === '50061' || code === '58102') {
    throw refusal('EXCHANGE_RATE_LIMITED', scope, told, retryAfterMs ?? 2 * secondMs, true)
  }
  if (status === 429) throw refusal('EXCHANGE_RATE_LIMITED', 'exchange', told, retryAfterMs ?? minuteMs)
  if (code === clockCode || code === '50112') {
    throw refusal('EXCHANGE_REQUEST_REFUSED', 'session', clockCode, null, true)
  }
  if (code !== null && keyCodes.test(code)) throw refusal('EXCHANGE_KEY_REFUSED', 'session', told)
  if (code !== null && accountCodes.has(code)) throw refusal('EXCHANGE_ACCOUNT_REFUSED', 'session', told)
  if (code !== null && downCodes.has(code)) {
    throw refusal('EXCHANGE_UNREACHABLE', 'exchange', told, retryAfterMs, true)
  }
  // The firewall before the exchange.
  if (status === 403) throw refusal('EXCHANGE_RATE_LIMITED', 'exchange', told, retryAfterMs ?? 10 * minuteMs)
  if (status === 451) throw refusal('EXCHANGE_UNREACHABLE', 'exchange', told, hourMs)
  if (status === 401) throw refusal('EXCHANGE_KEY_REFUSED', 'session', told)
  if (status >= 500) throw refusal('EXCHANGE_UNREACHABLE', 'exchange', told, retryAfterMs, true)
  throw refusal('EXCHANGE_REQUEST_REFUSED', 'session', told)
}

function codeOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('code' in value)) return null
  const { code } = value
  // some of its answers have a number
  if (Number.isSafeInteger(code)) return String(code)
  return typeof code === 'string' && /^\d{1,6}$/.test(code) ? code : null
}

function hasData(value: unknown): value is { readonly data: unknown } {
  return typeof value === 'object' && value !== null && 'data' in value
}
