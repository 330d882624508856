import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { dayMs, secondMs } from '@perf-agg/sdk'
import type { Exchange } from '../binance/endpoint.ts'
import { spoil } from '../binance/spoil.ts'
import type { FaultPlan } from '../faults.ts'
import { fromUnits } from '../units.ts'
import type { Wallet } from '../wallet.ts'
import { type Book, bookOf } from './book.ts'
import { numberOf, positionRow } from './contract.ts'
import { contractBookOf } from './contract-book.ts'
import { type PoolName, Pools } from './pool.ts'
import { activeContracts, candles, contractCandles, integerOf, symbols } from './quotes.ts'
import { Refusal, refusals } from './refusal.ts'

/**
 * kucoin's REST protocol: key, version, time, a passphrase that is signed itself and a signature over time, method, path
 * and query in headers; five seconds for the time; pools of weight; pages by number, or behind the last id, of a day.
 */

/** The third part of every key there. */
export const passphrase = 'simulated'

const windowMs = 5 * secondMs
const reachMs = 365 * dayMs

interface Priced {
  readonly pool: PoolName
  readonly weight: number
}

const prices: Readonly<Record<string, Priced>> = {
  '/api/v1/timestamp': { pool: 'public', weight: 3 },
  '/api/v2/symbols': { pool: 'public', weight: 4 },
  '/api/v1/market/candles': { pool: 'public', weight: 3 },
  '/api/v1/contracts/active': { pool: 'public', weight: 3 },
  '/api/v1/kline/query': { pool: 'public', weight: 3 },
  '/api/v1/account-overview': { pool: 'futures', weight: 5 },
  '/api/v1/positions': { pool: 'futures', weight: 2 },
  '/api/v1/transaction-history': { pool: 'management', weight: 2 },
  '/api/v1/funding-history': { pool: 'futures', weight: 5 },
  '/api/v1/user/api-key': { pool: 'management', weight: 20 },
  '/api/ua/v1/account/mode': { pool: 'management', weight: 3 },
  '/api/v1/accounts': { pool: 'management', weight: 5 },
  '/api/v1/accounts/ledgers': { pool: 'management', weight: 2 },
  '/api/v1/hf/accounts/ledgers': { pool: 'spot', weight: 2 },
  '/api/v1/fills': { pool: 'spot', weight: 10 },
  '/api/v1/hf/fills': { pool: 'spot', weight: 2 },
}

interface Asked {
  readonly path: string
  readonly raw: string
  readonly query: URLSearchParams
  readonly nowMs: number
  readonly serverMs: number
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export class Wire {
  readonly #exchange: Exchange
  readonly #wallets: ReadonlyMap<string, Wallet>
  readonly #faults: FaultPlan
  readonly #nowMs: () => number
  readonly #pools = new Pools()
  /** Of the instant that was asked for last: a poll asks for many pages of it. */
  readonly #books = new Map<
    string,
    { readonly nowMs: number; readonly changes: number; readonly book: Book }
  >()

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
    if (fault?.kind === 'ban') this.#pools.shutOut(fault.toMs)
    const given =
      fault?.kind === 'unavailable'
        ? refusals.internal()
        : fault?.kind === 'rate-limit'
          ? refusals.pool()
          : null
    const asked = { path, raw, query: new URLSearchParams(raw), nowMs, serverMs }
    const { status, headers, body } = this.#answer(request, asked, given)
    if (fault !== null && given === null && fault.kind !== 'ban') return spoil(fault, response, body)
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(body)
  }

