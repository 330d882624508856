import type { Answer, Asked, Protocol, ProtocolOptions } from '../door.ts'
import type { Exchange } from '../exchange.ts'
import type { SpokenFault } from '../faults.ts'
import type { Wallet } from '../wallet.ts'
import { accountEndpoints } from './account.ts'
import { capitalEndpoints } from './capital.ts'
import type { Endpoint } from './endpoint.ts'
import { futuresEndpoints } from './futures.ts'
import { marginEndpoints } from './margin.ts'
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

const type = { 'Content-Type': 'application/json;charset=UTF-8' }

export class Wire implements Protocol {
  readonly #exchange: Exchange
  readonly #wallets: ReadonlyMap<string, Wallet>
  readonly #meter = new Meter()
  readonly streams: BinanceStreams

  constructor({ exchange, wallets, nowMs, serverMs }: ProtocolOptions) {
    this.#exchange = exchange
    this.#wallets = new Map(wallets.map((wallet) => [wallet.apiKey, wallet]))
    this.streams = new BinanceStreams({
      wallets: this.#wallets,
      meter: this.#meter,
      nowMs,
      serverMs,
    })
  }

  get spent(): ReadonlyMap<string, number> {
    return this.#meter.spent
  }

  answer(asked: Asked, fault: SpokenFault | null): Answer {
    if (fault?.kind === 'ban') this.#meter.ban(fault.toMs)
    const { status, headers, body } = this.#answer(asked)
    if (fault?.kind === 'unavailable') return said(refusals.unknown())
    if (fault?.kind === 'rate-limit') return said(refusals.weight(6_000, fault.retryAfterS ?? 30))
    return {
      status,
      headers: { ...type, 'x-mbx-uuid': '00000000-0000-4000-8000-000000000000', ...headers },
      body,
    }
  }

  #answer(asked: Asked): Required<Answer> {
    const { method, path, raw, nowMs, serverMs } = asked
    let headers: Record<string, string> = {}
    try {
      const header = asked.headers['x-mbx-apikey']
      const apiKey = typeof header === 'string' ? header : ''
      const listenKey = this.streams.listenKey(method, path, apiKey)
      if (listenKey !== null) return { status: 200, headers, body: JSON.stringify(listenKey) }
      const endpoint = endpoints.get(path)
      if (endpoint === undefined || method !== 'GET') throw this.#noSuchCall(asked)
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
  #noSuchCall({ method, path, nowMs }: Asked): Refusal {
    this.#meter.count({ budget: 'ip', weight: 1 }, path, '', nowMs)
    const known = method !== 'GET' && /^\/[sfd]?api\/v\d\//.test(path)
    return known ? refusals.key() : new Refusal(404, -1000, 'Path does not exist.')
  }
}

function said(refusal: Refusal): Answer {
  return { status: refusal.status, headers: { ...type, ...refusal.headers }, body: refusal.body() }
}
