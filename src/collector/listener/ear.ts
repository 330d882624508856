import { fromUtf8, parseJson } from '@perf-agg/sdk'
import { limits } from '../../limits.ts'
import { JobClock } from '../clock.ts'
import type { Credentials } from '../credentials.ts'
import { CollectorFailure } from '../failure.ts'
import type { Hint } from '../hint.ts'
import { type FetchRequest, newInstance, sendThrough } from '../open.ts'
import type { Wire } from '../wire.ts'
import { LineClient } from './client.ts'
import { downOf, refusedBy } from './down.ts'
import type { Lines } from './lines.ts'
import type { Down, Listen } from './message.ts'
import type { ProInstance, StreamReader, StreamSource } from './source.ts'

export interface EarEvents {
  up(whole: boolean): void
  hint(hints: readonly Hint[]): void
  /** Once; the ear holds nothing any more then. */
  down(down: Down): void
}

/**
 * One account's stream: ccxt's instance with its credentials, its connections, and what it told since the last hint.
 * It never comes back by itself: when one of its connections ends, all of it ends, and the daemon decides.
 */
export class Ear {
  readonly #events: EarEvents
  readonly #reader: StreamReader
  readonly #clients: LineClient[] = []
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #hints = new Map<string, Hint>()
  #exchange: ProInstance | null = null
  #acknowledged = 0
  #wanted = Number.POSITIVE_INFINITY
  #whenAcknowledged: () => void = () => {}
  #gathering = false
  #gatherMs: number = limits.listener.gatherMs
  #up = false
  #over = false
  /** What the exchange last said to an HTTP request, where that was no. */
  #refusal: Down | null = null

  constructor(source: StreamSource, events: EarEvents) {
    this.#events = events
    this.#reader = source.newReader()
  }

