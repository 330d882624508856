import type { Amount, Candle, Fill, Position } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import {
  assetOf,
  booleanOf,
  decimalOf,
  idOf,
  instantOf,
  integerOf,
  type Row,
  rowOf,
  rowsOf,
} from '../field.ts'
import { onceOf } from '../holding.ts'
import type { ContractListing } from './contract.ts'
import type { FuturesWallet } from './venue.ts'

/** What binance's futures exchanges answer, read strictly into our own words. */

export type FindContract = (id: string) => ContractListing

/** Wallet balances, without what open positions have gained or lost: of an account, or of a list of balances. */
export function walletOf(value: unknown): Amount[] {
  const rows = Array.isArray(value) ? value : rowOf(value, 'account')['assets']
  return onceOf(
    rowsOf(rows, 'account.assets', limits.collector.assetsMax).map((each) => {
      const asset = rowOf(each, 'account.assets')
      return {
        asset: assetOf(asset['asset'], 'asset.asset'),
        // a wallet may owe: several coins hold the positions together
        amount: decimalOf(asset['walletBalance'] ?? asset['balance'], 'asset.walletBalance', 'any'),
      }
    }),
    'account.assets',
  )
}

/** An account's rows of positions where they are enough: they tell the entries, or that nothing is open. */
export function positionRowsOf(value: unknown): readonly unknown[] | null {
  const rows = Array.isArray(value) ? undefined : rowOf(value, 'account')['positions']
  if (rows === undefined) return null
  const open = rowsOf(rows, 'account.positions', limits.collector.symbolsMax * 3).filter((each) =>
    /[1-9]/.test(decimalOf(rowOf(each, 'account.positions')['positionAmt'], 'position.positionAmt', 'any')),
  )
  return open.every((each) => rowOf(each, 'account.positions')['entryPrice'] !== undefined) ? open : null
}

/** Every open position, those of one contract held on both sides each by itself. */
export function positionsOf(value: unknown, wallet: FuturesWallet, find: FindContract): Position[] {
  return rowsOf(value, 'positions', limits.collector.symbolsMax * 3).flatMap((each): Position[] => {
    const row = rowOf(each, 'positions')
    const quantity = decimalOf(row['positionAmt'], 'position.positionAmt', 'any')
    if (!/[1-9]/.test(quantity)) return []
    const side = row['positionSide'] ?? 'BOTH'
    if (side !== 'BOTH' && side !== 'LONG' && side !== 'SHORT') throw invalidAnswer('position.positionSide')
    const { symbol, base, quote, terms } = find(assetOf(row['symbol'], 'position.symbol'))
    return [
      {
        market: wallet,
        symbol,
        base,
        quote,
        terms,
        quantity,
        entry: decimalOf(row['entryPrice'], 'position.entryPrice', 'positive'),
      },
    ]
  })
}

/** A trade beside what the unified word for it leaves out. */
export interface ContractTrade {
  readonly fill: Fill
  readonly orderId: string
  readonly contractId: string
  /** It closed something. */
  readonly closed: boolean
}

export function tradesOf(
  value: unknown,
  wallet: FuturesWallet,
  find: FindContract,
  exchangeNowMs: number,
): ContractTrade[] {
  return rowsOf(value, 'userTrades', 1_000).map((each) => {
    const row = rowOf(each, 'userTrades')
    const contract = find(assetOf(row['symbol'], 'trade.symbol'))
    const { symbol, base, quote, terms, deliveryMs } = contract
    const fee = decimalOf(row['commission'] ?? '0', 'trade.commission', 'any')
    const atMs = instantOf(row['time'], 'trade.time', exchangeNowMs)
    const quantity = decimalOf(row['qty'], 'trade.qty', 'positive')
    const fill: Fill = {
      id: String(integerOf(row['id'], 'trade.id')),
      market: wallet,
      symbol,
      base,
      quote,
      side: sideOf(row),
      price: decimalOf(row['price'], 'trade.price', 'positive'),
      quantity,
      quoteQuantity: decimalOf(
        (wallet === 'linear' ? row['quoteQty'] : row['baseQty']) ?? quantity,
        'trade.quoteQty',
        'positive',
      ),
      fees: /[1-9]/.test(fee)
        ? [{ asset: assetOf(row['commissionAsset'] ?? terms.settle, 'trade.commissionAsset'), amount: fee }]
        : [],
      atMs,
      // from its delivery on nobody trades a contract: the exchange closes what is open
      execution: atMs >= deliveryMs ? 'settlement' : 'trade',
      terms,
    }
    const realized = decimalOf(row['realizedPnl'] ?? '0', 'trade.realizedPnl', 'any')
    return {
      fill,
      orderId: idOf(row['orderId'], 'trade.orderId'),
      contractId: contract.id,
      closed: /[1-9]/.test(realized),
    }
  })
}

