import type { Duplex } from 'node:stream'
import { readInteger, readNullable, readObject, readRecord, readString, utf8 } from '@perf-agg/sdk'
import { type Frame, writeFrame } from '../../frame.ts'

/** Whoever has a connection hears this of it. After `ended` nothing more comes. */
export interface LineEars {
  opened(): void
  heard(message: Uint8Array): void
  ended(code: string, status: number | null, retryAfterMs: number | null): void
}

export interface Line {
  say(text: string): Promise<void>
  hangUp(): void
}

/** The connections of streams over the link to egress, which holds them and decides where they go. */
export class Lines {
  readonly #link: Duplex
  readonly #ears = new Map<number, LineEars>()
  #lastId = 0

  constructor(link: Duplex) {
    this.#link = link
  }

  open(url: string, ears: LineEars): Line {
    const id = (this.#lastId += 1)
    this.#ears.set(id, ears)
    writeFrame(this.#link, { kind: 'open', id, url }).catch(() => this.#end(id, 'UNREACHABLE', null, null))
    return {
      say: (text) => writeFrame(this.#link, { kind: 'say', id }, utf8(text)),
      hangUp: () => {
        if (this.#ears.delete(id)) writeFrame(this.#link, { kind: 'hang-up', id }).catch(() => {})
      },
    }
  }

  /** True where the frame is of a stream. @throws {InputError} */
  take({ head, body }: Frame): boolean {
    const kind = readRecord(head, '')['kind']
    if (kind === 'opened' || kind === 'heard') {
      const { id } = readObject(head, '', { required: ['kind', 'id'] })
      const ears = this.#ears.get(readInteger(id, 'id', { min: 1 }))
      if (kind === 'opened') ears?.opened()
      else ears?.heard(body)
      return true
    }
    if (kind !== 'ended') return false
    const ended = readObject(head, '', { required: ['kind', 'id', 'code', 'status', 'retryAfterS'] })
    const whole = (value: unknown, path: string): number => readInteger(value, path, { min: 0 })
    this.#end(
      readInteger(ended.id, 'id', { min: 1 }),
      readString(ended.code, 'code', { max: 64 }),
      readNullable(ended.status, 'status', whole),
      readNullable(ended.retryAfterS, 'retryAfterS', whole),
    )
    return true
  }

  #end(id: number, code: string, status: number | null, retryAfterS: number | null): void {
    const ears = this.#ears.get(id)
    this.#ears.delete(id)
    ears?.ended(code, status, retryAfterS === null ? null : retryAfterS * 1_000)
  }
}
