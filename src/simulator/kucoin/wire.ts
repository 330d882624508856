import { createHmac } from 'node:crypto'
import { secondMs } from '@perf-agg/sdk'
import type { Answer, Asked, Protocol, ProtocolOptions } from '../door.ts'
import type { Exchange } from '../exchange.ts'
import type { SpokenFault } from '../faults.ts'
import { Refusal } from '../refusal.ts'
import { isSame } from '../signature.ts'
import type { Wallet } from '../wallet.ts'
import {
  bookAnswer,
  crossAnswer,
  futuresAnswer,
  futuresPaths,
  isolatedAnswer,
  keyOf,
  unifiedAnswer,
  unifiedPaths,
} from './answer.ts'
import { type Book, bookOf } from './book.ts'
import { type PoolName, Pools } from './pool.ts'
import { activeContracts, candles, contractCandles, symbols } from './quotes.ts'
import { refusals } from './refusal.ts'

/**
 * kucoin's REST protocol: key, version, time, a passphrase that is signed itself and a signature over time, method, path
 * and query in headers; five seconds for the time; pools of weight; pages by number, or behind the last id, of a day.
 */

/** The third part of every key there. */
export const passphrase = 'simulated'

const windowMs = 5 * secondMs

interface Priced {
  readonly pool: PoolName
  readonly weight: number
}

const prices: Readonly<Record<string, Priced>> = {
  '/api/v1/timestamp': { pool: 'public', weight: 3 },
  '/api/v2/symbols': { pool: 'public', weight: 4 },
  '/api/v1/market/candles': { pool: 'public', weight: 3 },
  '/api/v3/margin/accounts': { pool: 'spot', weight: 15 },
  '/api/v3/isolated/accounts': { pool: 'spot', weight: 15 },
  '/api/v3/hf/margin/account/ledgers': { pool: 'spot', weight: 2 },
  '/api/v3/hf/margin/fills': { pool: 'spot', weight: 5 },
  '/api/v3/margin/interest': { pool: 'spot', weight: 20 },
  '/api/v1/contracts/active': { pool: 'public', weight: 3 },
  '/api/v1/kline/query': { pool: 'public', weight: 3 },
  '/api/v1/account-overview': { pool: 'futures', weight: 5 },
  '/api/v1/positions': { pool: 'futures', weight: 2 },
  '/api/v1/transaction-history': { pool: 'management', weight: 2 },
  '/api/v1/funding-history': { pool: 'futures', weight: 5 },
  '/api/v1/user/api-key': { pool: 'management', weight: 20 },
  '/api/ua/v1/account/mode': { pool: 'management', weight: 30 },
  '/api/ua/v1/unified/account/balance': { pool: 'spot', weight: 5 },
  '/api/ua/v1/unified/position/open-list': { pool: 'spot', weight: 3 },
  '/api/ua/v1/account/ledger': { pool: 'spot', weight: 2 },
  '/api/ua/v1/unified/order/execution': { pool: 'spot', weight: 4 },
  '/api/v1/accounts': { pool: 'management', weight: 5 },
  '/api/v1/accounts/ledgers': { pool: 'management', weight: 2 },
  '/api/v1/hf/accounts/ledgers': { pool: 'spot', weight: 2 },
  '/api/v1/fills': { pool: 'spot', weight: 10 },
  '/api/v1/hf/fills': { pool: 'spot', weight: 2 },
}

export class Wire implements Protocol {
  readonly #exchange: Exchange
  readonly #wallets: ReadonlyMap<string, Wallet>
  readonly #pools = new Pools()
  /** Of the instant that was asked for last: a poll asks for many pages of it. */
  readonly #books = new Map<
    string,
    { readonly nowMs: number; readonly changes: number; readonly book: Book }
  >()

  constructor({ exchange, wallets }: ProtocolOptions) {
    this.#exchange = exchange
    this.#wallets = new Map(wallets.map((wallet) => [wallet.apiKey, wallet]))
  }

