import type { RawData, WebSocket } from 'ws'
import { canonicalize, PerfAggError } from '@perf-agg/sdk'
import type { WsLimits } from '../limits.ts'
import { errorFields, type Log } from './log.ts'
import { problemOf } from './problem.ts'
import { Rate } from './rate.ts'
import type { Channel, ChannelAuth, ChannelEvent, EnclaveService, PushedTrade } from './service.ts'
import { parseMessage } from './trade-message.ts'
import type { Traffic } from './traffic.ts'

export interface FeedOptions {
  readonly socket: WebSocket
  readonly service: EnclaveService
  readonly limits: WsLimits
  readonly log: Log
  readonly traffic: Traffic
  /** Monotonic. */
  readonly uptimeMs: () => number
  /** A session was asked for that is not known. */
  readonly onGuess: () => void
}

/** Close codes of RFC 6455 §7.4.1. */
const closeCode = { goingAway: 1001, notText: 1003, refused: 1008, overloaded: 1013 } as const

/**
 * One WebSocket of one session: it first says who it is, then tells trades and is told buckets and metrics.
 * What it sends faster than trades become durable waits in its own TCP window; what it takes slower than it is sent
 * is thinned to the newest metrics, and in the end closed.
 */
export class Feed {
  readonly #options: FeedOptions
  readonly #rate: Rate
  readonly #authTimer: NodeJS.Timeout
  #channel: Channel | null = null
  #authenticating = false
  /** Told in the same breath as auth, before its session was found. */
  #early: PushedTrade[] = []
  #waiting = 0
  #malformed = 0
  #paused = false
  #answered = true
  #metrics: ChannelEvent | null = null

