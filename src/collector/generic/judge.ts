import { jsonOf, refusal, refusalOfStatus } from '../reply.ts'
import type { WireAnswer } from '../wire.ts'

/** Nobody here knows what each of them calls it. */
export const clockCode = 'none'

/** By the status alone: what stands in a body has another meaning at every exchange. */
export function judge(answer: WireAnswer, _exchangeNowMs: number): unknown {
  const { status } = answer
  const told = `HTTP ${status}`
  const value = jsonOf(answer)
  if (status >= 200 && status < 300 && value !== undefined) return value
  // in words of its own it comes from the exchange, not from the firewall before it
  if (status === 403 && value !== undefined) throw refusal('EXCHANGE_KEY_REFUSED', 'session', told)
  throw refusalOfStatus(answer, told)
}
