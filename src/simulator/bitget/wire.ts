import { createHmac } from 'node:crypto'
import { dayMs, secondMs } from '@perf-agg/sdk'
import type { Answer, Asked, Protocol, ProtocolOptions } from '../door.ts'
import type { Exchange } from '../exchange.ts'
import type { SpokenFault } from '../faults.ts'
import { Pace } from '../pace.ts'
import { Refusal } from '../refusal.ts'
import { isSame } from '../signature.ts'
import { fromUnits } from '../units.ts'
import type { Wallet } from '../wallet.ts'
import { type BookRow, contractBillsOf, contractFillsOf, spotBillsOf, spotFillsOf } from './book.ts'
import { accountRows, positionRows } from './contract.ts'
import { crossedAssets, interestOf, isolatedAssets, marginFillsOf, purseOf, recordsOf } from './margin.ts'
import { candles, contractCandles, contractInfos, integerOf, productOf, symbols } from './quotes.ts'
import { refusals } from './refusal.ts'
import {
  categories,
  convertRows,
  fundingAssets,
  fundingRecords,
  transferRows,
  unifiedAssets,
  unifiedFills,
  unifiedInfo,
  unifiedPositions,
  unifiedRecords,
} from './unified.ts'

/**
 * bitget's REST protocol, v2 of a classic account and v3 of a unified one, each refused to the other: key, passphrase,
 * time and a signature over time, method, path and query in headers; half a minute for the time; a pace for each path;
 * pages below the number of a row, the newest first.
 */

/** The third part of every key there. */
export const passphrase = 'simulated'

const windowMs = 30 * secondMs
const reachMs = 90 * dayMs

/** Calls of a second, of an address. */
const publicPaces: Readonly<Record<string, number>> = {
  '/api/v2/public/time': 20,
  '/api/v2/spot/public/symbols': 20,
  '/api/v2/spot/market/candles': 20,
  '/api/v2/spot/market/history-candles': 20,
  '/api/v2/mix/market/contracts': 20,
  '/api/v2/mix/market/candles': 20,
  '/api/v2/mix/market/history-mark-candles': 20,
}

/** And of an account. */
const privatePaces: Readonly<Record<string, number>> = {
  // one there: here time stands still while an account is registered for more than one of its wallets
  '/api/v2/spot/account/info': 2,
  '/api/v2/spot/account/assets': 10,
  '/api/v2/spot/account/bills': 10,
  '/api/v2/spot/trade/fills': 10,
  '/api/v2/mix/account/accounts': 10,
  '/api/v2/mix/account/bill': 10,
  '/api/v2/mix/order/fills': 10,
  '/api/v2/mix/position/all-position': 5,
  '/api/v2/spot/wallet/deposit-records': 10,
  '/api/v2/spot/wallet/withdrawal-records': 10,
  '/api/v2/spot/account/transferRecords': 20,
  '/api/v2/account/funding-assets': 10,
  '/api/v3/account/info': 5,
  '/api/v3/account/assets': 20,
  '/api/v3/account/financial-records': 20,
  '/api/v3/account/convert-records': 20,
  '/api/v3/account/deposit-records': 10,
  '/api/v3/account/withdrawal-records': 10,
  '/api/v3/account/funding-assets': 20,
  '/api/v3/account/funding-financial-records': 10,
  '/api/v3/position/current-position': 20,
  '/api/v3/trade/fills': 20,
  ...Object.fromEntries(
    ['crossed', 'isolated'].flatMap((account) =>
      ['account/assets', 'financial-records', 'interest-history', 'fills', 'liquidation-history'].map(
        (list) => [`/api/v2/margin/${account}/${list}`, 10],
      ),
    ),
  ),
}

export class Wire implements Protocol {
  readonly #exchange: Exchange
  readonly #wallets: ReadonlyMap<string, Wallet>
  readonly #pace = new Pace(secondMs, refusals)

  constructor({ exchange, wallets }: ProtocolOptions) {
    this.#exchange = exchange
    this.#wallets = new Map(wallets.map((wallet) => [wallet.apiKey, wallet]))
  }