  answer(asked: Asked, fault: SpokenFault | null): Answer {
    const { path, nowMs } = asked
    const price = prices[path]
    if (fault?.kind === 'ban') this.#pools.shutOut(fault.toMs)
    try {
      if (fault?.kind === 'unavailable') throw refusals.internal()
      if (fault?.kind === 'rate-limit') throw refusals.pool()
      if (price === undefined) throw refusals.noSuchPath()
      // nothing can be ordered or withdrawn here
      if (asked.method !== 'GET') throw refusals.permission()
      const isPublic = price.pool === 'public'
      const wallet = isPublic ? null : this.#authenticate(asked)
      const headers = this.#pools.count(wallet?.uid ?? '', price.pool, price.weight, nowMs)
      const data = wallet === null ? this.#public(asked) : this.#private(asked, wallet)
      return { status: 200, headers, body: written({ code: '200000', data }) }
    } catch (error) {
      const { status, code, message } = error instanceof Refusal ? error : refusals.internal()
      if (code === '') return { status, headers: { 'Content-Type': 'text/html' }, body: '<html>403</html>' }
      const headers = status === 429 ? this.#pools.headers(price?.pool ?? 'public', 0, nowMs) : {}
      return { status, headers, body: JSON.stringify({ code, msg: message }) }
    }
  }

  #authenticate({ path, raw, headers, serverMs }: Asked): Wallet {
    const header = (name: string): string => {
      const value = headers[name.toLowerCase()]
      if (typeof value !== 'string' || value === '') throw refusals.missing(name)
      return value
    }
    const apiKey = header('KC-API-KEY')
    const phrase = header('KC-API-PASSPHRASE')
    const signature = header('KC-API-SIGN')
    const sent = header('KC-API-TIMESTAMP')
    const version = header('KC-API-KEY-VERSION')
    if (!/^\d{13}$/.test(sent) || Math.abs(Number(sent) - serverMs) > windowMs) throw refusals.late()
    const wallet = this.#wallets.get(apiKey)
    if (wallet === undefined) throw refusals.key()
    const signed = (text: string): Buffer => createHmac('sha256', wallet.secret).update(text).digest()
    // the first version sent it as it is
    if (!['2', '3'].includes(version) || !isSame(Buffer.from(phrase, 'base64'), signed(passphrase)))
      throw refusals.passphrase()
    const given = Buffer.from(signature, 'base64')
    const expected = signed(`${sent}GET${path}${raw === '' ? '' : `?${raw}`}`)
    if (!isSame(given, expected)) throw refusals.signature()
    return wallet
  }

  #public({ path, query, nowMs, serverMs }: Asked): unknown {
    switch (path) {
      case '/api/v1/timestamp':
        return serverMs
      case '/api/v2/symbols':
        return symbols(this.#exchange, nowMs)
      case '/api/v1/contracts/active':
        return activeContracts(this.#exchange, nowMs)
      case '/api/v1/kline/query':
        return contractCandles(this.#exchange, query, nowMs)
      default:
        return candles(this.#exchange, query, nowMs)
    }
  }

  #bookOf({ uid }: Wallet, nowMs: number): Book {
    const { truth } = this.#exchange
    const known = this.#books.get(uid)
    if (known?.nowMs === nowMs && known.changes === truth.changes.length) return known.book
    const book = bookOf(truth, uid, nowMs)
    this.#books.set(uid, { nowMs, changes: truth.changes.length, book })
    return book
  }

  #private(asked: Asked, wallet: Wallet): unknown {
    const { path, query, nowMs } = asked
    if (path === '/api/v1/user/api-key') return keyOf(wallet)
    if (path === '/api/ua/v1/account/mode') return { selfAccountMode: wallet.unified ? 'UNIFIED' : 'CLASSIC' }
    if (unifiedPaths.has(path)) {
      if (!wallet.unified) throw refusals.permission()
      return unifiedAnswer(this.#exchange, asked, wallet)
    }
    // the futures host has a list of that name too
    if (futuresPaths.has(path) || (path === '/api/v1/fills' && !query.has('tradeType'))) {
      return futuresAnswer(this.#exchange, asked, wallet)
    }
    if (path === '/api/v3/margin/accounts') return crossAnswer(wallet)
    if (path === '/api/v3/isolated/accounts') return isolatedAnswer(wallet)
    return bookAnswer(this.#bookOf(wallet, nowMs), asked)
  }
}

/** Nanoseconds are numbers there, beyond what a double holds. */
function written(answer: object): string {
  return JSON.stringify(answer).replaceAll(/"(tradeTime|executionTime|ts)":"(\d{19})"/g, '"$1":$2')
}
