/** What the reader of an error can do about it. */
export type Action =
  /** Something given was wrong: change it and call again. */
  | 'fix'
  /** Nothing was wrong with what was given: the same call may succeed later. */
  | 'retry'
  /** Do not go on: what was checked does not hold. */
  | 'stop'

/**
 * Every error of perf-agg that a caller may meet. `code` is stable and meant for programs, `message` is one
 * lower-case sentence for people, `hint` says the way on. No secret is ever put into any of them.
 */
export class PerfAggError extends Error {
  override readonly name: string = 'PerfAggError'
  readonly code: string
  readonly action: Action
  readonly hint: string | undefined

  constructor(
    code: string,
    message: string,
    options: { action?: Action; hint?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.action = options.action ?? 'fix'
    this.hint = options.hint
  }
}

/** Input from outside that does not have the shape or the bounds it must have. */
export class InputError extends PerfAggError {
  override readonly name = 'InputError'
}

/** A proof is broken: a signature, a chain or a hash does not hold. Exit code 1. */
export class VerificationError extends PerfAggError {
  override readonly name = 'VerificationError'
  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(code, message, { ...options, action: 'stop' })
  }
}

/** The proof is sound, but the policy does not trust what it proves. Exit code 3. */
export class PolicyError extends PerfAggError {
  override readonly name = 'PolicyError'
  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(code, message, { ...options, action: 'stop' })
  }
}

/** The other side could not be reached or did not answer in time. Exit code 4. */
export class UnreachableError extends PerfAggError {
  override readonly name = 'UnreachableError'
  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(code, message, { ...options, action: 'retry' })
  }
}
