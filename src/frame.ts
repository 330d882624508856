import type { Writable } from 'node:stream'
import { InputError, parseJson, utf8 } from '@perf-agg/sdk'
import { limits } from './limits.ts'

/**
 * How our processes speak to each other over a pipe: small frames of a JSON head and raw bytes.
 *
 *     u32 length of the head | u32 length of the body | head (JSON object, UTF-8) | body
 *
 * Both lengths are big-endian and bounded before anything is kept. What comes out is still a stranger's: each
 * side reads heads with its own strict parser.
 */
export interface Frame {
  readonly head: unknown
  readonly body: Uint8Array
}

export interface FrameBounds {
  readonly headBytesMax: number
  readonly bodyBytesMax: number
}

const prefixBytes = 8

/** Bytes of one frame up to its body. */
function opening(head: object, bodyBytes: number): Buffer {
  const text = utf8(JSON.stringify(head))
  const bytes = Buffer.alloc(prefixBytes + text.length)
  bytes.writeUInt32BE(text.length, 0)
  bytes.writeUInt32BE(bodyBytes, 4)
  bytes.set(text, prefixBytes)
  return bytes
}

const empty = new Uint8Array()

/** Resolves when the bytes have left this process; the body may be wiped then. Rejects when the pipe is gone. */
export function writeFrame(pipe: Writable, head: object, body: Uint8Array = empty): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void =>
      error === undefined || error === null ? resolve() : reject(error)
    if (pipe.destroyed || pipe.writableEnded)
      return reject(new InputError('PIPE_CLOSED', 'the pipe is closed'))
    if (body.length === 0) return void pipe.write(opening(head, 0), done)
    pipe.cork()
    pipe.write(opening(head, body.length))
    pipe.write(body, done)
    pipe.uncork()
  })
}

/**
 * Puts frames together from whatever pieces a pipe hands over. Each frame has memory of its own, so that a frame
 * which held a secret can be wiped; `wipe` also zeroes the pieces once they are copied.
 */
export class FrameReader {
  readonly #bounds: FrameBounds
  readonly #wipe: boolean
  readonly #prefix = Buffer.alloc(prefixBytes)
  #prefixFilled = 0
  #frame: Buffer | null = null
  #filled = 0

  constructor(bounds: FrameBounds = limits.frame, options: { readonly wipe?: boolean } = {}) {
    this.#bounds = bounds
    this.#wipe = options.wipe ?? false
  }

  /** @throws {InputError} `FRAME_TOO_LARGE`, or a code of the JSON parser; the pipe is of no more use then */
  push(piece: Uint8Array): Frame[] {
    const frames: Frame[] = []
    let at = 0
    while (at < piece.length) {
      if (this.#frame === null) {
        const taken = Math.min(prefixBytes - this.#prefixFilled, piece.length - at)
        this.#prefix.set(piece.subarray(at, at + taken), this.#prefixFilled)
        this.#prefixFilled += taken
        at += taken
        if (this.#prefixFilled < prefixBytes) break
        this.#frame = this.#allocate()
        this.#filled = 0
      }
      const taken = Math.min(this.#frame.length - this.#filled, piece.length - at)
      this.#frame.set(piece.subarray(at, at + taken), this.#filled)
      this.#filled += taken
      at += taken
      if (this.#filled === this.#frame.length) {
        frames.push(this.#finish(this.#frame))
        this.#frame = null
        this.#prefixFilled = 0
      }
    }
    if (this.#wipe) piece.fill(0)
    return frames
  }

  #allocate(): Buffer {
    const headBytes = this.#prefix.readUInt32BE(0)
    const bodyBytes = this.#prefix.readUInt32BE(4)
    if (headBytes > this.#bounds.headBytesMax || bodyBytes > this.#bounds.bodyBytesMax || headBytes < 2) {
      throw new InputError('FRAME_TOO_LARGE', 'a frame is longer than allowed')
    }
    return Buffer.alloc(headBytes + bodyBytes)
  }

  #finish(frame: Buffer): Frame {
    const headBytes = this.#prefix.readUInt32BE(0)
    const head = parseJson(frame.subarray(0, headBytes), {
      bytesMax: this.#bounds.headBytesMax,
      depthMax: limits.frame.jsonDepthMax,
    })
    return { head, body: frame.subarray(headBytes) }
  }
}
