import { setTimeout as sleep } from 'node:timers/promises'
import {
  challengeBytes,
  hourMs,
  PerfAggClient,
  toBase64,
  type SessionAccess,
  type Signer,
} from '@perf-agg/sdk'
import { WebSocket } from 'ws'
import type { Urls } from './real-daemon.ts'

interface Trade {
  readonly id: string
  readonly hour: number
  readonly bit: number
}

/** 2^20 is far from where a sum of doubles would lose a bit. */
const bitsMax = 20
const tradesPerHour = 10
const unacknowledgedMax = 8

/**
 * A client that streams trades of past hours and remembers which were acknowledged. The k-th trade of an hour has the
 * size 2^k, so that an hour's volume tells exactly which trades it holds, and how often.
 */
export class Trader {
  readonly access: SessionAccess
  readonly account: string
  readonly #key: Signer
  readonly #baseMs: number
  /** By hour: how many trades were made. */
  readonly #made = new Map<number, number>()
  /** By hour: sum of the sizes of acknowledged trades. */
  readonly acknowledged = new Map<number, number>()
  readonly #open = new Map<string, Trade>()
  readonly errors: string[] = []
  #front = 0

  private constructor(access: SessionAccess, account: string, key: Signer, baseMs: number) {
    this.access = access
    this.account = account
    this.#key = key
    this.#baseMs = baseMs
  }

  static async register(urls: Urls, name: string, key: Signer): Promise<Trader> {
    const client = new PerfAggClient({ serviceUrl: urls.enclave })
    const { receipt, access } = await client.register({
      insecureSimulated: true,
      clientId: name,
      exchange: 'mock',
      credentials: { api_key: 'k', secret: 's' },
      clientKey: key,
    })
    const baseMs = (Math.floor(Date.now() / hourMs) - 120) * hourMs
    return new Trader(access, receipt.account!, key, baseMs)
  }

  get unacknowledged(): number {
    return this.#open.size
  }

  /** Streams until the connection breaks or `signal` says stop; what was not acknowledged is sent again first. */
  async stream(urls: Urls, signal: AbortSignal, options: { readonly more: boolean }): Promise<void> {
    const socket = new WebSocket(urls.ws)
    socket.on('error', () => undefined)
    const stop = () => socket.terminate()
    signal.addEventListener('abort', stop, { once: true })
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    try {
      await Promise.race([this.#handshake(socket), closed])
      socket.on('message', (data) => this.#hear(String(data)))
      for (const trade of this.#open.values()) this.#send(socket, trade)
      while (socket.readyState === socket.OPEN && !signal.aborted) {
        while (options.more && this.#open.size < unacknowledgedMax) this.#send(socket, this.#next())
        if (!options.more && this.#open.size === 0) break
        await Promise.race([sleep(Math.random() * 30), closed])
      }
    } finally {
      signal.removeEventListener('abort', stop)
      socket.terminate()
    }
  }

  async #handshake(socket: WebSocket): Promise<void> {
    await heard(socket, 'open')
    const said = async () => JSON.parse(await heard(socket, 'message')) as Record<string, string>
    const { sessionId } = this.access
    socket.send(JSON.stringify({ type: 'auth', session_id: sessionId }))
    let answer = await said()
    if (answer['type'] === 'challenge') {
      const challenge = answer['challenge']!
      const client_signature = toBase64(await this.#key.sign(challengeBytes('stream', challenge)))
      socket.send(JSON.stringify({ type: 'auth', session_id: sessionId, challenge, client_signature }))
      answer = await said()
    }
    if (answer['type'] !== 'ready')
      throw new Error(`an acknowledged session is refused: ${JSON.stringify(answer)}`)
  }

  #next(): Trade {
    const latest = Math.floor((Date.now() - this.#baseMs) / hourMs) - 1
    // now and then one comes late, for an hour that may have been stated
    const late = Math.random() < 0.05 && this.#front > 0
    const index = late ? Math.floor(Math.random() * this.#front) : this.#front
    const hour = this.#baseMs + index * hourMs
    const bit = this.#made.get(hour) ?? 0
    if (bit >= bitsMax) return this.#next()
    this.#made.set(hour, bit + 1)
    if (!late && bit + 1 >= tradesPerHour && this.#front < latest) this.#front += 1
    const trade = { id: `${index}-${bit}`, hour, bit }
    this.#open.set(trade.id, trade)
    return trade
  }

  #send(socket: WebSocket, { id, hour, bit }: Trade): void {
    const data = {
      id,
      symbol: 'BTCUSDT',
      price: 100 + bit,
      size: 2 ** bit,
      side: bit % 3 === 0 ? 'sell' : 'buy',
      timestamp: hour + bit * 1_000,
      fee: '0.01',
    }
    socket.send(JSON.stringify({ type: 'trade', data }))
  }

  #hear(text: string): void {
    const message = JSON.parse(text) as { type: string; id?: string; code?: string }
    if (message.type === 'error') this.errors.push(text)
    if (message.type !== 'ack' || message.id === undefined) return
    const trade = this.#open.get(message.id)
    if (trade === undefined) return
    this.#open.delete(message.id)
    this.acknowledged.set(trade.hour, (this.acknowledged.get(trade.hour) ?? 0) + 2 ** trade.bit)
  }
}

/** The next event of that name; a broken connection never gives one, it closes. */
function heard(socket: WebSocket, event: 'open' | 'message'): Promise<string> {
  return new Promise((resolve) => socket.once(event, (data?: unknown) => resolve(String(data))))
}
