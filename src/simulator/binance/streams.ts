import { createHash } from 'node:crypto'
import { minuteMs } from '@perf-agg/sdk'
import { type Peer, StreamRefusal, type StreamProtocol, type StreamServer } from '../streams.ts'
import type { Wallet } from '../wallet.ts'
import { contractEvents, type FuturesKind, spotEvents } from './events.ts'
import { Query } from './query.ts'
import { Refusal, refusals } from './refusal.ts'
import { authenticate } from './signature.ts'
import type { Meter } from './weight.ts'

/**
 * Binance's user-data streams: spot's on the WebSocket API, where a signed message subscribes, and those of the futures
 * exchanges, whose address holds a key that a request has made.
 */

/** A key that nobody renews is good for an hour. */
const listenKeyMs = 60 * minuteMs
/** Of a connection, and of a subscription. */
const weight = { budget: 'ip', weight: 2 } as const

interface ListenKey {
  readonly wallet: Wallet
  readonly kind: FuturesKind
  untilMs: number
}

export class BinanceStreams implements StreamProtocol {
  readonly #wallets: ReadonlyMap<string, Wallet>
  readonly #meter: Meter
  readonly #nowMs: () => number
  readonly #serverMs: () => number
  readonly #listenKeys = new Map<string, ListenKey>()
  /** What was asked for beside a subscription: nobody here has any business with that. */
  readonly strangeMethods: string[] = []

  constructor(options: {
    wallets: ReadonlyMap<string, Wallet>
    meter: Meter
    nowMs: () => number
    serverMs: () => number
  }) {
    this.#wallets = options.wallets
    this.#meter = options.meter
    this.#nowMs = options.nowMs
    this.#serverMs = options.serverMs
  }

  connect(url: URL, peer: Peer): StreamServer | null {
    if (url.pathname === '/ws-api/v3') return this.#api(peer)
    const inverse = /^\/ws\/(\w{64})$/.exec(url.pathname)?.[1]
    const key = url.pathname === '/private/ws' ? url.searchParams.get('listenKey') : (inverse ?? null)
    if (key === null) return null
    const listenKey = this.#listenKeys.get(key)
    const isKnown =
      listenKey !== undefined &&
      listenKey.untilMs > this.#nowMs() &&
      (listenKey.kind === 'linear') === (inverse === undefined)
    if (!isKnown) throw new StreamRefusal(400)
    const end = listenKey.wallet.watch((change, fill) => {
      if (listenKey.untilMs > change.atMs) {
        const purse = listenKey.wallet.purse(listenKey.kind)
        for (const event of contractEvents(listenKey.wallet, listenKey.kind, purse, change, fill)) {
          peer.tell(event, change.atMs)
        }
        return
      }
      peer.tell({ e: 'listenKeyExpired', E: change.atMs, listenKey: key }, change.atMs)
    })
    return { heard: () => peer.close(), gone: end }
  }

  /** Makes a key, or renews it; null where that is not what is asked. @throws {Refusal} */
  listenKey(method: string, path: string, apiKey: string): object | null {
    const kind = { '/fapi/v1/listenKey': 'linear', '/dapi/v1/listenKey': 'inverse' }[path]
    if ((kind !== 'linear' && kind !== 'inverse') || (method !== 'POST' && method !== 'PUT')) return null
    const nowMs = this.#nowMs()
    const budget = kind === 'linear' ? 'fapi' : 'dapi'
    const wallet = this.#wallets.get(apiKey)
    this.#meter.count({ budget, weight: 1 }, path, wallet?.uid ?? '', nowMs)
    if (wallet === undefined) throw refusals.key()
    const key = createHash('sha256').update(`${wallet.uid} ${kind}`).digest('hex')
    const known = this.#listenKeys.get(key)
    const isGone = known === undefined || known.untilMs <= nowMs
    if (method === 'PUT' && isGone) throw new Refusal(400, -1125, 'This listenKey does not exist.')
    if (known === undefined || isGone)
      this.#listenKeys.set(key, { wallet, kind, untilMs: nowMs + listenKeyMs })
    else known.untilMs = nowMs + listenKeyMs
    return { listenKey: key }
  }

  #api(peer: Peer): StreamServer {
    this.#refuseOverspent()
    const subscriptions: (() => void)[] = []
    return {
      heard: (text) => {
        const { id, status, ...rest } = this.#answer(text, (wallet) => {
          const subscriptionId = subscriptions.length
          subscriptions.push(
            wallet.watch((change, fill) => {
              for (const event of spotEvents(wallet, change, fill))
                peer.tell({ subscriptionId, event }, change.atMs)
            }),
          )
          return subscriptionId
        })
        peer.answer({ id, status, ...rest })
        if (status === 418) peer.close()
      },
      gone: () => {
        for (const end of subscriptions) end()
      },
    }
  }

  #refuseOverspent(): void {
    try {
      this.#meter.count(weight, '/ws-api/v3', '', this.#nowMs())
    } catch (error) {
      if (error instanceof Refusal) throw new StreamRefusal(error.status, error.headers)
      throw error
    }
  }

  #answer(
    text: string,
    subscribe: (wallet: Wallet) => number,
  ): { readonly id: unknown; readonly status: number; readonly result?: object; readonly error?: object } {
    let id: unknown = null
    try {
      const { method, params, ...rest } = requestOf(text)
      id = rest['id'] ?? null
      this.#meter.count(weight, '/ws-api/v3', '', this.#nowMs())
      if (method !== 'userDataStream.subscribe.signature') {
        this.strangeMethods.push(method)
        throw refusals.key()
      }
      const { signature = '', ...signed } = params
      const sorted = Object.keys(signed).toSorted()
      const query = new Query(sorted.map((name) => `${name}=${encodeURIComponent(signed[name]!)}`).join('&'))
      const apiKey = query.text('apiKey')
      const plain = sorted.map((name) => `${name}=${signed[name]}`).join('&')
      const wallet = authenticate(this.#wallets, { query, apiKey, text: plain, signature }, this.#serverMs())
      query.refuseUnread()
      return { id, status: 200, result: { subscriptionId: subscribe(wallet) } }
    } catch (error) {
      const { status, code, message, headers } = error instanceof Refusal ? error : refusals.unknown()
      const seconds = headers['Retry-After']
      const serverTime = this.#serverMs()
      const data = { serverTime, retryAfter: serverTime + Number(seconds) * 1_000 }
      return { id, status, error: { code, msg: message, ...(seconds === undefined ? {} : { data }) } }
    }
  }
}

/** @throws {Refusal} for what is no request */
function requestOf(
  text: string,
): { readonly method: string; readonly params: Readonly<Record<string, string>> } & Readonly<
  Record<string, unknown>
> {
  let request: unknown
  try {
    request = JSON.parse(text)
  } catch {
    throw new Refusal(400, -1135, 'JSON Request is invalid')
  }
  if (typeof request !== 'object' || request === null)
    throw new Refusal(400, -1135, 'JSON Request is invalid')
  const { id, method, params, ...more } = request as Record<string, unknown>
  if (Object.keys(more).length > 0 || typeof method !== 'string') throw refusals.invalid('method')
  const texts = Object.entries(typeof params === 'object' && params !== null ? params : {}).map(
    ([name, value]) => [name, String(value)] as const,
  )
  return { id, method, params: Object.fromEntries(texts) }
}
