import { InputError, PerfAggError, PolicyError, UnreachableError, VerificationError } from '@perf-agg/sdk'

/**
 * Codes become HTTP statuses here and nowhere else (RFC 9457). A code that is not listed goes by its prefix, then by
 * the class of its error; whatever is no error of ours is `INTERNAL`, and nothing of it is told.
 */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly hint?: string
}

export const problemMediaType = 'application/problem+json'

const statusOfCode: Readonly<Record<string, number>> = {
  // the request itself
  REQUEST_MALFORMED: 400,
  HOST_INVALID: 400,
  TARGET_REFUSED: 400,
  TRANSFER_ENCODING_REFUSED: 400,
  JSON_INVALID: 400,
  JSON_DUPLICATE_KEY: 400,
  JSON_TOO_DEEP: 400,
  JSON_TOO_LARGE: 413,
  INPUT_INVALID: 400,
  ORIGIN_REFUSED: 403,
  ROUTE_UNKNOWN: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  BODY_TOO_LARGE: 413,
  MEDIA_TYPE_UNSUPPORTED: 415,
  CONTENT_ENCODING_UNSUPPORTED: 415,
  EXPECTATION_FAILED: 417,
  HOST_REFUSED: 421,
  UPGRADE_REQUIRED: 426,
  RATE_LIMITED: 429,
  QUOTA_EXHAUSTED: 429,
  HEADERS_TOO_LARGE: 431,
  INTERNAL: 500,
  STOPPING: 503,
  CONNECTIONS_FULL: 503,
  // boxes
  BOX_REFUSED: 400,
  BOX_STALE: 400,
  BOX_REPLAYED: 409,
  CLAIMS_FOREIGN: 400,
  CREDENTIALS_INVALID: 422,
  ACCOUNT_BOUND: 409,
  ACCOUNT_TYPE_UNSUPPORTED: 422,
  SANDBOX_UNSUPPORTED: 422,
  CLIENT_SIGNATURE_INVALID: 422,
  WALLET_SIGNATURE_INVALID: 422,
  // sessions
  SESSION_UNKNOWN: 404,
  /** The exchange has not yet said whose account it is. */
  CHALLENGE_REQUIRED: 403,
  // public records: one that is not shown is one that is not there
  RECORD_UNKNOWN: 404,
  NOT_PUBLISHED: 409,
  EDITION_MISSING: 409,
  CHALLENGE_REFUSED: 403,
  // registration in clear
  PLAIN_REGISTRATION_OFF: 403,
  PLAIN_NEEDS_TLS: 403,
  // WebSocket only: never an HTTP answer, listed for completeness
  TRADES_NOT_TAKEN: 409,
  // the daemon
  CLOCK_SET_BACK: 503,
  CLOCK_SKEW: 503,
  EGRESS_BUDGET_SPENT: 503,
  ENCLAVE_CLOSED: 503,
  LOG_ROLLED_BACK: 503,
  LOG_FORKED: 503,
  ATTESTATION_FAILED: 503,
  // state of ours that can't be read is no fault of the request
  CHAIN_FORK: 500,
  HOUR_TWICE: 500,
  SNAPSHOT_INVALID: 500,
}

const statusOfPrefix: readonly (readonly [string, number])[] = [
  ['EXCHANGE_', 422],
  ['STORE_', 503],
  ['STATE_', 503],
  ['DISK_', 503],
]

const titles: Readonly<Record<number, string>> = {
  400: 'the request was not understood',
  403: 'not allowed',
  404: 'not found',
  405: 'no such method here',
  408: 'the request took too long',
  409: 'in conflict with what is there',
  413: 'too large',
  415: 'media type not taken',
  417: 'expectation not met',
  421: 'not meant for this host',
  422: 'understood, but refused',
  426: 'a WebSocket is spoken here',
  429: 'too many requests',
  431: 'headers too large',
  500: 'something went wrong inside',
  503: 'not possible just now',
}

export function statusOf(error: unknown): number {
  if (!(error instanceof PerfAggError)) return 500
  if (Object.hasOwn(statusOfCode, error.code)) return statusOfCode[error.code] ?? 500
  const prefix = statusOfPrefix.find(([start]) => error.code.startsWith(start))
  if (prefix !== undefined) return prefix[1]
  if (error instanceof UnreachableError) return 503
  if (error instanceof PolicyError) return 403
  if (error instanceof InputError || error instanceof VerificationError) return 400
  return error.action === 'retry' ? 503 : 500
}

/** The body of a refusal. Only errors of ours tell their message; any other is `INTERNAL`. */
export function problemOf(error: unknown): Problem {
  const status = statusOf(error)
  const known = error instanceof PerfAggError ? (uniform[error.code] ?? error) : internal
  return {
    type: `tag:perf-agg,2026:problem/${known.code}`,
    title: titles[status] ?? 'refused',
    status,
    code: known.code,
    detail: known.message,
    ...(known.hint === undefined ? {} : { hint: known.hint }),
  }
}

/** One answer for every cause: what exactly was wrong would tell a guesser something. */
const uniform: Readonly<Record<string, PerfAggError>> = Object.assign(Object.create(null), {
  BOX_REFUSED: new PerfAggError('BOX_REFUSED', 'the box could not be opened', {
    hint: 'fetch a fresh quote and seal to its enc_key',
  }),
  SESSION_UNKNOWN: new PerfAggError('SESSION_UNKNOWN', 'no such session', {
    hint: 'it may have ended or expired; registering again makes a new one',
  }),
})

const internal = new PerfAggError(
  'INTERNAL',
  'something went wrong inside; nothing was changed by this request',
  {
    action: 'retry',
    hint: 'try again; the operator finds the cause in the log',
  },
)