  constructor(options: FeedOptions) {
    this.#options = options
    const { socket, limits } = options
    this.#rate = new Rate(limits.messagesPerSecond, 1_000, limits.messagesBurst)
    this.#authTimer = setTimeout(() => {
      this.#refuse(new PerfAggError('AUTH_TIMEOUT', 'no good auth message came in time'), null)
      this.close(closeCode.refused, 'AUTH_TIMEOUT')
    }, limits.authTimeoutMs)
    socket.on('message', (data, binary) => this.#take(data, binary))
    socket.on('pong', () => {
      this.#answered = true
    })
    socket.on('error', () => socket.terminate())
    socket.on('close', () => this.#end())
  }

  /** Asks whether the other side is still there, and gives it up where it did not answer the last time. */
  ping(): void {
    if (!this.#answered) return this.#options.socket.terminate()
    this.#answered = false
    this.#options.socket.ping()
  }

  close(code: number, reason: string): void {
    this.#options.traffic.closed(reason)
    this.#options.socket.close(code, reason)
  }

  stop(): void {
    this.close(closeCode.goingAway, 'STOPPING')
  }

  #end(): void {
    clearTimeout(this.#authTimer)
    this.#channel?.close()
    this.#channel = null
    this.#metrics = null
    this.#early = []
  }

  #take(data: RawData, binary: boolean): void {
    const { limits, socket, uptimeMs } = this.#options
    if (socket.readyState !== socket.OPEN) return
    if (binary || !Buffer.isBuffer(data)) return this.close(closeCode.notText, 'NOT_TEXT')
    const waitMs = this.#rate.take(uptimeMs())
    if (waitMs > 0) {
      // it is read on when the rate allows; this message counts as well
      this.#rate.charge(uptimeMs(), 1)
      this.#pause()
      setTimeout(() => this.#resume(), waitMs).unref()
    }
    try {
      const message = parseMessage(data, limits)
      if (message.type === 'auth') void this.#authenticate(message.auth)
      else this.#trade(message.trade)
    } catch (error) {
      this.#options.traffic.message('malformed')
      if (error instanceof PerfAggError && error.code === 'SESSION_UNKNOWN') return this.#unknown(error)
      this.#malformed += 1
      this.#refuse(error, null)
      if (this.#malformed >= limits.malformedMax) this.close(closeCode.refused, 'MALFORMED')
    }
  }

  async #authenticate(auth: ChannelAuth): Promise<void> {
    const { service, socket } = this.#options
    if (this.#channel !== null || this.#authenticating) {
      this.#refuse(new PerfAggError('AUTH_REPEATED', 'this connection has its session already'), null)
      return this.close(closeCode.refused, 'AUTH_REPEATED')
    }
    this.#authenticating = true
    this.#pause()
    try {
      const channel = await service.open(auth)
      // it may have gone away while it was asked for
      if (socket.readyState !== socket.OPEN) return channel.close()
      clearTimeout(this.#authTimer)
      this.#channel = channel
      this.#send({ type: 'ready' })
      channel.subscribe((event) => this.#tell(event))
      for (const trade of this.#early.splice(0)) this.#trade(trade)
    } catch (error) {
      await this.#authRefused(error, auth)
    } finally {
      this.#authenticating = false
      this.#early = []
      this.#resume()
    }
  }

  async #authRefused(error: unknown, auth: ChannelAuth): Promise<void> {
    const code = error instanceof PerfAggError ? error.code : 'INTERNAL'
    if (code === 'SESSION_UNKNOWN') return this.#unknown(error)
    if (code === 'CHALLENGE_REQUIRED' && auth.challenge === undefined) {
      try {
        const challenge = await this.#options.service.challenge(auth.session_id)
        return this.#send({ type: 'challenge', ...challenge })
      } catch (failure) {
        this.#refuse(failure, null)
        return this.close(closeCode.refused, 'CHALLENGE_REQUIRED')
      }
    }
    this.#refuse(error, null)
    this.close(closeCode.refused, code)
  }

  #unknown(error: unknown): void {
    this.#options.onGuess()
    this.#refuse(error, null)
    this.close(closeCode.refused, 'SESSION_UNKNOWN')
  }

  #trade(trade: PushedTrade): void {
    const { limits, traffic } = this.#options
    const channel = this.#channel
    if (channel === null && this.#authenticating && this.#early.length < limits.tradesWaitingMax) {
      this.#early.push(trade)
      return
    }
    if (channel === null) {
      this.#refuse(new PerfAggError('AUTH_REQUIRED', 'the first message must be auth'), trade.id)
      return this.close(closeCode.refused, 'AUTH_REQUIRED')
    }
    this.#waiting += 1
    if (this.#waiting >= limits.tradesWaitingMax) this.#pause()
    channel
      .take(trade)
      .then(
        (ack) => {
          traffic.message('trade')
          this.#send({ type: 'ack', ...ack })
        },
        (error: unknown) => {
          traffic.message('refused')
          this.#refuse(error, trade.id)
        },
      )
      .finally(() => {
        this.#waiting -= 1
        if (this.#waiting <= limits.tradesWaitingMax / 2) this.#resume()
      })
  }

  #tell(event: ChannelEvent): void {
    const { limits, socket } = this.#options
    if (event.type === 'metrics' && socket.bufferedAmount > limits.waitingBytesMax) {
      // only the newest matter: they go when what is before them has gone
      this.#metrics = event
      return
    }
    const { type } = event
    if (type === 'closed') {
      this.#send({ type: 'closed', code: event.code, message: event.message })
      return this.close(1000, event.code)
    }
    this.#send(event)
  }

  #refuse(error: unknown, id: string | null): void {
    if (!(error instanceof PerfAggError)) {
      this.#options.log.error('message-failed', errorFields(error))
    } else this.#options.traffic.refused('ws', error)
    const { code, detail, hint } = problemOf(error)
    this.#send({
      type: 'error',
      code,
      message: detail,
      ...(hint === undefined ? {} : { hint }),
      ...(id === null ? {} : { id }),
    })
  }

  #send(message: object): void {
    const { socket, limits } = this.#options
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > limits.waitingBytesStop) {
      this.#options.traffic.closed('TOO_SLOW')
      // a close frame would wait behind all the rest
      return socket.terminate()
    }
    socket.send(canonicalize(message), () => this.#drained())
  }

  #drained(): void {
    const event = this.#metrics
    if (event === null || this.#options.socket.bufferedAmount > this.#options.limits.waitingBytesMax) return
    this.#metrics = null
    this.#send(event)
  }

  #pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.#options.socket.pause()
  }

  #resume(): void {
    if (!this.#paused || this.#waiting >= this.#options.limits.tradesWaitingMax) return
    this.#paused = false
    this.#options.socket.resume()
  }
}
