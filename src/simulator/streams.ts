import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { FaultPlan } from './faults.ts'
import { hang } from './spoil.ts'

/** How one exchange speaks on its streams. */
export interface StreamProtocol {
  /** Who connects there; null: nothing listens under this path. @throws {StreamRefusal} */
  connect(url: URL, peer: Peer): StreamServer | null
}

/** One connection, as the exchange sees it. */
export interface Peer {
  /** An event of that instant: it meets the faults that are on order. */
  tell(message: object, atMs: number): void
  /** An answer to what was said. */
  answer(message: object | string): void
  close(): void
}

export interface StreamServer {
  heard(text: string): void
  gone(): void
}

/** No connection, but an HTTP answer. */
export class StreamRefusal extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, headers: Readonly<Record<string, string>> = {}) {
    super(String(status))
    this.status = status
    this.headers = headers
  }
}

/** The exchange's door for streams, with what goes wrong at it. */
export class Streams {
  readonly #protocol: StreamProtocol | null
  readonly #faults: FaultPlan
  readonly #nowMs: () => number
  readonly #at: (atMs: number, act: () => void) => void
  readonly #server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 65_536 })
  /** Those who are left waiting for an answer. */
  readonly #waiting = new Set<Duplex>()
  /** How many connections were opened, ever. */
  opened = 0
  /** How many events were sent on them, ever. */
  told = 0

  constructor(options: {
    protocol: StreamProtocol | null
    faults: FaultPlan
    nowMs: () => number
    at: (atMs: number, act: () => void) => void
  }) {
    this.#protocol = options.protocol
    this.#faults = options.faults
    this.#nowMs = options.nowMs
    this.#at = options.at
  }

  get open(): number {
    return this.#server.clients.size
  }

  /** How many wait for an answer that does not come. */
  get waiting(): number {
    return this.#waiting.size
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '/', 'http://here')
    const nowMs = this.#nowMs()
    const fault = this.#faults.meet(url.pathname, nowMs)
    if (fault?.kind === 'ban') return refuse(socket, 418, { 'Retry-After': secondsUntil(fault.toMs, nowMs) })
    if (fault?.kind === 'rate-limit') {
      return refuse(socket, 429, { 'Retry-After': String(fault.retryAfterS ?? 30) })
    }
    if (fault?.kind === 'bad-gateway' || fault?.kind === 'unavailable') return refuse(socket, 502)
    if (fault?.kind === 'hang') {
      this.#keepWaiting(socket)
      return hang(socket, fault)
    }
    const isCut = this.#faults.meetStream(url.pathname, nowMs)?.kind === 'stream-cut'
    if (fault !== null || isCut) return void socket.destroy()
    let client: WebSocket | null = null
    const peer: Peer = {
      tell: (message, atMs) => this.#tell(url.pathname, client, message, atMs),
      answer: (message) => client?.send(typeof message === 'string' ? message : JSON.stringify(message)),
      close: () => client?.close(),
    }
    let server: StreamServer | null
    try {
      server = this.#protocol?.connect(url, peer) ?? null
    } catch (error) {
      if (!(error instanceof StreamRefusal)) throw error
      return refuse(socket, error.status, error.headers)
    }
    if (server === null) return refuse(socket, 404)
    const there = server
    this.#server.handleUpgrade(request, socket, head, (accepted) => {
      client = accepted
      this.opened += 1
      accepted.on('message', (data: Buffer) => there.heard(data.toString()))
      accepted.on('close', () => there.gone())
      accepted.on('error', () => accepted.terminate())
    })
  }

  #keepWaiting(socket: Duplex): void {
    this.#waiting.add(socket)
    socket.on('error', () => {})
    // who hangs up is noticed only where it is read
    socket.on('end', () => socket.destroy()).resume()
    socket.on('close', () => this.#waiting.delete(socket))
  }

  close(): void {
    for (const socket of this.#waiting) socket.destroy()
    for (const client of this.#server.clients) client.terminate()
    this.#server.close()
  }

  #tell(path: string, client: WebSocket | null, message: object, atMs: number): void {
    const text = JSON.stringify(message)
    const fault = this.#faults.meetStream(path, atMs)
    if (fault?.kind === 'stream-lose') return
    if (fault?.kind === 'stream-cut') return client?.terminate()
    const send = (what: string): void => {
      this.told += 1
      client?.send(what)
    }
    if (fault?.kind === 'stream-delay') return this.#at(atMs + fault.delayMs, () => send(text))
    if (fault?.kind === 'stream-lie') for (const lie of liesFor(message)) send(lie)
    else send(text)
    if (fault?.kind === 'stream-twice') send(text)
  }
}

/** The same event on other markets, on none that there is, and what is no event at all. */
function liesFor(message: object): readonly string[] {
  const elsewhere = (market: string): string =>
    JSON.stringify(message, (name, value: unknown) =>
      ['s', 'symbol', 'instId'].includes(name) && typeof value === 'string' ? market : value,
    )
  return [
    ...['LTCUSDT', 'ETHBTC', 'NOSUCHCOIN', '__proto__', 'A'.repeat(200)].map(elsewhere),
    ...Array.from({ length: 100 }, (_, index) => elsewhere(`LIE${index}USDT`)),
    '{"e":"executionReport"}',
    'pong',
  ]
}

function refuse(socket: Duplex, status: number, headers: Readonly<Record<string, string>> = {}): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\n${lines.join('')}\r\n`)
}

function secondsUntil(toMs: number, nowMs: number): string {
  return String(Math.max(1, Math.ceil((toMs - nowMs) / 1_000)))
}
