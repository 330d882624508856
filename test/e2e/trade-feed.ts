import { once } from 'node:events'
import { WebSocket } from 'ws'

type Message = Readonly<Record<string, unknown>>

/** The WebSocket of a self-reported session without a client key. */
export class TradeFeed {
  readonly acknowledged: string[] = []
  readonly refused: Message[] = []
  readonly #socket: WebSocket
  #sent = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Message
      if (message['type'] === 'ack') this.acknowledged.push(String(message['id']))
      if (message['type'] === 'error') this.refused.push(message)
    })
  }

  /** Rejects where the connection ends before it is ready. */
  static async open(url: string, sessionId: unknown): Promise<TradeFeed> {
    const socket = new WebSocket(url)
    const feed = new TradeFeed(socket)
    await once(socket, 'open')
    const ready = new Promise<void>((resolve, reject) => {
      socket.once('message', () => {
        const [refused] = feed.refused
        if (refused === undefined) resolve()
        else reject(new Error(String(refused['code'])))
      })
      socket.once('close', () => reject(new Error('closed')))
    })
    socket.send(JSON.stringify({ type: 'auth', session_id: sessionId }))
    await ready
    return feed
  }

  send(atMs: number): void {
    this.#sent += 1
    const trade = { symbol: 'BTCUSDT', price: 50_000, size: '0.1', side: 'buy', timestamp: atMs, fee: 1 }
    this.#socket.send(JSON.stringify({ type: 'trade', data: { ...trade, id: `t${this.#sent}` } }))
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  close(): void {
    this.#socket.terminate()
  }
}
