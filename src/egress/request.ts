import { createHash, X509Certificate } from 'node:crypto'
import { lookup as lookupName } from 'node:dns'
import {
  Agent as PlainAgent,
  type ClientRequest,
  type IncomingMessage,
  request as plainRequest,
} from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import type { LookupFunction, Socket } from 'node:net'
import { rootCertificates, TLSSocket } from 'node:tls'
import { createGunzip } from 'node:zlib'
import { limits } from '../limits.ts'
import { isPublicAddress } from './address.ts'
import type { Rule } from './hosts.ts'
import type { Refusal, Report, WireRequest } from './message.ts'
import { newHandshake } from './websocket.ts'

/** Why a request brought nothing. Carries no message: those can hold what was sent. */
export class EgressRefusal extends Error {
  readonly code: Refusal
  readonly host: string | null

  constructor(code: Refusal, host: string | null) {
    super(code)
    this.code = code
    this.host = host
  }
}

export interface Fetched {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
  readonly report: Report
}

/** How a server answered to who wants a WebSocket connection; `socket` is null where it refused. */
export interface Handshake {
  readonly status: number
  /** Of a refusal: how long not to come back. */
  readonly retryAfterS: number | null
  readonly socket: Socket | null
  /** What the server said right behind its answer. */
  readonly head: Buffer
  readonly certificate: string | null
}

export interface RequestBounds {
  readonly bodyBytesMax: number
  readonly headerBytesMax: number
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
}

export interface OriginOptions {
  readonly bounds?: RequestBounds
  /** Node's own, whatever this machine's settings say; only a test gives others. */
  readonly roots?: readonly string[]
  /** Our own address that connections leave from; null: the system's choice. */
  readonly address?: string | null
}

/** Chains of certificates, which Intel's service sends in headers, with how long one may be. */
const chainHeaders = /^(?:tcb-info|sgx-enclave-identity|sgx-pck-crl)-issuer-chain$/
const chainLengthMax = 12_288

/** What of an answer's headers is handed on. */
const answerHeaders =
  /^(?:content-type|date|retry-after|x-mbx-used-weight(?:-\d+[smhd])?|x-sapi-used-(?:ip|uid)-weight(?:-\d+[smhd])?|gw-ratelimit-reset|x-bapi-limit-reset-timestamp|x-gate-ratelimit-reset-timestamp|x-ratelimit-reset)$/

/**
 * The only place of the whole program that calls an exchange. One origin, one set of kept connections; each
 * connection goes to an address that was checked, so a name that is rebound later gains nothing.
 */
export class Origin {
  readonly rule: Rule
  readonly #bounds: RequestBounds
  readonly #agent: PlainAgent | TlsAgent
  readonly #secure: boolean

  constructor(
    rule: Rule,
    { bounds = limits.egress, roots = rootCertificates, address = null }: OriginOptions = {},
  ) {
    this.rule = rule
    this.#bounds = bounds
    this.#secure = /^(?:https|wss):/.test(rule.origin)
    const settings = {
      keepAlive: true,
      maxSockets: limits.egress.requestsMax,
      maxFreeSockets: 4,
      timeout: bounds.requestTimeoutMs,
      scheduling: 'lifo' as const,
      lookup: this.#lookup,
      ...(address === null ? {} : { localAddress: address }),
    }
    this.#agent = this.#secure
      ? new TlsAgent({
          ...settings,
          ca: [...roots],
          minVersion: 'TLSv1.2',
          rejectUnauthorized: true,
        })
      : new PlainAgent(settings)
  }

  close(): void {
    this.#agent.destroy()
  }

