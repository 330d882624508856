import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { PerfAggError } from '@perf-agg/sdk'
import type { HttpLimits } from '../limits.ts'
import type { TrustedProxies } from './address.ts'
import { plainAddress } from './address.ts'
import { refuse, refuseRaw } from './refusal.ts'
import type { TlsFiles } from './tls.ts'

export interface ServerOptions {
  readonly tls: TlsFiles | null
  readonly limits: HttpLimits
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number
  readonly proxies: TrustedProxies
  /** A request that could not be read was refused with this code. */
  readonly onRefusal: (code: string) => void
}

/** Node's HTTP server with every bound set, and with an answer of ours for what its parser refuses. */
export function newServer(listener: RequestListener, options: ServerOptions): Server {
  const { limits } = options
  const bounds = {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.slowCheckMs,
    insecureHTTPParser: false,
    // a missing Host is refused with the rest of the form
    requireHostHeader: false,
  }
  const server =
    options.tls === null
      ? createServer(bounds, listener)
      : createTlsServer(
          { ...bounds, ...options.tls, minVersion: 'TLSv1.2', handshakeTimeout: limits.headersTimeoutMs },
          listener,
        )
  server.maxConnections = options.connectionsMax
  server.maxRequestsPerSocket = limits.requestsPerConnectionMax
  // one more than is allowed: Node would drop the rest unseen, and a second Host with them
  server.maxHeadersCount = limits.headersMax + 1
  const unanswered = unansweredRequests(server)
  server.on('clientError', (error: Error, socket: Duplex) => {
    const refusal = refusalOf(error)
    if (refusal === null || !socket.writable) return void socket.destroy()
    options.onRefusal(refusal.code)
    // once an answer has begun, a second one on the same connection would be read as part of it
    const open = unanswered(socket)
    if (open.length > 1 || open.some((response) => response.headersSent)) socket.destroy()
    else refuseRaw(socket, refusal)
  })
  server.on('checkExpectation', (_request, response) => {
    refuse(response, new PerfAggError('EXPECTATION_FAILED', 'no expectation but 100-continue is met'))
  })
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    refuseRaw(socket, new PerfAggError('REQUEST_MALFORMED', 'this is no proxy'))
  })
  boundConnections(server, options)
  return server
}

/** The answers of a connection that are not finished: usually none or one, more when requests are pipelined. */
function unansweredRequests(server: Server): (socket: Duplex) => readonly ServerResponse[] {
  const open = new WeakMap<Duplex, ServerResponse[]>()
  server.prependListener('request', (request, response) => {
    const { socket } = request
    const responses = open.get(socket) ?? []
    responses.push(response)
    open.set(socket, responses)
    response.once('close', () => responses.splice(responses.indexOf(response), 1))
  })
  return (socket) => open.get(socket) ?? []
}

/** What Node's parser found, as a code of ours; null where the client just went away. */
function refusalOf(error: Error): PerfAggError | null {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new PerfAggError('HEADERS_TOO_LARGE', 'the headers are too large')
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new PerfAggError('BODY_TOO_LARGE', 'the chunk extensions are too large')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new PerfAggError('REQUEST_TIMEOUT', 'the request did not arrive in time')
    default:
      if (!code.startsWith('HPE_')) return null
      return new PerfAggError('REQUEST_MALFORMED', 'not a well-formed HTTP request')
  }
}

/** One address holds so many connections: slow ones must not take the places of all others. */
function boundConnections(server: Server, options: ServerOptions): void {
  const held = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? '') ?? 'unknown'
    if (options.proxies.has(address)) return
    const count = (held.get(address) ?? 0) + 1
    if (count > options.connectionsPerAddressMax) {
      options.onRefusal('CONNECTIONS_PER_ADDRESS')
      return void socket.destroy()
    }
    held.set(address, count)
    socket.once('close', () => {
      const left = (held.get(address) ?? 1) - 1
      if (left <= 0) held.delete(address)
      else held.set(address, left)
    })
  })
  server.on('drop', () => options.onRefusal('CONNECTIONS'))
}
