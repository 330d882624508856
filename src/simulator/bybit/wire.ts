import { createHmac } from 'node:crypto'
import { dayMs } from '@perf-agg/sdk'
import type { Answer, Asked, Protocol, ProtocolOptions } from '../door.ts'
import type { Exchange } from '../exchange.ts'
import type { SpokenFault } from '../faults.ts'
import { isSame } from '../signature.ts'
import { fromUnits } from '../units.ts'
import type { Wallet } from '../wallet.ts'
import { type BookRow, executionsOf, logOf } from './book.ts'
import { positionRow } from './contract.ts'
import { fundingPage } from './funding.ts'
import { depositsOf, passagesPage, withdrawalsOf } from './passage.ts'
import { Pace } from './pace.ts'
import { instrumentsInfo, integerOf, kline, markKline } from './quotes.ts'
import { Refusal, refusals } from './refusal.ts'
import { BybitStreams } from './streams.ts'

/**
 * bybit's v5 REST protocol: a signature over time, key, window and query in headers; a window for the time; a pace for
 * each path and account and one for the address; pages by cursor, the newest first, seven days at most.
 */

const spanMax = 7 * dayMs
const windowUsualMs = 5_000
/** How far a client's clock may be ahead. */
const aheadMaxMs = 1_000

/** Private paths, and their calls in a second. */
const paces: Readonly<Record<string, number>> = {
  '/v5/user/query-api': 10,
  '/v5/account/info': 50,
  '/v5/account/wallet-balance': 50,
  '/v5/account/transaction-log': 50,
  '/v5/position/list': 50,
  '/v5/execution/list': 50,
  '/v5/asset/transfer/query-account-coins-balance': 5,
  '/v5/asset/fundinghistory': 10,
  '/v5/asset/deposit/query-record': 5,
  '/v5/asset/deposit/query-internal-record': 5,
  '/v5/asset/withdraw/query-record': 5,
}

export class Wire implements Protocol {
  readonly #exchange: Exchange
  readonly #wallets: ReadonlyMap<string, Wallet>
  readonly #pace = new Pace()
  readonly streams: BybitStreams

  constructor({ exchange, wallets, serverMs }: ProtocolOptions) {
    this.#exchange = exchange
    this.#wallets = new Map(wallets.map((wallet) => [wallet.apiKey, wallet]))
    this.streams = new BybitStreams({
      exchange,
      wallets: this.#wallets,
      serverMs,
    })
  }