  #answer(request: IncomingMessage, asked: Asked, given: Refusal | null): Answer {
    const { path, nowMs } = asked
    const price = prices[path]
    try {
      if (given !== null) throw given
      if (price === undefined) throw refusals.noSuchPath()
      // nothing can be ordered or withdrawn here
      if (request.method !== 'GET') throw refusals.permission()
      const isPublic = price.pool === 'public'
      const wallet = isPublic ? null : this.#authenticate(request, asked)
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

  #authenticate(request: IncomingMessage, { path, raw, serverMs }: Asked): Wallet {
    const header = (name: string): string => {
      const value = request.headers[name.toLowerCase()]
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
    if (!['2', '3'].includes(version) || !isSame(phrase, signed(passphrase))) throw refusals.passphrase()
    if (!isSame(signature, signed(`${sent}GET${path}${raw === '' ? '' : `?${raw}`}`)))
      throw refusals.signature()
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
    if (path === '/api/ua/v1/account/mode') return { selfAccountMode: 'CLASSIC' }
    // the futures host has a list of that name too
    if (futuresPaths.has(path) || (path === '/api/v1/fills' && !query.has('tradeType'))) {
      return futuresAnswer(this.#exchange, asked, wallet)
    }
    const book = this.#bookOf(wallet, nowMs)
    switch (path) {
      case '/api/v1/accounts':
        return accountsOf(book)
      case '/api/v1/accounts/ledgers':
        return numbered(
          within(
            book.lines.filter(({ account }) => account !== 'TRADE_HF'),
            asked,
            dayMs,
          ),
          query,
        )
      case '/api/v1/hf/accounts/ledgers':
        return behind(
          within(
            book.lines.filter(({ account }) => account === 'TRADE_HF'),
            asked,
            dayMs,
          ),
          query,
        ).map(({ row }) => row)
      case '/api/v1/fills': {
        const own = query.get('tradeType') === 'TRADE' ? book.fills.filter(({ isOlder }) => isOlder) : []
        return numbered(within(own, asked, 7 * dayMs), query)
      }
      default: {
        const symbol = query.get('symbol') ?? ''
        if (symbol === '') throw refusals.parameter('symbol')
        const own = book.fills.filter((fill) => !fill.isOlder && fill.symbol === symbol)
        const rows = behind(within(own, asked, 7 * dayMs), query)
        return { items: rows.map(({ row }) => row), lastId: Number(rows.at(-1)?.number ?? 0n) }
      }
    }
  }
}

/** Nanoseconds are numbers there, beyond what a double holds. */
function written(answer: object): string {
  return JSON.stringify(answer).replaceAll(/"tradeTime":"(\d{19})"/g, '"tradeTime":$1')
}

function isSame(text: string, expected: Buffer): boolean {
  const given = Buffer.from(text, 'base64')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function keyOf({ uid, apiKey, permissions, createdMs }: Wallet): unknown {
  return {
    remark: 'simulated',
    apiKey,
    apiVersion: 3,
    permission: ['General', ...permissions].join(','),
    createdAt: createdMs,
    uid: Number(uid),
    isMaster: true,
  }
}

function accountsOf({ balances }: Book): unknown {
  return [...balances].flatMap(([account, held]) =>
    [...held]
      .filter(([, units]) => units !== 0n)
      .map(([currency, units]) => ({
        id: `${account}${currency}`.toLowerCase(),
        currency,
        type: account.toLowerCase(),
        balance: fromUnits(units),
        available: fromUnits(units),
        holds: '0',
      })),
  )
}

const futuresPaths = new Set(
  ['account-overview', 'positions', 'transaction-history', 'funding-history'].map(
    (name) => `/api/v1/${name}`,
  ),
)

function futuresAnswer(exchange: Exchange, asked: Asked, wallet: Wallet): unknown {
  const { path, query, nowMs } = asked
  const { marks } = exchange.contracts
  switch (path) {
    case '/api/v1/account-overview': {
      const currency = query.get('currency') ?? 'XBT'
      const asset = currency === 'XBT' ? 'BTC' : currency
      const held = wallet.balance(asset, 'linear') + wallet.balance(asset, 'inverse')
      const open = exchange.contracts.unrealizedOf(wallet, nowMs).get(asset) ?? 0n
      return {
        currency,
        accountEquity: numberOf(held + open),
        unrealisedPNL: numberOf(open),
        marginBalance: numberOf(held),
        positionMargin: 0,
        orderMargin: 0,
        frozenFunds: 0,
        availableBalance: numberOf(held),
      }
    }
    case '/api/v1/positions':
      return wallet.positions
        .filter(({ quantity }) => quantity !== 0n)
        .map((position) => positionRow(position, marks.at(position.contract, nowMs)))
    default: {
      const book = contractBookOf(exchange, wallet.uid, nowMs)
      if (path === '/api/v1/transaction-history') return offset(within(book.lines, asked, dayMs), query)
      const symbol = query.get('symbol')
      if (path === '/api/v1/fills') return numbered(within(book.fills, asked, 7 * dayMs), query, 1_000)
      if (symbol === null) throw refusals.parameter('symbol')
      const own = book.fundings.filter((each) => each.symbol === symbol)
      return offset(within(own, asked, 90 * dayMs), query)
    }
  }
}

/** Behind the number of a row; what is not over yet has none. */
function offset(rows: readonly Told[], query: URLSearchParams): unknown {
  const most = integerOf(query, 'maxCount', 50)
  if (most < 1 || most > 100) throw refusals.parameter('maxCount')
  const from = query.get('offset')
  if (from !== null && !/^\d{1,18}$/.test(from)) throw refusals.parameter('offset')
  const left = rows.filter(({ number }) => from === null || number < BigInt(from))
  return { dataList: left.slice(0, most).map(({ row }) => row), hasMore: left.length > most }
}

interface Told {
  readonly atMs: number
  readonly number: bigint
  readonly row: Readonly<Record<string, unknown>>
}

/** Of a span that may not be too long; a day where only one end of it is given. */
function within<Row extends Told>(all: readonly Row[], { query, nowMs }: Asked, spanMs: number): Row[] {
  const endMs = integerOf(query, 'endAt', nowMs)
  const startMs = integerOf(query, 'startAt', endMs - dayMs)
  if (endMs < startMs || endMs - startMs > spanMs) throw refusals.parameter('startAt')
  const floorMs = Math.max(startMs, nowMs - reachMs)
  return all.filter(({ atMs }) => atMs >= floorMs && atMs <= endMs)
}

function numbered(rows: readonly Told[], query: URLSearchParams, most = 500): unknown {
  const pageSize = integerOf(query, 'pageSize', 50)
  if (pageSize < 10 || pageSize > most) throw refusals.parameter('pageSize')
  const currentPage = integerOf(query, 'currentPage', 1)
  const items = rows.slice((currentPage - 1) * pageSize, currentPage * pageSize).map(({ row }) => row)
  const totalPage = Math.ceil(rows.length / pageSize)
  return { currentPage, pageSize, totalNum: rows.length, totalPage, items }
}

function behind<Row extends Told>(rows: readonly Row[], query: URLSearchParams): Row[] {
  const limit = integerOf(query, 'limit', 100)
  if (limit < 1 || limit > 200) throw refusals.parameter('limit')
  const lastId = query.get('lastId')
  if (lastId !== null && !/^\d{1,20}$/.test(lastId)) throw refusals.parameter('lastId')
  return rows.filter(({ number }) => lastId === null || number < BigInt(lastId)).slice(0, limit)
}
