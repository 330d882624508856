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
import { type BookRow, billsOf, fillsOf } from './book.ts'
import { positionRow } from './contract.ts'
import { fundingBalances, fundingBills } from './funding.ts'
import { type HeldPair, heldPairs, pairRow } from './pair.ts'
import { candles, instruments, integerOf, markCandles } from './quotes.ts'
import { refusals } from './refusal.ts'
import { OkxStreams } from './streams.ts'

/**
 * okx's v5 REST protocol: key, passphrase, time and a signature over time, method, path and query in headers; half a
 * minute for the time; a pace for each path; pages by the number of a bill, the newest first.
 */

/** The third part of every key there. */
export const passphrase = 'simulated'

const windowMs = 30 * secondMs
const pageRows = 100

/** Calls of two seconds, of an address. */
const publicPaces: Readonly<Record<string, number>> = {
  '/api/v5/public/time': 10,
  '/api/v5/public/instruments': 20,
  '/api/v5/market/candles': 40,
  '/api/v5/market/history-candles': 20,
  '/api/v5/market/mark-price-candles': 20,
  '/api/v5/market/history-mark-price-candles': 10,
}

/** And of an account. */
const privatePaces: Readonly<Record<string, number>> = {
  '/api/v5/account/config': 5,
  '/api/v5/account/balance': 10,
  '/api/v5/account/positions': 10,
  '/api/v5/account/bills': 10,
  '/api/v5/account/bills-archive': 5,
  '/api/v5/trade/fills': 60,
  '/api/v5/trade/fills-history': 10,
  '/api/v5/asset/balances': 12,
  '/api/v5/asset/bills': 12,
  '/api/v5/asset/bills-history': 2,
  '/api/v5/asset/convert/history': 12,
  '/api/v5/trade/easy-convert-history': 1,
}

/** How far each list reaches back. */
const reachMs: Readonly<Record<string, number>> = {
  '/api/v5/account/bills': 7 * dayMs,
  '/api/v5/account/bills-archive': 90 * dayMs,
  '/api/v5/trade/fills': 3 * dayMs,
  '/api/v5/trade/fills-history': 90 * dayMs,
}

export class Wire implements Protocol {
  readonly #exchange: Exchange
  readonly #wallets: ReadonlyMap<string, Wallet>
  readonly #pace = new Pace(2 * secondMs, refusals)
  readonly streams: OkxStreams

  constructor({ exchange, wallets, serverMs }: ProtocolOptions) {
    this.#exchange = exchange
    this.#wallets = new Map(wallets.map((wallet) => [wallet.apiKey, wallet]))
    this.streams = new OkxStreams({
      exchange,
      wallets: this.#wallets,
      passphrase,
      serverMs,
    })
  }

