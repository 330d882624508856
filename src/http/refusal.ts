import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { PerfAggError } from '@perf-agg/sdk'
import { problemMediaType, problemOf } from './problem.ts'
import { RateError } from './rate.ts'

/**
 * Codes after which the connection ends: what follows on it can't be trusted to be the next request, or the body
 * was not read.
 */
const closing: ReadonlySet<string> = new Set([
  'REQUEST_MALFORMED',
  'HOST_INVALID',
  'TARGET_REFUSED',
  'TRANSFER_ENCODING_REFUSED',
  'JSON_INVALID',
  'JSON_DUPLICATE_KEY',
  'JSON_TOO_DEEP',
  'JSON_TOO_LARGE',
  'HOST_REFUSED',
  'ORIGIN_REFUSED',
  'METHOD_NOT_ALLOWED',
  'REQUEST_TIMEOUT',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
  'CONTENT_ENCODING_UNSUPPORTED',
  'EXPECTATION_FAILED',
  'RATE_LIMITED',
  'HEADERS_TOO_LARGE',
  'PLAIN_REGISTRATION_OFF',
  'PLAIN_NEEDS_TLS',
  'STOPPING',
  'INTERNAL',
])

/** Which methods there are, beside METHOD_NOT_ALLOWED. */
export class MethodError extends PerfAggError {
  readonly allow: readonly string[]

  constructor(allow: readonly string[]) {
    super('METHOD_NOT_ALLOWED', `this is only there for ${allow.join(' and ')}`)
    this.allow = allow
  }
}

/** The headers that belong to a refusal, content type and all. */
export function refusalHeaders(error: unknown): Record<string, string> {
  const code = error instanceof PerfAggError ? error.code : 'INTERNAL'
  return {
    'content-type': problemMediaType,
    'cache-control': 'no-store',
    ...(error instanceof MethodError ? { allow: error.allow.join(', ') } : {}),
    ...(error instanceof RateError ? { 'retry-after': String(error.retryAfterS) } : {}),
    ...(code === 'STOPPING' ? { 'retry-after': '5' } : {}),
    ...(code === 'UPGRADE_REQUIRED' ? { upgrade: 'websocket' } : {}),
    ...(closing.has(code) ? { connection: 'close' } : {}),
  }
}

/** Answers a request that went no further. */
export function refuse(response: ServerResponse, error: unknown): void {
  const body = Buffer.from(JSON.stringify(problemOf(error)))
  response.writeHead(problemOf(error).status, { ...refusalHeaders(error), 'content-length': body.length })
  response.end(body)
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  413: 'Content Too Large',
  421: 'Misdirected Request',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
}

/** Answers on a bare connection, where no request could be read or none will be, and ends it. */
export function refuseRaw(socket: Duplex, error: PerfAggError): void {
  const problem = problemOf(error)
  const body = JSON.stringify(problem)
  const headers = {
    ...refusalHeaders(error),
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const reason = reasons[problem.status] ?? 'Refused'
  socket.end([`HTTP/1.1 ${problem.status} ${reason}`, ...head, '', body].join('\r\n'), () => socket.destroy())
}
