import { jsonOf, refusal, refusalOfStatus } from '../reply.ts'
import type { WireAnswer } from '../wire.ts'

/** No request carries the time there. */
export const clockCode = 'none'

/** What an answer of hyperliquid's means: it has statuses, and no codes. */
export function judge(answer: WireAnswer, _exchangeNowMs: number): unknown {
  const { status } = answer
  const told = `HTTP ${status}`
  const value = jsonOf(answer)
  if (status >= 200 && status < 300 && value !== undefined && value !== null) return value
  // a body that it can't make anything of
  if (status === 422) throw refusal('EXCHANGE_REQUEST_REFUSED', 'session', told)
  throw refusalOfStatus(answer, told)
}
