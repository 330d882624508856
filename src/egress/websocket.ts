import { createHash, randomBytes } from 'node:crypto'

/**
 * The client's side of a WebSocket connection, RFC 6455, as far as a reader of text messages needs it: bytes in and
 * out, no network. Every length is judged before anything is kept.
 */

/** What came in: a whole message, or a word about the connection itself. */
export type Heard =
  | { readonly kind: 'text'; readonly bytes: Buffer }
  | { readonly kind: 'ping'; readonly bytes: Buffer }
  | { readonly kind: 'pong' }
  | { readonly kind: 'close' }

/** The other side does not speak the protocol, or says more at once than allowed. */
export class WebSocketViolation extends Error {
  readonly code: 'ANSWER_INVALID' | 'TOO_LARGE'

  constructor(code: 'ANSWER_INVALID' | 'TOO_LARGE') {
    super(code)
    this.code = code
  }
}

const opcodes = { continuation: 0, text: 1, close: 8, ping: 9, pong: 10 } as const
const controlBytesMax = 125

/** Puts messages together from whatever pieces a connection hands over. */
export class WebSocketReader {
  readonly #messageBytesMax: number
  /** Put together only when a whole frame is there: who sends byte by byte costs no more than others. */
  readonly #pieces: Buffer[] = []
  #left: Buffer = Buffer.alloc(0)
  #bytes = 0
  /** So many bytes are there at least when there is a next frame. */
  #wanted = 2
  /** Parts of a message that is not whole yet. */
  #parts: Buffer[] | null = null
  #partBytes = 0

  constructor(messageBytesMax: number) {
    this.#messageBytesMax = messageBytesMax
  }

  /** @throws {WebSocketViolation} the connection is of no more use then */
  push(piece: Buffer): Heard[] {
    this.#pieces.push(piece)
    this.#bytes += piece.length
    const heard: Heard[] = []
    if (this.#bytes < this.#wanted) return heard
    this.#left = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces, this.#bytes)
    for (let frame = this.#frame(); frame !== null; frame = this.#frame()) {
      const whole = this.#take(frame)
      if (whole !== null) heard.push(whole)
    }
    this.#pieces.splice(0, this.#pieces.length, ...(this.#left.length === 0 ? [] : [this.#left]))
    this.#bytes = this.#left.length
    return heard
  }

  #frame(): { readonly opcode: number; readonly isLast: boolean; readonly bytes: Buffer } | null {
    const left = this.#left
    this.#wanted = 2
    if (left.length < 2) return null
    const first = left[0]!
    const second = left[1]!
    // no extension was agreed on, and a server masks nothing
    if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new WebSocketViolation('ANSWER_INVALID')
    const opcode = first & 0x0f
    const isLast = (first & 0x80) !== 0
    const short = second & 0x7f
    const prefixBytes = short === 127 ? 10 : short === 126 ? 4 : 2
    if (opcode >= opcodes.close && (short > controlBytesMax || !isLast)) {
      throw new WebSocketViolation('ANSWER_INVALID')
    }
    this.#wanted = prefixBytes
    if (left.length < prefixBytes) return null
    const bytes =
      short === 127 ? Number(left.readBigUInt64BE(2)) : short === 126 ? left.readUInt16BE(2) : short
    if (this.#partBytes + bytes > this.#messageBytesMax) throw new WebSocketViolation('TOO_LARGE')
    this.#wanted = prefixBytes + bytes
    if (left.length < prefixBytes + bytes) return null
    this.#left = left.subarray(prefixBytes + bytes)
    return { opcode, isLast, bytes: left.subarray(prefixBytes, prefixBytes + bytes) }
  }

  #take({
    opcode,
    isLast,
    bytes,
  }: {
    readonly opcode: number
    readonly isLast: boolean
    readonly bytes: Buffer
  }): Heard | null {
    switch (opcode) {
      case opcodes.text:
      case opcodes.continuation: {
        if ((opcode === opcodes.text) !== (this.#parts === null)) {
          throw new WebSocketViolation('ANSWER_INVALID')
        }
        const parts = [...(this.#parts ?? []), bytes]
        this.#parts = isLast ? null : parts
        this.#partBytes = isLast ? 0 : this.#partBytes + bytes.length
        // an endless message of empty parts is one too
        if (parts.length > partsMax) throw new WebSocketViolation('TOO_LARGE')
        return isLast ? { kind: 'text', bytes: parts.length === 1 ? bytes : Buffer.concat(parts) } : null
      }
      case opcodes.ping:
        return { kind: 'ping', bytes }
      case opcodes.pong:
        return { kind: 'pong' }
      case opcodes.close:
        return { kind: 'close' }
      default:
        // binary messages come from none of the exchanges that are listened to
        throw new WebSocketViolation('ANSWER_INVALID')
    }
  }
}

const partsMax = 1_024

/** One frame, masked as a client has to. */
export function frameOf(kind: 'text' | 'ping' | 'pong' | 'close', payload: Uint8Array): Buffer {
  const length = payload.length
  const prefixBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.alloc(prefixBytes + 4 + length)
  frame[0] = 0x80 | opcodes[kind]
  if (prefixBytes === 2) frame[1] = 0x80 | length
  else if (prefixBytes === 4) {
    frame[1] = 0x80 | 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 0x80 | 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  const mask = randomBytes(4)
  frame.set(mask, prefixBytes)
  for (let index = 0; index < length; index += 1) {
    frame[prefixBytes + 4 + index] = payload[index]! ^ mask[index & 3]!
  }
  return frame
}

/** What a client asks with, and what the server has to answer to it. */
export function newHandshake(): { readonly key: string; readonly accept: string } {
  const key = randomBytes(16).toString('base64')
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return { key, accept }
}
