import { PerfAggError } from '@perf-agg/sdk'

/** The platform made no evidence this time: whoever asked may ask again. Never holds text of the platform's own. */
export function attestationFailed(what: string, hint?: string): PerfAggError {
  return new PerfAggError('ATTESTATION_FAILED', what, {
    action: 'retry',
    ...(hint === undefined ? {} : { hint }),
  })
}

/** The code of a system call that failed, for messages; anything else says nothing. */
export function errnoOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : 'unknown'
}
