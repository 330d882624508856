import type { IncomingMessage } from 'node:http'
import { PerfAggError } from '@perf-agg/sdk'
import type { HttpLimits } from '../limits.ts'

/** What two parsers between client and enclave could read differently is refused, whatever Node's parser makes of it. */
export interface RequestForm {
  /** The host's name or address as it was asked for, lower case, without port. */
  readonly hostname: string
  readonly host: string
}

const hostPattern = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9]([a-z0-9._-]{0,252}[a-z0-9])?\.?)(?::\d{1,5})?$/

/**
 * Exactly one Host, a target in origin form, no transfer encoding but `chunked`, no body twice measured, bounded
 * headers, nothing compressed.
 * @throws PerfAggError HEADERS_TOO_LARGE, HOST_INVALID, TARGET_REFUSED, TRANSFER_ENCODING_REFUSED,
 *   CONTENT_ENCODING_UNSUPPORTED, REQUEST_MALFORMED
 */
export function checkForm(request: IncomingMessage, limits: HttpLimits): RequestForm {
  const { rawHeaders } = request
  if (rawHeaders.length / 2 > limits.headersMax) {
    throw new PerfAggError('HEADERS_TOO_LARGE', `more than ${limits.headersMax} header lines`)
  }
  const hosts: string[] = []
  const encodings: string[] = []
  let lengths = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const value = rawHeaders[index + 1] ?? ''
    switch (rawHeaders[index]?.toLowerCase()) {
      case 'host':
        hosts.push(value.toLowerCase())
        break
      case 'transfer-encoding':
        encodings.push(value.toLowerCase())
        break
      case 'content-length':
        lengths += 1
        break
      case 'content-encoding':
        if (value.toLowerCase() === 'identity') break
        throw new PerfAggError('CONTENT_ENCODING_UNSUPPORTED', 'bodies are not taken compressed')
    }
  }
  checkBody(request, encodings, lengths)
  const target = request.url ?? ''
  if (!/^\/(?!\/)[\x21\x24-\x5b\x5d\x5f\x61-\x7a\x7e]*$/.test(target) || target.length > limits.urlBytesMax) {
    throw new PerfAggError(
      'TARGET_REFUSED',
      'the request target must be a path, at most as long as is said',
      {
        hint: 'ask with GET /path, not with GET http://host/path',
      },
    )
  }
  const [host] = hosts
  if (host === undefined || hosts.length > 1) {
    throw new PerfAggError('HOST_INVALID', 'a request names its host exactly once')
  }
  const hostname = hostPattern.exec(host)?.[1]
  if (hostname === undefined) throw new PerfAggError('HOST_INVALID', 'the Host header is no name or address')
  return { hostname, host }
}

function checkBody(request: IncomingMessage, encodings: readonly string[], lengths: number): void {
  if (lengths > 1) throw new PerfAggError('REQUEST_MALFORMED', 'a body has one length')
  if (encodings.length === 0) return
  if (encodings.length > 1 || encodings[0] !== 'chunked' || lengths > 0 || request.httpVersion !== '1.1') {
    throw new PerfAggError('TRANSFER_ENCODING_REFUSED', 'no transfer encoding but a single chunked is taken')
  }
}