  /** @throws {EgressRefusal} */
  async fetch(request: WireRequest, url: URL, requestBody: Uint8Array): Promise<Fetched> {
    const host = url.host
    const sent = this.#send(request, url, requestBody)
    // Covers everything: resolving, connecting, a body that trickles in.
    let late = false
    const timer = setTimeout(() => {
      late = true
      sent.destroy()
    }, this.#bounds.requestTimeoutMs)
    let ended = false
    try {
      const answer = await answerOf(sent)
      const status = answer.statusCode ?? 0
      if (status >= 300 && status < 400) throw new EgressRefusal('REDIRECT_REFUSED', host)
      const certificate = answer.socket instanceof TLSSocket ? certificateDigest(answer.socket) : null
      const body = await this.#body(answer, host)
      ended = true
      const date = Date.parse(answer.headers.date ?? '')
      return {
        status,
        headers: headersOf(answer),
        body,
        report: {
          kind: 'report',
          environment: this.rule.environment,
          host,
          path: url.pathname,
          status,
          certificate,
          serverDateMs: Number.isNaN(date) ? null : date,
          digest: `sha256:${createHash('sha256').update(body).digest('hex')}`,
          bodyBytes: body.length,
        },
      }
    } catch (error) {
      throw late ? new EgressRefusal('TIMED_OUT', host) : refusalOf(error, host)
    } finally {
      clearTimeout(timer)
      if (!ended) sent.destroy()
    }
  }

  /** A WebSocket connection, by the same checks as any other. @throws {EgressRefusal} */
  async open(url: URL): Promise<Handshake> {
    const { key, accept } = newHandshake()
    const headers = {
      'user-agent': 'perf-agg',
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': key,
    }
    const sent = this.#begin('GET', url, headers)
    sent.end()
    let late = false
    const timer = setTimeout(() => {
      late = true
      sent.destroy()
    }, this.#bounds.requestTimeoutMs)
    try {
      const { answer, socket, head } = await switched(sent)
      const status = answer.statusCode ?? 0
      const retryAfter = answer.headers['retry-after'] ?? ''
      const retryAfterS = /^\d{1,7}$/.test(retryAfter) ? Number(retryAfter) : null
      if (socket === null) {
        answer.destroy()
        return { status, retryAfterS, socket, head, certificate: null }
      }
      if (!agrees(answer, accept)) {
        socket.destroy()
        throw new EgressRefusal('ANSWER_INVALID', url.host)
      }
      socket.setTimeout(0)
      const certificate = socket instanceof TLSSocket ? certificateDigest(socket) : null
      return { status, retryAfterS, socket, head, certificate }
    } catch (error) {
      sent.destroy()
      throw late ? new EgressRefusal('TIMED_OUT', url.host) : refusalOf(error, url.host)
    } finally {
      clearTimeout(timer)
    }
  }

  #send(request: WireRequest, url: URL, requestBody: Uint8Array): ClientRequest {
    const headers: Record<string, string> = { 'user-agent': 'perf-agg', accept: 'application/json' }
    headers['accept-encoding'] = 'gzip'
    for (const [name, value] of request.headers) if (this.rule.headers.includes(name)) headers[name] = value
    if (requestBody.length > 0) headers['content-length'] = String(requestBody.length)
    const sent = this.#begin(request.method, url, headers)
    sent.end(requestBody)
    return sent
  }

  #begin(method: string, url: URL, headers: Readonly<Record<string, string>>): ClientRequest {
    const sent = (this.#secure ? tlsRequest : plainRequest)({
      agent: this.#agent,
      method,
      // a literal IPv6 address stands in brackets in a URL only
      hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? (this.#secure ? 443 : 80) : Number(url.port),
      path: url.pathname + url.search,
      headers,
      maxHeaderSize: this.#bounds.headerBytesMax,
      insecureHTTPParser: false,
    })
    sent.once('socket', (socket) => this.#watch(sent, socket, url.host))
    return sent
  }

  /** Gives up on a connection that does not come, and on one that is not where it should be. */
  #watch(sent: ClientRequest, socket: Socket, host: string): void {
    if (!socket.connecting) return
    const timer = setTimeout(
      () => sent.destroy(new EgressRefusal('TIMED_OUT', host)),
      this.#bounds.connectTimeoutMs,
    )
    sent.once('close', () => clearTimeout(timer))
    socket.once(this.#secure ? 'secureConnect' : 'connect', () => clearTimeout(timer))
    socket.once('connect', () => {
      if (!this.rule.privateAllowed && !isPublicAddress(socket.remoteAddress ?? '')) {
        sent.destroy(new EgressRefusal('ADDRESS_REFUSED', host))
      }
    })
  }

  /** Every address of the name is checked; one that is not public spoils them all. */
  readonly #lookup: LookupFunction = (hostname, options, callback) => {
    lookupName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0)
      const bad = addresses.some(({ address }) => !isPublicAddress(address))
      if (addresses.length === 0 || (bad && !this.rule.privateAllowed)) {
        return callback(new EgressRefusal('ADDRESS_REFUSED', hostname), '', 0)
      }
      if (options.all === true) return callback(null, addresses)
      callback(null, addresses[0]!.address, addresses[0]!.family)
    })
  }

  /** Counted after decompression: a small answer must not become a large one in memory. */
  async #body(answer: IncomingMessage, host: string): Promise<Buffer> {
    const encoding = answer.headers['content-encoding'] ?? 'identity'
    if (encoding !== 'gzip' && encoding !== 'identity') throw new EgressRefusal('ANSWER_INVALID', host)
    const plain = encoding === 'gzip' ? answer.pipe(createGunzip()) : answer
    // `pipe` hands no errors on: a connection that breaks off would leave the decompressor waiting
    if (plain !== answer) answer.once('error', (error) => plain.destroy(error))
    const pieces: Buffer[] = []
    let bytes = 0
    for await (const piece of plain as AsyncIterable<Buffer>) {
      bytes += piece.length
      if (bytes > this.#bounds.bodyBytesMax) {
        answer.destroy()
        throw new EgressRefusal('TOO_LARGE', host)
      }
      pieces.push(piece)
    }
    if (!answer.complete) throw new EgressRefusal('UNREACHABLE', host)
    return Buffer.concat(pieces, bytes)
  }
}