  answer(asked: Asked, fault: SpokenFault | null): Answer {
    if (fault?.kind === 'ban') this.#pace.shutOut(fault.toMs)
    try {
      if (fault?.kind === 'unavailable') throw refusals.unavailable()
      if (fault?.kind === 'rate-limit') throw refusals.pace()
      // nothing can be ordered or withdrawn here
      if (asked.method !== 'GET') throw refusals.permission()
      const data = this.#data(asked)
      return { status: 200, body: JSON.stringify({ code: '0', data, msg: '' }) }
    } catch (error) {
      const refusal = error instanceof Refusal ? error : refusals.unavailable()
      const body = JSON.stringify({ code: refusal.code, data: [], msg: refusal.message })
      return { status: refusal.status, body }
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
    return this.#private(asked, wallet)
  }

  #authenticate({ path, raw, headers, serverMs }: Asked): Wallet {
    const header = (name: string, code: string): string => {
      const value = headers[name.toLowerCase()]
      if (typeof value !== 'string' || value === '') throw refusals.empty(name, code)
      return value
    }
    const apiKey = header('OK-ACCESS-KEY', '50103')
    const phrase = header('OK-ACCESS-PASSPHRASE', '50104')
    const signature = header('OK-ACCESS-SIGN', '50106')
    const sent = header('OK-ACCESS-TIMESTAMP', '50107')
    // every key here is one of the live environment
    if (headers['x-simulated-trading'] === '1') throw refusals.environment()
    if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(sent)) throw refusals.timestamp()
    if (Math.abs(Date.parse(sent) - serverMs) > windowMs) throw refusals.late()
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
      case '/api/v5/public/time':
        return [{ ts: String(serverMs) }]
      case '/api/v5/public/instruments':
        return instruments(this.#exchange, query, nowMs)
      case '/api/v5/market/candles':
        return candles(this.#exchange, query, nowMs, { rowsMax: 300, isOlder: false })
      case '/api/v5/market/mark-price-candles':
        return markCandles(this.#exchange, query, nowMs, { isOlder: false })
      case '/api/v5/market/history-mark-price-candles':
        return markCandles(this.#exchange, query, nowMs, { isOlder: true })
      default:
        return candles(this.#exchange, query, nowMs, { rowsMax: 100, isOlder: true })
    }
  }

  #private(asked: Asked, wallet: Wallet): unknown {
    const { contracts } = this.#exchange
    const { path, query, nowMs } = asked
    switch (path) {
      case '/api/v5/account/config':
        return [configOf(wallet)]
      case '/api/v5/account/balance': {
        const gains = contracts.unrealizedOf(wallet, nowMs)
        const options = contracts.optionsOf(wallet, nowMs)
        const pairs = heldPairs(wallet, this.#exchange.market, nowMs)
        const assets = [
          ...new Set([...wallet.held(), ...gains.keys(), ...pairs.map(({ marginIn }) => marginIn)]),
        ]
        const details = assets.map((asset) =>
          detailOf(wallet, asset, { gain: gains.get(asset) ?? 0n, options: options.get(asset) ?? 0n, pairs }),
        )
        return [{ totalEq: '', uTime: String(nowMs), details }]
      }
      case '/api/v5/account/positions':
        return [
          ...wallet.positions
            .filter(({ quantity }) => quantity !== 0n)
            .map((position) => positionRow(position, contracts.marks.at(position.contract, nowMs))),
          ...heldPairs(wallet, this.#exchange.market, nowMs)
            .filter(({ held, owed, margin }) => held !== 0n || owed !== 0n || margin !== 0n)
            .map(pairRow),
        ]
      case '/api/v5/asset/balances':
        return fundingBalances(wallet)
      case '/api/v5/asset/bills':
        return fundingBills(this.#exchange.truth, wallet.uid, query, { nowMs, isQuick: true })
      case '/api/v5/asset/bills-history':
        return fundingBills(this.#exchange.truth, wallet.uid, query, { nowMs, isQuick: false })
      // its conversions are plain from their bills
      case '/api/v5/asset/convert/history':
      case '/api/v5/trade/easy-convert-history':
        return []
      case '/api/v5/trade/fills-history':
        if (!['SPOT', 'MARGIN', 'SWAP', 'FUTURES', 'OPTION'].includes(query.get('instType') ?? '')) {
          throw refusals.parameter('instType')
        }
        return pageOf(fillsOf(this.#exchange, wallet.uid, nowMs), asked)
      case '/api/v5/trade/fills':
        return pageOf(fillsOf(this.#exchange, wallet.uid, nowMs), asked)
      default:
        return pageOf(billsOf(this.#exchange, wallet.uid, nowMs), asked)
    }
  }
}

function configOf({ uid, permissions, unified, hedges }: Wallet): unknown {
  return {
    acctLv: unified ? '3' : '1',
    uid,
    mainUid: uid,
    perm: ['read_only', ...permissions].join(','),
    posMode: hedges ? 'long_short_mode' : 'net_mode',
    label: 'simulated',
    ip: '',
    roleType: '0',
  }
}

function sumOf(units: readonly bigint[]): bigint {
  return units.reduce((sum, each) => sum + each, 0n)
}

function owedText(units: bigint): string {
  return units > 0n ? fromUnits(units) : ''
}

function detailOf(
  wallet: Wallet,
  asset: string,
  {
    gain,
    options,
    pairs,
  }: { readonly gain: bigint; readonly options: bigint; readonly pairs: readonly HeldPair[] },
): unknown {
  const { principal, interest } = wallet.debt(asset, 'spot')
  // charged each hour
  const shared = pairs.filter((pair) => pair.isShared && pair.marginIn === asset)
  const units = wallet.balance(asset) + sumOf(shared.map(({ left }) => left)) - interest
  const balance = fromUnits(units)
  const sharedGain = sumOf(shared.map((pair) => pair.gain))
  const equity = units - principal + gain + sharedGain
  const alone = pairs.filter((pair) => !pair.isShared)
  const own = alone.filter(({ marginIn }) => marginIn === asset)
  const ownGain = sumOf(own.map(({ gain: each }) => each))
  const ownEquity = sumOf(own.map(({ margin }) => margin)) + ownGain
  const ownDebt = sumOf(alone.map(({ owed, owedIn }) => (owedIn === asset ? owed : 0n)))
  return {
    ccy: asset,
    cashBal: balance,
    eq: fromUnits(equity + ownEquity + options),
    availBal: fromUnits(wallet.balance(asset) - wallet.locked(asset)),
    frozenBal: fromUnits(wallet.locked(asset)),
    // beside what was lent into it, what is below zero is borrowed of itself, a loss that is not realised too
    liab: owedText(ownDebt + (principal > 0n ? principal : equity < 0n ? -equity : 0n)),
    interest: '',
    upl: fromUnits(gain + sharedGain + ownGain),
    uplLiab: equity < 0n ? fromUnits(units < 0n ? -gain : -equity) : '',
    isoEq: fromUnits(ownEquity),
    isoLiab: owedText(ownDebt),
    isoUpl: fromUnits(ownGain),
    stgyEq: '0',
  }
}

/** `after` and `before` are numbers of bills, and left out themselves. */
function pageOf(all: readonly BookRow[], { path, query, nowMs }: Asked): unknown[] {
  const limit = integerOf(query, 'limit', pageRows)
  if (limit < 1 || limit > pageRows) throw refusals.parameter('limit')
  const number = (name: string): bigint | null => {
    const text = query.get(name)
    if (text === null || text === '') return null
    if (!/^\d{1,30}$/.test(text)) throw refusals.parameter(name)
    return BigInt(text)
  }
  const after = number('after')
  const before = number('before')
  const startMs = Math.max(integerOf(query, 'begin', 0), nowMs - (reachMs[path] ?? 0))
  const endMs = integerOf(query, 'end', Number.MAX_SAFE_INTEGER)
  const type = query.get('instType')
  return all
    .filter(
      ({ atMs, billId, instType }) =>
        atMs >= startMs &&
        atMs <= endMs &&
        (after === null || billId < after) &&
        (before === null || billId > before) &&
        (type === null || type === instType),
    )
    .slice(0, limit)
    .map(({ row }) => row)
}
