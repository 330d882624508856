import type { Socket } from 'node:net'
import { parseJson } from '@perf-agg/sdk'
import { limits } from '../limits.ts'
import type { Egress } from './egress.ts'
import type { Operations } from './hosts.ts'
import type { Opening } from './message.ts'
import { EgressRefusal } from './request.ts'
import type { EndCode, StreamWord } from './stream-message.ts'
import { frameOf, WebSocketReader, WebSocketViolation } from './websocket.ts'

export type StreamBounds = Readonly<Record<keyof typeof limits.stream, number>>

/** Where what is heard goes. A promise that is open says: not so fast. */
export interface StreamEars {
  word(word: StreamWord, body?: Uint8Array): Promise<void>
  /** To the daemon, before the listener hears of it. */
  opened(opening: Opening): Promise<void>
  refused(code: EgressRefusal['code'], host: string | null): Promise<void>
}

interface Stream {
  readonly host: string
  readonly operations: Operations
  readonly socket: Socket
  readonly reader: WebSocketReader
  readonly end: (code: EndCode) => void
  heardAt: number
  said: number
}

const nothing = new Uint8Array()

/** The connections over which exchanges tell of events. What may be said there is on the rule's list, by its name. */
export class Streams {
  readonly #egress: Pick<Egress, 'open'>
  readonly #ears: StreamEars
  readonly #bounds: StreamBounds
  readonly #streams = new Map<number, Stream | 'opening'>()
  readonly #watch: NodeJS.Timeout

  constructor(egress: Pick<Egress, 'open'>, ears: StreamEars, bounds: StreamBounds = limits.stream) {
    this.#egress = egress
    this.#ears = ears
    this.#bounds = bounds
    this.#watch = setInterval(() => this.#look(), bounds.pingIntervalMs / 2)
    this.#watch.unref()
  }

