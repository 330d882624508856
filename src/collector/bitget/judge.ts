import { secondMs } from '@perf-agg/sdk'
import { jsonOf, pauseOf, refusal, refusalOfStatus } from '../reply.ts'
import type { WireAnswer } from '../wire.ts'

export const clockCode = '40008'
/** No such market, by the several names it has for that. */
const unknownSymbolCodes = new Set(['40034', '40309', '40819', '41103', '40812'])

export function isUnknownSymbol(exchangeCode: string): boolean {
  return unknownSymbolCodes.has(exchangeCode)
}

/** The key, its signature, its passphrase, its address, what it may do. */
const keyCodes = new Set(
  '40001 40002 40003 40006 40009 40011 40012 40014 40018 40036 40037 40038 40040 40041 40048 40199 40301 401 403'.split(
    ' ',
  ),
)
/** A unified account, where the call is for a classic one. */
export const unifiedCode = '40085'
/** Frozen, or not of the kind that the call is for: a unified account has another API. */
const accountCodes = new Set(['40013', '40029', '40031', '40084', unifiedCode, '40016', '40717'])
const downCodes = new Set(['500', '40010', '40015', '40200', '40604', '40725', '45001', '00001'])
const limitCodes = new Set(['429', '1001', '30007'])
const clockCodes = new Set([clockCode, '40004', '40005'])

/** What an answer of bitget's means, by status and `code`; `data` of a good one. */
export function judge(answer: WireAnswer, _exchangeNowMs: number): unknown {
  const { status } = answer
  const value = jsonOf(answer)
  const code = codeOf(value)
  const isGood = status >= 200 && status < 300
  if (isGood && code === '00000' && hasData(value)) return value.data
  if (code === null || code === '00000') throw refusalOfStatus(answer, `HTTP ${status}`)
  // the account's own pace for one list, where the exchange says so in its words: a second later it answers again
  if (limitCodes.has(code)) {
    throw refusal('EXCHANGE_RATE_LIMITED', 'session', code, pauseOf(answer) ?? secondMs, true)
  }
  if (status === 429) throw refusalOfStatus(answer, code)
  if (keyCodes.has(code)) throw refusal('EXCHANGE_KEY_REFUSED', 'session', code)
  if (accountCodes.has(code)) throw refusal('EXCHANGE_ACCOUNT_REFUSED', 'session', code)
  if (clockCodes.has(code)) throw refusal('EXCHANGE_REQUEST_REFUSED', 'session', clockCode, null, true)
  if (downCodes.has(code) || status >= 500)
    throw refusal('EXCHANGE_UNREACHABLE', 'exchange', code, null, true)
  if (status === 403) throw refusalOfStatus(answer, code)
  throw refusal('EXCHANGE_REQUEST_REFUSED', 'session', code)
}

function codeOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('code' in value)) return null
  const { code } = value
  const text = typeof code === 'number' ? String(code) : code
  return typeof text === 'string' && /^\d{1,8}$/.test(text) ? text : null
}

function hasData(value: unknown): value is { readonly data: unknown } {
  return typeof value === 'object' && value !== null && 'data' in value
}
