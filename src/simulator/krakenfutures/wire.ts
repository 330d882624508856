import { createHash, createHmac } from 'node:crypto'
import type { Answer, Asked, Protocol, ProtocolOptions } from '../door.ts'
import type { Exchange } from '../exchange.ts'
import type { SpokenFault } from '../faults.ts'
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

export class Wire implements Protocol {
  readonly #exchange: Exchange
  readonly #wallets: ReadonlyMap<string, Wallet>
  readonly #pace = new Pace()

  constructor({ exchange, wallets }: ProtocolOptions) {
    this.#exchange = exchange
    this.#wallets = new Map(wallets.map((wallet) => [wallet.apiKey, wallet]))
  }

  answer(asked: Asked, fault: SpokenFault | null): Answer {
    const { status, value } = this.#said(asked, fault)
    const serverTime = new Date(asked.serverMs).toISOString()
    const isDerivatives = asked.path.startsWith('/derivatives/')
    return {
      status,
      body: JSON.stringify(isDerivatives ? { result: 'success', ...value, serverTime } : value),
    }
  }

  #said(asked: Asked, fault: SpokenFault | null): { readonly status: number; readonly value: object } {
    try {
      if (fault !== null) throw new Refusal(fault.kind === 'unavailable' ? 'Unavailable' : 'apiLimitExceeded')
      if (asked.method !== 'GET') throw new Refusal('methodNotAllowed', 405)
      return { status: 200, value: this.#told(asked) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { status: error.status, value: { result: 'error', error: error.message } }
    }
  }

  #told(asked: Asked): object {
    const { path, query, nowMs } = asked
    const chart = /^\/api\/charts\/v1\/(\w+)\/(\w+)\/1m$/.exec(path)
    if (chart !== null) {
      const [, series = '', name = ''] = chart
      const rows = candles(this.#exchange, series, name, query, nowMs)
      if (rows === null) throw new Refusal('notFound', 404)
      return rows
    }
    if (path === '/derivatives/api/v3/instruments') return { instruments: instruments(this.#exchange, nowMs) }
    if (path === '/derivatives/api/v3/tickers/PI_XBTUSD') return { ticker: { symbol: 'PI_XBTUSD' } }
    const wallet = this.#authenticate(asked)
    // it is no part of what is counted
    if (path === '/api/auth/v1/api-keys/v3/check') return keyCheck(wallet)
    const [name, pace, cost] =
      path === '/api/history/v3/account-log'
        ? (['account-log', 'history', costOf(query)] as const)
        : ([path.replace('/derivatives/api/v3/', ''), 'now', query.has('lastFillTime') ? 25 : 2] as const)
    if (!this.#pace.count(wallet.uid, pace, cost, nowMs)) throw new Refusal('apiLimitExceeded')
    return this.#private(name, wallet, query, nowMs)
  }

  /** Over what was asked, a number that may be left out, and the path without its first part. */
  #authenticate({ path, raw, headers }: Asked): Wallet {
    const { apikey, authent, nonce } = headers
    const wallet = this.#wallets.get(typeof apikey === 'string' ? apikey : '')
    if (wallet === undefined) throw new Refusal('authenticationError')
    const signed = raw + (typeof nonce === 'string' ? nonce : '') + path.replace(/^\/derivatives/, '')
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
