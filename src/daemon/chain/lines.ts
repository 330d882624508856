import type { Socket } from 'node:net'
import { parseJson, PerfAggError } from '@perf-agg/sdk'

/** A quote with the certificates of its hardware stays under a megabyte. */
const lineBytesMax = 2_097_152

/** JSON, a line each, over a socket of this machine: what two starts of the daemon speak with each other. */
export class Lines {
  readonly #socket: Socket
  #held = Buffer.alloc(0)
  #ended = false
  #look: () => void = () => {}

  constructor(socket: Socket) {
    this.#socket = socket
    const end = (): void => {
      this.#ended = true
      this.#look()
    }
    socket.on('data', (part: Buffer) => {
      this.#held = Buffer.concat([this.#held, part])
      if (this.#held.length > lineBytesMax) socket.destroy()
      this.#look()
    })
    socket.on('error', end)
    socket.on('end', end)
    socket.on('close', end)
  }

  send(value: object): void {
    if (!this.#ended) this.#socket.write(`${JSON.stringify(value)}\n`)
  }

  /**
   * Null where the other side is gone.
   * @throws {PerfAggError} HANDOVER_TIMED_OUT; {InputError} for what is no JSON
   */
  async next(timeoutMs: number): Promise<unknown> {
    const timer = AbortSignal.timeout(timeoutMs)
    for (;;) {
      const end = this.#held.indexOf(0x0a)
      if (end >= 0) {
        const line = this.#held.subarray(0, end)
        this.#held = this.#held.subarray(end + 1)
        return parseJson(line, { bytesMax: lineBytesMax })
      }
      if (this.#ended) return null
      await new Promise<void>((resolve, reject) => {
        const late = (): void => {
          reject(
            new PerfAggError('HANDOVER_TIMED_OUT', 'the other daemon does not answer', { action: 'retry' }),
          )
        }
        if (timer.aborted) return late()
        timer.addEventListener('abort', late, { once: true })
        this.#look = () => {
          timer.removeEventListener('abort', late)
          resolve()
        }
      })
    }
  }

  /** What was sent goes out first. */
  close(): void {
    this.#socket.end()
  }
}
