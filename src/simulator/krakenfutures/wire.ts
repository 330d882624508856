import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Exchange } from '../exchange.ts'
import { spoil } from '../binance/spoil.ts'
import type { FaultPlan } from '../faults.ts'
import { isSame } from '../signature.ts'
import type { Wallet } from '../wallet.ts'
import { fillsOf, logOf } from './book.ts'
import { Pace } from './pace.ts'
import { candles, instruments } from './quotes.ts'
import { accountsOf, openPositionsOf } from './state.ts'

/**
 * krakenfutures' REST protocol, its reading side: three hosts' worth of paths under one, a signature over the query and
 * the path, an error's name in an answer of 200, and a history that tells 500 lines at a time.
 */

const fillRows = 100

class Refusal extends Error {
  readonly status: number

  constructor(name: string, status = 200) {
    super(name)
    this.status = status
  }
}

export class Wire {
  readonly #exchange: Exchange
  readonly #wallets: ReadonlyMap<string, Wallet>
  readonly #faults: FaultPlan
  readonly #nowMs: () => number
  readonly #pace = new Pace()

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
    request.resume()
    request.on('end', () => this.#handle(request, response))
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const nowMs = this.#nowMs()
    const serverTime = new Date(nowMs + this.#faults.skewMs(nowMs)).toISOString()
    const [path = '/', query = ''] = (request.url ?? '/').split('?', 2)
    response.setHeader('Date', new Date(serverTime).toUTCString())
    const fault = this.#faults.meet(path, nowMs)
    const said =
      fault?.kind === 'unavailable'
        ? 'Unavailable'
        : fault?.kind === 'rate-limit' || fault?.kind === 'ban'
          ? 'apiLimitExceeded'
          : null
    const { status, value } =
      said === null
        ? this.#answer(request, path, query, nowMs)
        : { status: 200, value: { result: 'error', error: said } }
    const text = JSON.stringify(
      path.startsWith('/derivatives/') ? { result: 'success', ...value, serverTime } : value,
    )
    if (fault !== null && said === null && fault.kind !== 'ban') return spoil(fault, response, text)
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(text)
  }

  #answer(
    request: IncomingMessage,
    path: string,
    query: string,
    nowMs: number,
  ): { readonly status: number; readonly value: object } {
    try {
      if (request.method !== 'GET') throw new Refusal('methodNotAllowed', 405)
      return { status: 200, value: this.#told(request, path, query, nowMs) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { status: error.status, value: { result: 'error', error: error.message } }
    }
  }

  #told(request: IncomingMessage, path: string, query: string, nowMs: number): object {
    const asked = new URLSearchParams(query)
    const chart = /^\/api\/charts\/v1\/(\w+)\/(\w+)\/1m$/.exec(path)
    if (chart !== null) {
      const [, series = '', name = ''] = chart
      const rows = candles(this.#exchange, series, name, asked, nowMs)
      if (rows === null) throw new Refusal('notFound', 404)
      return rows
    }
    if (path === '/derivatives/api/v3/instruments') return { instruments: instruments(this.#exchange, nowMs) }
    if (path === '/derivatives/api/v3/tickers/PI_XBTUSD') return { ticker: { symbol: 'PI_XBTUSD' } }
    const wallet = this.#authenticate(request, path, query)
    // it is no part of what is counted
    if (path === '/api/auth/v1/api-keys/v3/check') return keyCheck(wallet)
    const [name, pace, cost] =
      path === '/api/history/v3/account-log'
        ? (['account-log', 'history', costOf(asked)] as const)
        : ([path.replace('/derivatives/api/v3/', ''), 'now', asked.has('lastFillTime') ? 25 : 2] as const)
    if (!this.#pace.count(wallet.uid, pace, cost, nowMs)) throw new Refusal('apiLimitExceeded')
    return this.#private(name, wallet, asked, nowMs)
  }

  /** Over what was asked, a number that may be left out, and the path without its first part. */
  #authenticate(request: IncomingMessage, path: string, query: string): Wallet {
    const { apikey, authent, nonce } = request.headers
    const wallet = this.#wallets.get(typeof apikey === 'string' ? apikey : '')
    if (wallet === undefined) throw new Refusal('authenticationError')
    const signed = query + (typeof nonce === 'string' ? nonce : '') + path.replace(/^\/derivatives/, '')
    const expected = createHmac('sha512', Buffer.from(wallet.secret, 'base64'))
      .update(createHash('sha256').update(signed).digest())
      .digest()
    const given = Buffer.from(typeof authent === 'string' ? authent : '', 'base64')
    if (!isSame(given, expected)) throw new Refusal('authenticationError')
    return wallet
  }

  #private(name: string, wallet: Wallet, asked: URLSearchParams, nowMs: number): object {
    const { truth, contracts } = this.#exchange
    switch (name) {
      case 'accounts':
        return { accounts: accountsOf(contracts, wallet) }
      case 'openpositions':
        return { openPositions: openPositionsOf(wallet) }
      case 'fills': {
        const before = Date.parse(asked.get('lastFillTime') ?? new Date(nowMs + 1).toISOString())
        const rows = fillsOf(truth, contracts, wallet.uid, nowMs).filter(({ atMs }) => atMs < before)
        return { fills: rows.slice(0, fillRows).map(({ row }) => row) }
      }
      case 'account-log':
        return {
          accountUid: `uid-${wallet.uid}`,
          logs: logPage(logOf(truth, contracts, wallet.uid, nowMs), asked),
        }
      default:
        // nothing can be ordered or withdrawn here
        throw new Refusal('insufficientPermission')
    }
  }
}

function keyCheck({ uid, apiKey, permissions }: Wallet): object {
  const level = (name: string, usual: string) => (permissions.has(name) ? 'FULL_ACCESS' : usual)
  return {
    apiKey,
    accountUid: `uid-${uid}`,
    iiban: null,
    createdAt: '2025-01-01T00:00:00Z',
    permissions: { general: level('general', 'READ_ONLY'), transfer: level('transfer', 'NO_ACCESS') },
    allowedCidrBlock: null,
    allowedCidrBlocks: [],
  }
}

function costOf(asked: URLSearchParams): number {
  const count = Number(asked.get('count') ?? 500)
  return count <= 25 ? 1 : count <= 50 ? 2 : count <= 1_000 ? 3 : 6
}

/** `since` and `before` in milliseconds, `from` by the line's number; the newest first where nothing else is asked. */
function logPage(
  rows: readonly { readonly atMs: number; readonly row: Readonly<Record<string, unknown>> }[],
  asked: URLSearchParams,
): unknown[] {
  const number = (key: string, usual: number): number => {
    const text = asked.get(key)
    if (text !== null && !/^\d+$/.test(text)) throw new Refusal('invalidArgument')
    return text === null ? usual : Number(text)
  }
  const [since, before, from] = [number('since', 0), number('before', Infinity), number('from', 0)]
  const found = rows
    .filter(({ atMs, row }) => atMs >= since && atMs < before && Number(row['id']) >= from)
    .map(({ row }) => row)
  return (asked.get('sort') === 'asc' ? found : found.toReversed()).slice(0, number('count', 500))
}