  answer(asked: Asked, fault: SpokenFault | null): Answer {
    const type = { 'Content-Type': 'application/json; charset=utf-8' }
    let headers: Record<string, string> = type
    const worded = (retCode: number, retMsg: string, result: unknown): string =>
      JSON.stringify({ retCode, retMsg, result, retExtInfo: {}, time: asked.serverMs })
    if (fault?.kind === 'ban') this.#pace.shutOut(fault.toMs)
    try {
      if (fault?.kind === 'unavailable') throw refusals.unavailable()
      if (fault?.kind === 'rate-limit') throw refusals.pace()
      this.#pace.countAddress(asked.nowMs)
      // nothing can be ordered or withdrawn here
      if (asked.method !== 'GET') throw refusals.permission()
      const pace = paces[asked.path]
      if (pace === undefined) return { status: 200, headers, body: worded(0, 'OK', this.#public(asked)) }
      const wallet = this.#authenticate(asked)
      const counted = this.#pace.countAccount(wallet.uid, asked.path, pace, asked.nowMs)
      headers = { ...type, ...counted.headers }
      if (counted.over) throw refusals.pace()
      return { status: 200, headers, body: worded(0, 'OK', this.#private(asked, wallet)) }
    } catch (error) {
      const refusal = error instanceof Refusal ? error : refusals.unavailable()
      return { status: refusal.status, headers, body: worded(refusal.retCode, refusal.message, {}) }
    }
  }

  #authenticate({ raw, headers, serverMs }: Asked): Wallet {
    const header = (name: string): string => {
      const value = headers[name]
      return typeof value === 'string' ? value : ''
    }
    const apiKey = header('x-bapi-api-key')
    const sent = header('x-bapi-timestamp')
    const window = header('x-bapi-recv-window')
    const signature = header('x-bapi-sign')
    if (apiKey === '') throw refusals.key()
    if (!/^\d{13}$/.test(sent) || !/^\d{0,6}$/.test(window)) throw refusals.parameter('timestamp')
    const windowMs = window === '' ? windowUsualMs : Number(window)
    const sentMs = Number(sent)
    if (sentMs >= serverMs + aheadMaxMs || sentMs < serverMs - windowMs) {
      throw refusals.late(serverMs, sentMs, windowMs)
    }
    const wallet = this.#wallets.get(apiKey)
    if (wallet === undefined) throw refusals.key()
    const expected = createHmac('sha256', wallet.secret)
      .update(sent + apiKey + window + raw)
      .digest()
    const given = Buffer.from(/^[0-9a-f]{64}$/.test(signature) ? signature : '', 'hex')
    if (!isSame(given, expected)) throw refusals.signature()
    return wallet
  }

  #public({ path, query, nowMs, serverMs }: Asked): unknown {
    switch (path) {
      case '/v5/market/time':
        return { timeSecond: String(Math.floor(serverMs / 1_000)), timeNano: `${serverMs}000000` }
      case '/v5/market/instruments-info':
        return instrumentsInfo(this.#exchange, query, nowMs)
      case '/v5/market/kline':
        return kline(this.#exchange, query, nowMs)
      case '/v5/market/mark-price-kline':
        return markKline(this.#exchange, query, nowMs)
      default:
        throw refusals.noSuchPath()
    }
  }

  #private({ path, query, nowMs }: Asked, wallet: Wallet): unknown {
    const { contracts } = this.#exchange
    switch (path) {
      case '/v5/user/query-api':
        return keyOf(wallet)
      case '/v5/account/info':
        return {
          marginMode: 'REGULAR_MARGIN',
          updatedTime: String(wallet.createdMs),
          unifiedMarginStatus: 5,
          dcpStatus: 'OFF',
          timeWindow: 10,
          smpGroup: 0,
          isMasterTrader: false,
          spotHedgingStatus: 'OFF',
        }
      case '/v5/account/wallet-balance':
        if (query.get('accountType') !== 'UNIFIED') throw refusals.parameter('accountType')
        return {
          list: [{ accountType: 'UNIFIED', coin: coinsOf(wallet, contracts.unrealizedOf(wallet, nowMs)) }],
        }
      case '/v5/position/list':
        return this.#positions(query, wallet, nowMs)
      case '/v5/account/transaction-log': {
        const type = query.get('accountType')
        if (type !== null && type !== 'UNIFIED') throw refusals.parameter('accountType')
        return pageOf(logOf(this.#exchange, wallet.uid, nowMs), query, nowMs, { usual: 20, most: 50 })
      }
      case '/v5/asset/transfer/query-account-coins-balance':
        if (query.get('accountType') !== 'FUND') throw refusals.parameter('accountType')
        return {
          memberId: wallet.uid,
          accountType: 'FUND',
          balance: wallet.held('funding').map((coin) => {
            const held = fromUnits(wallet.balance(coin, 'funding'))
            return { coin, walletBalance: held, transferBalance: held, bonus: '' }
          }),
        }
      case '/v5/asset/fundinghistory':
        return fundingPage(this.#exchange.truth, wallet.uid, query, nowMs)
      case '/v5/asset/deposit/query-record':
        return passagesPage(depositsOf(wallet, nowMs), query, nowMs)
      case '/v5/asset/deposit/query-internal-record':
        return passagesPage([], query, nowMs)
      case '/v5/asset/withdraw/query-record':
        return passagesPage(withdrawalsOf(wallet, query, nowMs), query, nowMs)
      default: {
        const category = query.get('category')
        if (category === null || !['spot', 'linear', 'inverse', 'option'].includes(category)) {
          throw refusals.parameter('category')
        }
        const page = pageOf(executionsOf(this.#exchange, wallet.uid, nowMs), query, nowMs, {
          usual: 50,
          most: 100,
        })
        return { category, ...page }
      }
    }
  }

  /** Linear ones of a symbol or of a coin, as the original wants it. */
  #positions(query: URLSearchParams, wallet: Wallet, nowMs: number): unknown {
    const category = query.get('category')
    if (category === 'option') return { category, list: [], nextPageCursor: '' }
    if (category !== 'linear' && category !== 'inverse') throw refusals.parameter('category')
    const settle = query.get('settleCoin')
    if (category === 'linear' && settle === null) throw refusals.parameter('symbol, settleCoin')
    const limit = integerOf(query, 'limit', 20)
    if (limit < 1 || limit > 200) throw refusals.parameter('limit')
    const { marks } = this.#exchange.contracts
    const list = wallet.positions
      .filter(({ contract }) => contract.kind === category && (settle === null || contract.settle === settle))
      // one that was delivered is not told any more
      .filter(({ contract, quantity }) => quantity !== 0n || marks.isTrading(contract, nowMs))
      .map((position) => positionRow(position, marks.at(position.contract, nowMs)))
    return { category, list: list.slice(0, limit), nextPageCursor: '' }
  }
}

function coinsOf(wallet: Wallet, gains: ReadonlyMap<string, bigint>): unknown[] {
  const assets = [...new Set([...wallet.held(), ...gains.keys()])]
  return assets.map((asset) => coinOf(wallet, asset, gains.get(asset) ?? null))
}

function keyOf({ uid, apiKey, permissions }: Wallet): unknown {
  const readOnly = permissions.size === 0 ? 1 : 0
  return {
    id: '13770661',
    note: 'simulated',
    apiKey,
    readOnly,
    secret: '',
    permissions: { Spot: ['SpotTrade'], Wallet: [...permissions], ContractTrade: ['Order', 'Position'] },
    ips: ['*'],
    type: 1,
    unified: 0,
    uta: 1,
    userID: Number(uid),
    isMaster: true,
    parentUid: '0',
  }
}

function coinOf(wallet: Wallet, asset: string, gain: bigint | null): unknown {
  const { principal, interest } = wallet.debt(asset, 'spot')
  // charged each hour
  const units = wallet.balance(asset) - interest
  const balance = fromUnits(units)
  return {
    coin: asset,
    equity: fromUnits(units - principal + (gain ?? 0n)),
    walletBalance: balance,
    locked: fromUnits(wallet.locked(asset)),
    // what a contract lost below nothing is borrowed of itself
    borrowAmount: fromUnits(principal + (units < 0n ? -units : 0n)),
    accruedInterest: '0',
    spotBorrow: fromUnits(principal),
    unrealisedPnl: fromUnits(gain ?? 0n),
    totalPositionIM: gain === null ? '0' : '1',
    totalOrderIM: '0',
    availableToWithdraw: '',
    bonus: '0',
  }
}

/** A page of the span that is asked for; the cursor names the last row that was shown. */
function pageOf(
  all: readonly BookRow[],
  query: URLSearchParams,
  nowMs: number,
  { usual, most }: { readonly usual: number; readonly most: number },
): { list: unknown[]; nextPageCursor: string } {
  const limit = integerOf(query, 'limit', usual)
  if (limit < 1 || limit > most) throw refusals.parameter('limit')
  const start = query.has('startTime') ? integerOf(query, 'startTime', 0) : null
  const end = query.has('endTime') ? integerOf(query, 'endTime', 0) : null
  const endMs = end ?? (start === null ? nowMs : start + dayMs)
  const startMs = start ?? endMs - dayMs
  if (endMs < startMs || endMs - startMs > spanMax) throw refusals.parameter('startTime, endTime')
  const category = query.get('category')
  const rows = all.filter(
    (row) => row.atMs >= startMs && row.atMs <= endMs && (category === null || row.category === category),
  )
  const cursor = query.get('cursor')
  const from = cursor === null || cursor === '' ? 0 : placeAfter(rows, cursor)
  const page = rows.slice(from, from + limit)
  const last = page.at(-1)
  // a full page has a cursor even where nothing follows
  const next = last === undefined || page.length < limit ? '' : encodeURIComponent(nameOf(last))
  return { list: page.map(({ row }) => row), nextPageCursor: next }
}

function nameOf({ id, atMs, row }: BookRow): string {
  return `${id}:${String(row['currency'] ?? '')}:${atMs},1`
}

function placeAfter(rows: readonly BookRow[], cursor: string): number {
  const place = rows.findIndex((row) => nameOf(row) === cursor)
  if (place < 0) throw refusals.parameter('cursor')
  return place + 1
}
