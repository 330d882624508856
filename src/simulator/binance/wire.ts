import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Exchange } from '../exchange.ts'
import type { FaultPlan } from '../faults.ts'
import type { Wallet } from '../wallet.ts'
import { accountEndpoints } from './account.ts'
import { capitalEndpoints } from './capital.ts'
import type { Endpoint } from './endpoint.ts'
import { futuresEndpoints } from './futures.ts'
import { marginEndpoints } from './margin.ts'
import { spoil } from './spoil.ts'
import { Query } from './query.ts'
import { quoteEndpoints } from './quotes.ts'
import { Refusal, refusals } from './refusal.ts'
import { authenticate } from './signature.ts'
import { BinanceStreams } from './streams.ts'
import { Meter } from './weight.ts'

/**
 * Binance's REST protocol, spot's and futures': who asks, with which right, at what cost, and what goes wrong on the way. The order of
 * the checks is the original's.
 */

const endpoints: ReadonlyMap<string, Endpoint> = new Map(
  Object.entries({
    ...quoteEndpoints,
    ...accountEndpoints,
    ...capitalEndpoints,
    ...futuresEndpoints,
    ...marginEndpoints,
  }),
)

export class Wire {
  readonly #exchange: Exchange
  readonly #wallets: ReadonlyMap<string, Wallet>
  readonly #faults: FaultPlan
  readonly #nowMs: () => number
  readonly #meter = new Meter()
  readonly streams: BinanceStreams

  constructor(options: {
    exchange: Exchange
    wallets: readonly Wallet[]
    faults: FaultPlan
    nowMs: () => number
  }) {
    this.#exchange = options.exchange
    this.#wallets = new Map(options.wallets.map((wallet) => [wallet.apiKey, wallet]))
    this.#faults = options.faults
    this.#nowMs = options.nowMs
    this.streams = new BinanceStreams({
      wallets: this.#wallets,
      meter: this.#meter,
      nowMs: this.#nowMs,
      serverMs: () => this.#nowMs() + this.#faults.skewMs(this.#nowMs()),
    })
  }

  get spent(): ReadonlyMap<string, number> {
    return this.#meter.spent
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const nowMs = this.#nowMs()
    const serverMs = nowMs + this.#faults.skewMs(nowMs)
    const [path = '/', raw = ''] = (request.url ?? '/').split('?', 2)
    response.setHeader('Date', new Date(serverMs).toUTCString())
    const fault = this.#faults.meet(path, nowMs)
    if (fault?.kind === 'ban') this.#meter.ban(fault.toMs)
    const { status, headers, body } = this.#answer(request, path, raw, nowMs, serverMs)
    if (fault !== null && fault.kind !== 'ban') return spoil(fault, response, body)
    response.writeHead(status, {
      'Content-Type': 'application/json;charset=UTF-8',
      'x-mbx-uuid': '00000000-0000-4000-8000-000000000000',
      ...headers,
    })
    response.end(body)
  }

  #answer(
    request: IncomingMessage,
    path: string,
    raw: string,
    nowMs: number,
    serverMs: number,
  ): { status: number; headers: Record<string, string>; body: string } {
    let headers: Record<string, string> = {}
    try {
      const header = request.headers['x-mbx-apikey']
      const apiKey = typeof header === 'string' ? header : ''
      const listenKey = this.streams.listenKey(request.method ?? '', path, apiKey)
      if (listenKey !== null) return { status: 200, headers, body: JSON.stringify(listenKey) }
      const endpoint = endpoints.get(path)
      if (endpoint === undefined || request.method !== 'GET') throw this.#noSuchCall(request, path, nowMs)
      const unsigned = raw.replace(/(^|&)signature=[^&]*/, '').replace(/^&/, '')
      const query = new Query(unsigned)
      const wallet = this.#wallets.get(apiKey)
      headers = this.#meter.count(endpoint.weight(query), path, wallet?.uid ?? '', nowMs)
      const common = { exchange: this.#exchange, query, nowMs, serverMs }
      const body =
        endpoint.access === 'public'
          ? endpoint.answer(common)
          : endpoint.answer({
              ...common,
              wallet: authenticate(
                this.#wallets,
                {
                  query,
                  apiKey,
                  text: unsigned,
                  signature: /(?:^|&)signature=([^&]*)/.exec(raw)?.[1] ?? '',
                },
                serverMs,
              ),
            })
      return { status: 200, headers, body: JSON.stringify(body) }
    } catch (error) {
      const refusal = error instanceof Refusal ? error : refusals.unknown()
      return { status: refusal.status, headers: { ...headers, ...refusal.headers }, body: refusal.body() }
    }
  }

  /** Nothing can be ordered or withdrawn here; who tries is told that the key may not. */
  #noSuchCall(request: IncomingMessage, path: string, nowMs: number): Refusal {
    this.#meter.count({ budget: 'ip', weight: 1 }, path, '', nowMs)
    const known = request.method !== 'GET' && /^\/[sfd]?api\/v\d\//.test(path)
    return known ? refusals.key() : new Refusal(404, -1000, 'Path does not exist.')
  }
}