function sideOf(row: Row): 'buy' | 'sell' {
  const side = row['side']
  if (side === undefined) return booleanOf(row['buyer'], 'trade.buyer') ? 'buy' : 'sell'
  if (side !== 'BUY' && side !== 'SELL') throw invalidAnswer('trade.side')
  return side === 'BUY' ? 'buy' : 'sell'
}

export type Forced = 'liquidation' | 'adl' | 'settlement'

/** Orders that the exchange made itself, by contract and order: their names say why. */
export function forcedOf(value: unknown): ReadonlyMap<string, Forced> {
  return new Map(
    rowsOf(value, 'forceOrders', 100).map((each): readonly [string, Forced] => {
      const row = rowOf(each, 'forceOrders')
      const key = forcedKey(
        assetOf(row['symbol'], 'forceOrder.symbol'),
        idOf(row['orderId'], 'forceOrder.orderId'),
      )
      const name = typeof row['clientOrderId'] === 'string' ? row['clientOrderId'] : ''
      if (name.startsWith('adl_')) return [key, 'adl']
      return [key, /^(settlement|delivery)_/.test(name) ? 'settlement' : 'liquidation']
    }),
  )
}

export function forcedKey(contractId: string, orderId: string): string {
  return `${contractId} ${orderId}`
}

/** One line of the income history: a change of one coin of the wallet. */
export interface IncomeLine {
  /** Unique in the wallet. */
  readonly id: string
  readonly type: string
  readonly asset: string
  readonly amount: string
  /** Empty where it concerns no contract. */
  readonly contractId: string
  readonly tradeId: string
  readonly transferId: string
  readonly atMs: number
}

export function incomesOf(value: unknown, exchangeNowMs: number): IncomeLine[] {
  return rowsOf(value, 'income', 1_000).map((each) => {
    const row = rowOf(each, 'income')
    const type = wordOf(row['incomeType'], 'income.incomeType', /^[A-Z0-9_]{1,64}$/)
    const asset = assetOf(row['asset'], 'income.asset')
    const transferId = idOf(row['tranId'], 'income.tranId')
    const tradeId = wordOf(row['tradeId'], 'income.tradeId', /^[\w.:-]{0,64}$/)
    const contractId = wordOf(row['symbol'], 'income.symbol', /^[\p{L}\p{N}_.-]{0,32}$/u).toUpperCase()
    const atMs = instantOf(row['time'], 'income.time', exchangeNowMs)
    return {
      // its number is unique for an account within its type, says the exchange; what is converted has two coins
      id: [type, transferId, tradeId, contractId, asset]
        .map((part) => part.replaceAll(/\W/g, ''))
        .filter((part) => part !== '')
        .join(':'),
      type,
      asset,
      amount: decimalOf(row['income'], 'income.income', 'any'),
      contractId,
      tradeId,
      transferId,
      atMs,
    }
  })
}

/** Text that may be absent. */
function wordOf(value: unknown, place: string, pattern: RegExp): string {
  const text = value === undefined || value === null ? '' : typeof value === 'number' ? String(value) : value
  if (typeof text === 'string' && pattern.test(text)) return text
  throw invalidAnswer(place)
}

/** Minutes of the mark price that are over: they have no volume. */
export function marksOf(value: unknown, exchangeNowMs: number): Candle[] {
  return rowsOf(value, 'markPriceKlines', 1_500).flatMap((each): Candle[] => {
    const row = rowsOf(each, 'markPriceKlines', 32)
    if (integerOf(row[6], 'kline.closeTime') >= exchangeNowMs) return []
    return [
      {
        minuteMs: instantOf(row[0], 'kline.openTime', exchangeNowMs),
        open: decimalOf(row[1], 'kline.open', 'positive'),
        close: decimalOf(row[4], 'kline.close', 'positive'),
        baseVolume: '0',
        quoteVolume: '0',
      },
    ]
  })
}
