import type { Duplex } from 'node:stream'
import { readArray, readEnum, readInteger, readObject, readRecord, readString } from '@perf-agg/sdk'
import { type Frame, FrameReader, writeFrame } from '../frame.ts'
import { limits } from '../limits.ts'

/** Requests over the link to egress, the only way out of this process. */
export interface WireAnswer {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Egress did not let it through, or nothing came back. `code` is its refusal. */
export class WireRefusal extends Error {
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

interface Waiting {
  readonly resolve: (answer: WireAnswer) => void
  readonly reject: (error: Error) => void
}

export class Wire {
  readonly #link: Duplex
  readonly #takes: (frame: Frame) => boolean
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #closed = false

  /** @param takes a frame that is no answer to a request, and says so */
  constructor(link: Duplex, onEnd: () => void, takes: (frame: Frame) => boolean = () => false) {
    this.#link = link
    this.#takes = takes
    const reader = new FrameReader({ headBytesMax: 65_536, bodyBytesMax: limits.egress.bodyBytesMax })
    const end = (): void => {
      if (this.#closed) return
      this.#closed = true
      for (const { reject } of this.#waiting.values()) reject(new WireRefusal('UNREACHABLE'))
      this.#waiting.clear()
      onEnd()
    }
    link.on('data', (piece: Buffer) => {
      try {
        for (const frame of reader.push(piece)) this.#take(frame)
      } catch {
        end()
      }
    })
    link.on('end', end)
    link.on('error', end)
  }

  /** @throws {WireRefusal} */
  send(
    method: string,
    url: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
  ): Promise<WireAnswer> {
    if (this.#closed) return Promise.reject(new WireRefusal('UNREACHABLE'))
    const id = (this.#lastId += 1)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      writeFrame(this.#link, { id, method, url, headers }, body).catch(() => {
        this.#waiting.delete(id)
        reject(new WireRefusal('UNREACHABLE'))
      })
    })
  }

  #take(frame: Frame): void {
    if (this.#takes(frame)) return
    const kind = readEnum(readRecord(frame.head, '')['kind'], 'kind', ['answer', 'refused'])
    const head =
      kind === 'answer'
        ? readObject(frame.head, '', { required: ['kind', 'id', 'status', 'headers'] })
        : readObject(frame.head, '', { required: ['kind', 'id', 'code'] })
    const id = readInteger(head.id, 'id', { min: 1 })
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (waiting === undefined) return
    if ('code' in head) return waiting.reject(new WireRefusal(readString(head.code, 'code', { max: 64 })))
    const headers: Record<string, string> = {}
    for (const pair of readArray(head.headers, 'headers', 64)) {
      const [name, value] = readArray(pair, 'header', 2)
      headers[readString(name, 'header', { max: 256 })] = readString(value, 'header', { max: 4_096 })
    }
    waiting.resolve({
      status: readInteger(head.status, 'status', { min: 100, max: 999 }),
      headers,
      body: frame.body,
    })
  }
}