function answerOf(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once('response', resolve)
    sent.once('upgrade', () => reject(new EgressRefusal('ANSWER_INVALID', null)))
    sent.on('error', reject)
    sent.once('close', () => reject(new EgressRefusal('UNREACHABLE', null)))
  })
}

/** The connection, where the server switched to the protocol that was asked for; else its answer alone. */
function switched(
  sent: ClientRequest,
): Promise<{ readonly answer: IncomingMessage; readonly socket: Socket | null; readonly head: Buffer }> {
  return new Promise((resolve, reject) => {
    sent.once('upgrade', (answer, socket, head) => {
      resolve({ answer, socket: socket as Socket, head })
    })
    sent.once('response', (answer) => resolve({ answer, socket: null, head: Buffer.alloc(0) }))
    sent.on('error', reject)
    sent.once('close', () => reject(new EgressRefusal('UNREACHABLE', null)))
  })
}

/** Exactly what was asked for, and no extension. */
function agrees({ headers }: IncomingMessage, accept: string): boolean {
  return (
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-accept'] === accept &&
    headers['sec-websocket-extensions'] === undefined &&
    headers['sec-websocket-protocol'] === undefined
  )
}

function certificateDigest(socket: TLSSocket): string | null {
  const raw = socket.getPeerX509Certificate()?.raw
  return raw === undefined
    ? null
    : `sha256:${createHash('sha256').update(new X509Certificate(raw).raw).digest('hex')}`
}

function headersOf(answer: IncomingMessage): [string, string][] {
  const headers: [string, string][] = []
  for (const [name, value] of Object.entries(answer.headers)) {
    if (typeof value !== 'string') continue
    if (answerHeaders.test(name)) headers.push([name, value.slice(0, 256)])
    else if (chainHeaders.test(name)) headers.push([name, value.slice(0, chainLengthMax)])
  }
  return headers
}

const tlsCodes =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)/
const answerCodes = /^(?:HPE_|Z_|ERR_HTTP_)/

function refusalOf(error: unknown, host: string): EgressRefusal {
  if (error instanceof EgressRefusal) return error.host === null ? new EgressRefusal(error.code, host) : error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (tlsCodes.test(code)) return new EgressRefusal('TLS_REFUSED', host)
  if (code === 'HPE_HEADER_OVERFLOW') return new EgressRefusal('TOO_LARGE', host)
  if (answerCodes.test(code)) return new EgressRefusal('ANSWER_INVALID', host)
  return new EgressRefusal('UNREACHABLE', host)
}
