import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FaultPlan } from '../faults.ts'
import type { Wallet } from '../wallet.ts'
import { accountEndpoints } from './account.ts'
import { capitalEndpoints } from './capital.ts'
import type { Endpoint, Exchange } from './endpoint.ts'
import { futuresEndpoints } from './futures.ts'
import { marginEndpoints } from './margin.ts'
import { spoil } from './spoil.ts'
import { Query } from './query.ts'
import { quoteEndpoints } from './quotes.ts'
import { Refusal, refusals } from './refusal.ts'
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

const recvWindowUsualMs = 5_000
const recvWindowMaxMs = 60_000
/** How far a client's clock may be ahead. */
const aheadMaxMs = 1_000

export class Wire {
  readonly #exchange: Exchange
  readonly #wallets: ReadonlyMap<string, Wallet>
  readonly #faults: FaultPlan
  readonly #nowMs: () => number
  readonly #meter = new Meter()

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
      const endpoint = endpoints.get(path)
      if (endpoint === undefined || request.method !== 'GET') throw this.#noSuchCall(request, path, nowMs)
      const header = request.headers['x-mbx-apikey']
      const apiKey = typeof header === 'string' ? header : ''
      const unsigned = raw.replace(/(^|&)signature=[^&]*/, '').replace(/^&/, '')
      const query = new Query(unsigned)
      const wallet = this.#wallets.get(apiKey)
      headers = this.#meter.count(endpoint.weight(query), path, wallet?.uid ?? '', nowMs)
      const common = { exchange: this.#exchange, query, nowMs, serverMs }
      const body =
        endpoint.access === 'public'
          ? endpoint.answer(common)
          : endpoint.answer({ ...common, wallet: this.#authenticate(query, apiKey, raw, unsigned, serverMs) })
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

  #authenticate(query: Query, apiKey: string, raw: string, unsigned: string, serverMs: number): Wallet {
    if (apiKey === '') throw refusals.keyFormat()
    if (!/^[A-Za-z0-9]{64}$/.test(apiKey)) throw refusals.keyFormat()
    const timestamp = query.integer('timestamp')
    const recvWindow = query.optionalInteger('recvWindow') ?? recvWindowUsualMs
    if (recvWindow > recvWindowMaxMs) throw refusals.recvWindow()
    const signature = /(?:^|&)signature=([^&]*)/.exec(raw)?.[1] ?? ''
    if (signature === '') throw refusals.missing('signature')
    if (timestamp >= serverMs + aheadMaxMs) throw refusals.early()
    if (serverMs - timestamp > recvWindow) throw refusals.late()
    const wallet = this.#wallets.get(apiKey)
    if (wallet === undefined) throw refusals.key()
    const expected = createHmac('sha256', wallet.secret).update(unsigned).digest()
    const given = Buffer.from(/^[0-9a-fA-F]{64}$/.test(signature) ? signature : '', 'hex')
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw refusals.signature()
    return wallet
  }
}
