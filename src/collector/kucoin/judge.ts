import { secondMs } from '@perf-agg/sdk'
import { jsonOf, pauseOf, refusal, refusalOfStatus } from '../reply.ts'
import type { WireAnswer } from '../wire.ts'

export const clockCode = '400002'
/** A parameter that is not as it should be: a symbol that is gone, among others. */
export const badParameterCode = '400100'

/** A call that needs more than reading. */
export const deniedCode = '400007'

/** The key, its passphrase, its signature, its address, what it may do. */
const keyCodes = new Set([
  ...'401 400001 400003 400004 400005 400006 400008 400009 400010 400202 400401'.split(' '),
  deniedCode,
])
/** Frozen, in a country that is not served, or not yet known by name. */
const accountCodes = new Set('411100 400301 400302 400303 102411 130201 400206 400208 400209'.split(' '))
const downCodes = new Set(['500', '503', '500000', '230005', '230007', '230009'])
const limitCodes = new Set(['429', '429000', '200002', '1015'])

/** What an answer of kucoin's means, by status and `code`; `data` of a good one. */
export function judge(answer: WireAnswer, _exchangeNowMs: number, isOwn: boolean): unknown {
  const { status } = answer
  const value = jsonOf(answer)
  const code = codeOf(value)
  const isGood = status >= 200 && status < 300
  if (isGood && (code === '200000' || code === '200') && hasData(value)) return value.data
  if (code === null || (isGood && code.startsWith('200'))) {
    if (code === '200002') throw limited(answer, code, isOwn)
    throw refusalOfStatus(answer, code ?? `HTTP ${status}`)
  }
  if (limitCodes.has(code) || status === 429) throw limited(answer, code, isOwn)
  if (keyCodes.has(code)) throw refusal('EXCHANGE_KEY_REFUSED', 'session', code)
  if (accountCodes.has(code)) throw refusal('EXCHANGE_ACCOUNT_REFUSED', 'session', code)
  if (code === clockCode) throw refusal('EXCHANGE_REQUEST_REFUSED', 'session', code, null, true)
  if (downCodes.has(code) || status >= 500)
    throw refusal('EXCHANGE_UNREACHABLE', 'exchange', code, null, true)
  if (status === 403) throw refusalOfStatus(answer, code)
  throw refusal('EXCHANGE_REQUEST_REFUSED', 'session', code)
}

/** A pool of weight for half a minute, of the account or of the address; the firewall before it counts the address. */
function limited(answer: WireAnswer, code: string, isOwn: boolean): ReturnType<typeof refusal> {
  const scope = isOwn && code !== '1015' ? 'session' : 'exchange'
  return refusal('EXCHANGE_RATE_LIMITED', scope, code, pauseOf(answer) ?? 30 * secondMs)
}

function codeOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('code' in value)) return null
  const code = typeof value.code === 'number' ? String(value.code) : value.code
  return typeof code === 'string' && /^\d{1,8}$/.test(code) ? code : null
}

function hasData(value: unknown): value is { readonly data: unknown } {
  return typeof value === 'object' && value !== null && 'data' in value
}