  close(): void {
    clearInterval(this.#watch)
    for (const stream of this.#streams.values()) if (stream !== 'opening') stream.socket.destroy()
    this.#streams.clear()
  }

  async open(id: number, url: string): Promise<void> {
    if (this.#streams.has(id)) throw new RangeError('that stream is open')
    if (this.#streams.size >= this.#bounds.streamsMax) return this.#tellEnd(id, 'BUSY')
    this.#streams.set(id, 'opening')
    try {
      const { socket, status, retryAfterS, head, rule, host, certificate } = await this.#egress.open(url)
      const isWanted = this.#streams.has(id)
      if (socket === null || rule.operations === undefined || !isWanted) {
        socket?.destroy()
        this.#streams.delete(id)
        if (isWanted) await this.#tellEnd(id, 'HANDSHAKE_REFUSED', status, retryAfterS)
        return
      }
      this.#attach(id, socket, host, rule.operations)
      await this.#ears.opened({ kind: 'opened', environment: rule.environment, host, certificate })
      await this.#ears.word({ kind: 'opened', id })
      if (head.length > 0) socket.unshift(head)
      this.#listen(id)
    } catch (error) {
      this.#streams.delete(id)
      const { code, host } = error instanceof EgressRefusal ? error : new EgressRefusal('UNREACHABLE', null)
      await this.#ears.refused(code, host)
      await this.#tellEnd(id, code)
    }
  }

  /** A listener that wants to say anything else is none of ours any more: its connection ends. */
  async say(id: number, text: Uint8Array): Promise<void> {
    const stream = this.#streams.get(id)
    if (stream === undefined || stream === 'opening') return
    stream.said += 1
    if (stream.said > this.#bounds.saidMax || !allowsOperation(stream.operations, text)) {
      await this.#ears.refused('HOST_REFUSED', stream.host)
      return stream.end('OPERATION_REFUSED')
    }
    stream.socket.write(frameOf('text', text))
  }

  hangUp(id: number): void {
    const stream = this.#streams.get(id)
    this.#streams.delete(id)
    if (stream === undefined || stream === 'opening') return
    stream.socket.end(frameOf('close', nothing))
    stream.socket.destroySoon()
  }

  #attach(id: number, socket: Socket, host: string, operations: Operations): void {
    const reader = new WebSocketReader(this.#bounds.messageBytesMax)
    const end = (code: EndCode): void => {
      socket.destroy()
      if (this.#streams.get(id) !== stream) return
      this.#streams.delete(id)
      this.#tellEnd(id, code).catch(() => {})
    }
    const stream: Stream = { host, operations, socket, reader, end, heardAt: performance.now(), said: 0 }
    this.#streams.set(id, stream)
    socket.once('error', () => end('UNREACHABLE'))
    socket.once('close', () => end('CLOSED'))
  }

  /** Reads no faster than messages are taken, and so many a second at the most: a flood waits at its own end. */
  #listen(id: number): void {
    const stream = this.#streams.get(id)
    if (stream === undefined || stream === 'opening') return
    const { socket, end } = stream
    const { messagesPerSecond } = this.#bounds
    let budget = messagesPerSecond
    let refilledAt = performance.now()
    socket.on('end', () => end('CLOSED'))
    socket.on('data', (piece: Buffer) => {
      stream.heardAt = performance.now()
      budget = Math.min(
        messagesPerSecond,
        budget + ((stream.heardAt - refilledAt) / 1_000) * messagesPerSecond,
      )
      refilledAt = stream.heardAt
      try {
        const { count, taken } = this.#hear(id, stream, piece)
        budget -= count
        const restMs = budget >= 0 ? 0 : (-budget / messagesPerSecond) * 1_000
        if (taken === null && restMs === 0) return
        socket.pause()
        Promise.all([taken, restMs === 0 ? null : new Promise((resolve) => setTimeout(resolve, restMs))])
          .then(() => socket.resume())
          .catch(() => end('UNREACHABLE'))
      } catch (error) {
        end(error instanceof WebSocketViolation ? error.code : 'ANSWER_INVALID')
      }
    })
  }

  #hear(id: number, stream: Stream, piece: Buffer): { count: number; taken: Promise<unknown> | null } {
    const taken: Promise<void>[] = []
    let count = 0
    for (const heard of stream.reader.push(piece)) {
      count += 1
      if (heard.kind === 'text') taken.push(this.#ears.word({ kind: 'heard', id }, heard.bytes))
      else if (heard.kind === 'ping') stream.socket.write(frameOf('pong', heard.bytes))
      else if (heard.kind === 'close') stream.end('CLOSED')
    }
    return { count, taken: taken.length === 0 ? null : Promise.all(taken) }
  }

  /** A connection on which nothing comes any more looks like one on which nothing happens: only asking tells. */
  #look(): void {
    const now = performance.now()
    for (const stream of this.#streams.values()) {
      if (stream === 'opening') continue
      const silentMs = now - stream.heardAt
      if (silentMs > this.#bounds.silenceMsMax) stream.end('TIMED_OUT')
      else if (silentMs > this.#bounds.pingIntervalMs / 2) stream.socket.write(frameOf('ping', nothing))
    }
  }

  #tellEnd(
    id: number,
    code: EndCode,
    status: number | null = null,
    retryAfterS: number | null = null,
  ): Promise<void> {
    return this.#ears.word({ kind: 'ended', id, code, status, retryAfterS })
  }
}

/** By the one member that says what a message asks for; duplicates of it are refused with the JSON. */
export function allowsOperation({ member, names, texts }: Operations, text: Uint8Array): boolean {
  if (text.length > limits.stream.saidBytesMax) return false
  if (texts.includes(Buffer.from(text).toString('latin1'))) return true
  try {
    const message = parseJson(text, { bytesMax: limits.stream.saidBytesMax, depthMax: 6 })
    if (typeof message !== 'object' || message === null || Array.isArray(message)) return false
    const name: unknown = Object.hasOwn(message, member) ? Reflect.get(message, member) : undefined
    return typeof name === 'string' && names.includes(name)
  } catch {
    return false
  }
}