  answer(asked: Asked, fault: SpokenFault | null): Answer {
    const worded = (code: string, msg: string, data: unknown): string =>
      JSON.stringify({ code, msg, requestTime: asked.serverMs, data })
    if (fault?.kind === 'ban') this.#pace.shutOut(fault.toMs)
    try {
      if (fault?.kind === 'unavailable') throw refusals.unavailable()
      if (fault?.kind === 'rate-limit') throw refusals.pace()
      // nothing can be ordered or withdrawn here
      if (asked.method !== 'GET') throw refusals.permission()
      return { status: 200, body: worded('00000', 'success', this.#data(asked)) }
    } catch (error) {
      const refusal = error instanceof Refusal ? error : refusals.unavailable()
      return { status: refusal.status, body: worded(refusal.code, refusal.message, null) }
    }
  }

  #data(asked: Asked): unknown {
    const { path, nowMs } = asked
    const address = publicPaces[path]
    if (address !== undefined) {
      this.#pace.count('', path, address, nowMs)
      return this.#public(asked)
    }
    const account = privatePaces[path]
    if (account === undefined) throw refusals.noSuchPath()
    const wallet = this.#authenticate(asked)
    this.#pace.count(wallet.uid, path, account, nowMs)
    if (path.startsWith('/api/v3/') !== wallet.unified) throw refusals.kind(wallet.unified)
    return this.#private(asked, wallet)
  }

  #authenticate({ path, raw, headers, serverMs }: Asked): Wallet {
    const header = (name: string, code: string): string => {
      const value = headers[name.toLowerCase()]
      if (typeof value !== 'string' || value === '') throw refusals.empty(name, code)
      return value
    }
    const apiKey = header('ACCESS-KEY', '40001')
    const signature = header('ACCESS-SIGN', '40002')
    const sent = header('ACCESS-TIMESTAMP', '40003')
    const phrase = header('ACCESS-PASSPHRASE', '40011')
    if (!/^\d{13}$/.test(sent)) throw refusals.timestamp()
    if (Math.abs(Number(sent) - serverMs) > windowMs) throw refusals.late()
    const wallet = this.#wallets.get(apiKey)
    if (wallet === undefined) throw refusals.key()
    const asked = `${sent}GET${path}${raw === '' ? '' : `?${raw}`}`
    const expected = createHmac('sha256', wallet.secret).update(asked).digest()
    const given = Buffer.from(signature, 'base64')
    if (!isSame(given, expected)) throw refusals.signature()
    if (phrase !== passphrase) throw refusals.passphrase()
    return wallet
  }

