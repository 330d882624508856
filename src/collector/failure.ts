import type { Failure, FailureCode } from './answer.ts'

/** What went wrong, in words that hold nothing of a request or an answer. */
export class CollectorFailure extends Error {
  readonly failure: Failure
  /** The same call may succeed a moment later. */
  readonly retryable: boolean

  constructor(failure: Failure, retryable = false) {
    super(failure.code)
    this.failure = failure
    this.retryable = retryable
  }
}

export function failureOf(
  code: FailureCode,
  scope: Failure['scope'],
  detail: { readonly exchangeCode?: string | null; readonly retryAfterMs?: number | null } = {},
): Failure {
  return {
    kind: 'failed',
    code,
    exchangeCode: detail.exchangeCode ?? null,
    retryAfterMs: detail.retryAfterMs ?? null,
    scope,
  }
}

/** An answer with a part that cannot be true. `place` names where, never what. */
export function invalidAnswer(place: string): CollectorFailure {
  return new CollectorFailure(
    failureOf('EXCHANGE_ANSWER_INVALID', 'session', { exchangeCode: place.slice(0, 64) }),
  )
}

/** An account with something that is not read here, of which half would be a wrong record. `exchangeCode` names it. */
export function refuseAccount(exchangeCode: string): CollectorFailure {
  return new CollectorFailure(failureOf('EXCHANGE_ACCOUNT_REFUSED', 'session', { exchangeCode }))
}

/** Our own limiter has no room in this minute: what was got until then is good, and the rest comes later. */
export function isOutOfBudget(error: unknown): boolean {
  // it carries no code of the exchange's
  return (
    error instanceof CollectorFailure &&
    error.failure.code === 'EXCHANGE_RATE_LIMITED' &&
    error.failure.exchangeCode === null
  )
}

/** Waits for all of them, failed or not, so that nothing of a job runs on after it; then throws the first failure. */
export async function allOf(works: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