  async open(
    source: StreamSource,
    order: Listen,
    credentials: Credentials,
    ways: { readonly wire: Wire; readonly lines: Lines },
  ): Promise<void> {
    const { sandbox, baseUrl } = order
    // where time stands still nothing comes with waiting
    if (order.frozen) this.#gatherMs = 5
    this.#later(limits.listener.openTimeoutMs, () => {
      if (!this.#up) this.#end(downOf('STREAM_TIMED_OUT'))
    })
    try {
      const { exchange } = await newInstance(source, { wire: ways.wire, sandbox, baseUrl, credentials })
      if (this.#over) return
      const pro = exchange as ProInstance
      this.#exchange = pro
      const clock = new JobClock(order.nowMs, order.frozen)
      clock.skewMs = order.skewMs
      this.#prepare(pro, clock, ways)
      const wallets = source.wallets.filter((wallet) => order.wallets.includes(wallet))
      const left = await source.start(pro, wallets)
      await this.#acknowledgements(left)
      await Promise.all(this.#clients.filter(({ dialled }) => dialled).map(({ connected }) => connected))
      if (this.#over) return
      this.#up = true
      this.#events.up(wallets.length === order.wallets.length)
    } catch (error) {
      const isOurs = error instanceof CollectorFailure
      this.#end(this.#refusal ?? downOf(isOurs ? 'STREAM_NOT_SUPPORTED' : 'STREAM_REFUSED'))
    }
  }

  /** Drops the connections, and what is known of whose they are. */
  close(): void {
    this.#over = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    for (const client of this.#clients) {
      client.close()
      client.reset(new Error('over'))
    }
    this.#clients.length = 0
    const exchange = this.#exchange as Record<string, unknown> | null
    this.#exchange = null
    if (exchange === null) return
    for (const name of ['apiKey', 'secret', 'password']) exchange[name] = undefined
    exchange['clients'] = {}
  }

  #prepare(exchange: ProInstance, clock: JobClock, { wire, lines }: { wire: Wire; lines: Lines }): void {
    exchange.milliseconds = () => clock.exchangeNowMs()
    exchange.seconds = () => Math.floor(clock.exchangeNowMs() / 1_000)
    exchange.options['timeDifference'] = 0
    // no market is ever looked up: events are read by their raw names
    exchange.markets = {}
    exchange.markets_by_id = {}
    exchange.fetchImplementation = (url: string, request: FetchRequest) => this.#fetch(wire, url, request)
    exchange.delay = (timeoutMs, method, ...given) => {
      this.#later(timeoutMs, () => {
        Promise.resolve(method.apply(exchange, given)).catch(() => {})
      })
    }
    exchange.client = (url) => {
      // it may be in the middle of something
      if (this.#over) throw new Error('over')
      return (exchange.clients[url] ??= this.#newClient(exchange, lines, url))
    }
  }

  #newClient(exchange: ProInstance, lines: Lines, url: string): LineClient {
    const client = new LineClient(
      lines,
      {
        heard: (from, message) => this.#hear(from, message),
        ended: (code, status, retryAfterMs) => this.#end(this.#meaningOf(code, status, retryAfterMs)),
      },
      [
        url,
        exchange.handleMessage.bind(exchange),
        () => {},
        () => {},
        () => {},
        { ...exchange.streaming, ping: exchange.ping?.bind(exchange), connectionTimeout: false },
      ],
    )
    this.#clients.push(client)
    return client
  }

  #hear(client: LineClient, bytes: Uint8Array): void {
    if (this.#over) return
    try {
      const text = fromUtf8(bytes)
      const isJson = /^\s*[[{]/.test(text)
      const event = isJson ? this.#reader(parseJson(bytes, bounds), client.url) : null
      // its own parser makes numbers of what is none of an account's
      if (event?.kind === 'acknowledged') this.#acknowledge()
      if (event === null || event.kind === 'acknowledged') client.onMessage({ data: text })
      else if (event.kind === 'hint') this.#gather(event.hints)
      else if (event.kind === 'down') this.#end(event)
    } catch {
      this.#end(downOf('STREAM_INVALID'))
    }
  }

  #acknowledge(): void {
    this.#acknowledged += 1
    if (this.#acknowledged >= this.#wanted) this.#whenAcknowledged()
  }

  /** Those that came while it started count as well. */
  #acknowledgements(wanted: number): Promise<void> {
    this.#wanted = wanted
    if (this.#acknowledged >= wanted) return Promise.resolve()
    return new Promise((resolve) => {
      this.#whenAcknowledged = resolve
    })
  }

  #gather(hints: readonly Hint[]): void {
    for (const hint of hints) {
      if (this.#hints.size >= limits.listener.marketsMax) break
      this.#hints.set(`${hint.wallet} ${hint.market}`, hint)
    }
    if (this.#gathering) return
    this.#gathering = true
    this.#later(this.#gatherMs, () => {
      this.#gathering = false
      const gathered = [...this.#hints.values()]
      this.#hints.clear()
      this.#events.hint(gathered)
    })
  }

  async #fetch(wire: Wire, url: string, request: FetchRequest): Promise<object> {
    if (this.#over) throw new Error('over')
    const answer = await sendThrough(wire, url, request)
    if (answer.status >= 400) {
      const retryAfter = answer.headers['retry-after'] ?? ''
      const retryAfterMs = /^\d{1,7}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : null
      this.#refusal = refusedBy(answer.status, codeIn(answer.body), retryAfterMs)
    }
    const text = fromUtf8(answer.body)
    return { status: answer.status, statusText: '', headers: answer.headers, text: async () => text }
  }

  #meaningOf(code: string, status: number | null, retryAfterMs: number | null): Down {
    if (status !== null) return refusedBy(status, null, retryAfterMs)
    if (code === 'CLOSED') return downOf('STREAM_CLOSED')
    if (code === 'TOO_LARGE' || code === 'ANSWER_INVALID') return downOf('STREAM_INVALID')
    if (code === 'HOST_REFUSED' || code === 'OPERATION_REFUSED') return downOf('STREAM_NOT_SUPPORTED')
    return downOf('STREAM_UNREACHABLE', code)
  }

  #end(down: Down): void {
    if (this.#over) return
    this.close()
    const { code, exchangeCode, retryAfterMs } = down
    this.#events.down({ code, exchangeCode, retryAfterMs })
  }

  #later(afterMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, afterMs)
    this.#timers.add(timer)
  }
}

const bounds = { bytesMax: limits.stream.messageBytesMax, depthMax: limits.listener.eventDepthMax }

/** `{"code":-2015,…}`, as most exchanges have it. */
function codeIn(body: Uint8Array): string | null {
  try {
    const answer = parseJson(body, bounds)
    const code: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'code') : null
    return typeof code === 'number' && Number.isSafeInteger(code) ? String(code) : null
  } catch {
    return null
  }
}
