import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Exchange } from './exchange.ts'
import { type FaultPlan, isSpoken, type SpokenFault } from './faults.ts'
import { spoil } from './spoil.ts'
import type { Wallet } from './wallet.ts'

/** What meets a call before an exchange's own rules do: it is read, dated, and what goes wrong on the way goes wrong. */

/** One call, whole. */
export interface Asked {
  readonly method: string
  readonly url: string
  readonly path: string
  /** What stands behind the path, as it was sent. */
  readonly raw: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** True exchange time. */
  readonly nowMs: number
  /** What the exchange's own clock says: differs while it is skewed. */
  readonly serverMs: number
}

export interface Answer {
  readonly status: number
  /** Beside the type, which is JSON where they don't say otherwise. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

/** How one exchange speaks. */
export interface Protocol {
  /** @param fault what it has to say in its own words */
  answer(asked: Asked, fault: SpokenFault | null): Answer
  /** What the faults of a part of it are told apart by, where that is not the path. */
  placeOf?(asked: Asked): string
}

/** Whom and what it speaks for. */
export interface ProtocolOptions {
  readonly exchange: Exchange
  readonly wallets: readonly Wallet[]
  readonly nowMs: () => number
  readonly serverMs: () => number
}

const bodyBytesMax = 65_536

export class Door {
  readonly #protocol: Protocol
  readonly #faults: FaultPlan
  readonly #nowMs: () => number

  constructor(options: { protocol: Protocol; faults: FaultPlan; nowMs: () => number }) {
    this.#protocol = options.protocol
    this.#faults = options.faults
    this.#nowMs = options.nowMs
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = []
    let bytes = 0
    request.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes > bodyBytesMax) request.destroy()
      else parts.push(part)
    })
    request.on('end', () => this.#handle(request, response, Buffer.concat(parts)))
  }

  #handle(
    { method = '', url = '/', headers }: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
  ): void {
    const nowMs = this.#nowMs()
    const serverMs = nowMs + this.#faults.skewMs(nowMs)
    const [path = '/', raw = ''] = url.split('?', 2)
    const asked = { method, url, path, raw, query: new URLSearchParams(raw), headers, body, nowMs, serverMs }
    response.setHeader('Date', new Date(serverMs).toUTCString())
    const fault = this.#faults.meet(this.#protocol.placeOf?.(asked) ?? path, nowMs)
    const isOwn = fault === null || isSpoken(fault)
    const answer = this.#protocol.answer(asked, isOwn ? fault : null)
    if (!isOwn) return spoil(fault, response, answer.body)
    response.writeHead(answer.status, { 'Content-Type': 'application/json', ...answer.headers })
    response.end(answer.body)
  }
}