  #public({ path, query, nowMs, serverMs }: Asked): unknown {
    switch (path) {
      case '/api/v2/public/time':
        return { serverTime: String(serverMs) }
      case '/api/v2/spot/public/symbols':
        return symbols(this.#exchange, nowMs)
      case '/api/v2/mix/market/contracts':
        return contractInfos(this.#exchange, query)
      case '/api/v2/spot/market/candles':
        return candles(this.#exchange, query, nowMs, { most: 1_000, isOlder: false })
      case '/api/v2/spot/market/history-candles':
        return candles(this.#exchange, query, nowMs, { most: 200, isOlder: true })
      case '/api/v2/mix/market/candles':
        return contractCandles(this.#exchange, query, nowMs, { most: 1_000, isOlder: false })
      default:
        return contractCandles(this.#exchange, query, nowMs, { most: 200, isOlder: true })
    }
  }

  #private(asked: Asked, wallet: Wallet): unknown {
    const { contracts } = this.#exchange
    const { path, query, nowMs } = asked
    if (path.startsWith('/api/v2/margin/')) return this.#margin(asked, wallet)
    if (path.startsWith('/api/v3/')) return this.#unified(asked, wallet)
    switch (path) {
      case '/api/v2/spot/wallet/deposit-records':
      case '/api/v2/spot/wallet/withdrawal-records':
        // all that came and went is named by its bill
        return []
      case '/api/v2/account/funding-assets':
        return fundingAssets(wallet)
      case '/api/v2/spot/account/transferRecords': {
        const coin = query.get('coin')
        if (coin === null) throw refusals.parameter('coin')
        return pageOf(transferRows(wallet, coin, nowMs), asked, 500).rows
      }
      case '/api/v2/spot/account/info':
        return infoOf(wallet)
      case '/api/v2/spot/account/assets':
        return wallet.held().map((asset) => assetOf(wallet, asset))
      case '/api/v2/spot/account/bills':
        return pageOf(spotBillsOf(this.#exchange, wallet.uid, nowMs), asked, 500).rows
      case '/api/v2/spot/trade/fills':
        return pageOf(spotFillsOf(this.#exchange, wallet.uid, nowMs), asked, 100).rows
      case '/api/v2/mix/account/accounts':
        return accountRows(wallet, contracts, productOf(query), nowMs)
      case '/api/v2/mix/position/all-position':
        return positionRows(wallet, contracts, productOf(query), nowMs)
      case '/api/v2/mix/account/bill': {
        const own = productOf(query) === 'USDT-FUTURES'
        const all = own ? contractBillsOf(this.#exchange, wallet.uid, nowMs) : []
        const { rows, endId } = pageOf(all, asked, 100, 20)
        return { bills: rows, endId }
      }
      default: {
        const own = productOf(query) === 'USDT-FUTURES'
        const all = own ? contractFillsOf(this.#exchange, wallet.uid, nowMs) : []
        const { rows, endId } = pageOf(all, asked, 100)
        return { fillList: rows.length === 0 ? null : rows, endId }
      }
    }
  }

  #unified(asked: Asked, wallet: Wallet): unknown {
    const { contracts } = this.#exchange
    const { path, query, nowMs } = asked
    const { uid } = wallet
    const category = (): string => {
      const name = categories.find((each) => each === query.get('category'))
      if (name === undefined) throw refusals.parameter('category')
      return name
    }
    const list = (all: readonly BookRow[]): unknown => {
      const { rows, endId } = pageOf(all, asked, 100, 100, 'cursor')
      return { list: rows.length === 0 ? null : rows, cursor: endId ?? '' }
    }
    switch (path) {
      case '/api/v3/account/info':
        return unifiedInfo(wallet)
      case '/api/v3/account/assets':
        return unifiedAssets(wallet, contracts, nowMs)
      case '/api/v3/account/funding-assets':
        return fundingAssets(wallet)
      case '/api/v3/account/financial-records':
        return list(unifiedRecords(this.#exchange, uid, category(), nowMs))
      case '/api/v3/account/funding-financial-records':
        return list(fundingRecords(this.#exchange, uid, nowMs))
      case '/api/v3/account/convert-records':
        return list(convertRows(wallet, query, nowMs))
      case '/api/v3/trade/fills':
        return list(unifiedFills(this.#exchange, uid, category(), nowMs))
      case '/api/v3/position/current-position':
        return { list: unifiedPositions(wallet, contracts, category(), nowMs) }
      default:
        return []
    }
  }

  #margin(asked: Asked, wallet: Wallet): unknown {
    const { path, query, nowMs } = asked
    if (path.endsWith('/assets')) {
      return path.includes('/crossed/') ? crossedAssets(wallet) : isolatedAssets(wallet)
    }
    const symbol = query.get('symbol')
    if (symbol === null && (path.includes('/isolated/') || path.endsWith('/fills'))) {
      throw refusals.parameter('symbol')
    }
    if (!query.has('startTime')) throw refusals.parameter('startTime')
    const purse = purseOf(path, symbol)
    const list = (all: readonly BookRow[], name: string): unknown => {
      const { rows, endId } = pageOf(all, asked, 500)
      return { [name]: rows, maxId: all[0] === undefined ? null : String(all[0].id), minId: endId }
    }
    if (path.endsWith('/fills')) {
      const own = { purse, symbol: symbol ?? '', nowMs }
      return list(marginFillsOf(this.#exchange, wallet.uid, own), 'fills')
    }
    // nobody is liquidated here
    if (path.endsWith('/liquidation-history')) return list([], 'resultList')
    const all = path.endsWith('/interest-history') ? interestOf : recordsOf
    return list(all(this.#exchange, wallet.uid, purse, nowMs), 'resultList')
  }
}

function infoOf({ uid, permissions, createdMs }: Wallet): unknown {
  return {
    userId: uid,
    inviterId: '',
    ips: '*',
    authorities: ['readonly', ...permissions],
    parentId: 0,
    traderType: 'not_trader',
    channelCode: '',
    channel: '',
    regisTime: String(createdMs),
  }
}

function assetOf(wallet: Wallet, asset: string): unknown {
  const locked = wallet.locked(asset)
  return {
    coin: asset,
    available: fromUnits(wallet.balance(asset) - locked),
    frozen: fromUnits(locked),
    locked: '0',
    limitAvailable: '0',
    uTime: String(wallet.changedMs),
  }
}

/** The newest below `idLessThan`, of a week at most. @throws {Refusal} */
function pageOf(
  all: readonly BookRow[],
  { query, nowMs }: Asked,
  most: number,
  usual = 100,
  nextName = 'idLessThan',
): { rows: unknown[]; endId: string | null } {
  const limit = integerOf(query, 'limit', usual)
  if (limit < 1 || limit > most) throw refusals.parameter('limit')
  const below = query.get(nextName) ?? ''
  if (!/^\d{0,30}$/.test(below)) throw refusals.parameter(nextName)
  const endMs = integerOf(query, 'endTime', nowMs)
  const startMs = integerOf(query, 'startTime', Math.max(0, endMs - 7 * dayMs))
  if (endMs - startMs > 7 * dayMs) throw refusals.parameter('startTime, endTime')
  const page = all
    .filter(
      ({ atMs, id }) =>
        atMs >= Math.max(startMs, nowMs - reachMs) && atMs <= endMs && (below === '' || id < BigInt(below)),
    )
    .slice(0, limit)
  const last = page.at(-1)
  return { rows: page.map(({ row }) => row), endId: last === undefined ? null : String(last.id) }
}
