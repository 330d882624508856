import Client from 'ccxt:client'
import type { Line, Lines } from './lines.ts'

/** What becomes of a connection's messages and of its end; ccxt's callbacks come with it. */
export interface ClientEars {
  heard(client: LineClient, message: Uint8Array): void
  ended(code: string, status: number | null, retryAfterMs: number | null): void
}

/**
 * ccxt's own connection of a stream, whose bytes go over the link to egress: it keeps what is subscribed to and
 * resolves what is waited for; opening, masking and the pings of the protocol are egress's.
 */
export class LineClient extends Client {
  readonly #lines: Lines
  readonly #ears: ClientEars
  #line: Line | null = null
  #open = false

  constructor(lines: Lines, ears: ClientEars, given: ConstructorParameters<typeof Client>) {
    super(...given)
    this.#lines = lines
    this.#ears = ears
    // ccxt awaits it only where it subscribes
    this.connected.catch(() => {})
  }

  get dialled(): boolean {
    return this.#line !== null
  }

  override connect(): Promise<unknown> {
    if (this.#line !== null) return this.connected
    this.#line = this.#lines.open(this.url, {
      opened: () => {
        this.#open = true
        this.onOpen()
      },
      heard: (message) => this.#ears.heard(this, message),
      ended: (code, status, retryAfterMs) => {
        this.#open = false
        this.#ears.ended(code, status, retryAfterMs)
      },
    })
    const line = this.#line
    this.connection = {
      send: (text: string, _options: unknown, done: (error?: unknown) => void) => {
        line.say(text).then(() => done(), done)
      },
      // egress asks whether the other side is there
      ping: () => this.onPong(),
      close: () => this.close(),
    }
    return this.connected
  }

  override isOpen(): boolean {
    return this.#open
  }

  /** What an exchange wants to hear now and then; whether it is still there egress finds out. */
  override onPingInterval(): void {
    const message = this.ping?.(this)
    if (message !== undefined && this.#open) this.send(message).catch(() => {})
  }

  override close(): Promise<void> {
    this.#open = false
    this.#line?.hangUp()
    this.clearPingInterval()
    return Promise.resolve()
  }
}
