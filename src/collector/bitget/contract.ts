import { add, multiply, negate, parseDecimal, round, signOf, subtract, toText } from '@perf-agg/sdk'
import type { Amount, Conversion, Fill, Position } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer, refuseAccount } from '../failure.ts'
import {
  amountOrZero,
  assetOf,
  decimalOf,
  idOf,
  millisOf,
  type Row,
  rowOf,
  rowsOf,
  wordOf,
} from '../field.ts'
import type { Listed } from '../market-list.ts'
import { isOf, isPaidIn, type Product, settleOf } from './product.ts'
import { type Bill, feesOf, lastIdOf, plain, type SentPage } from './row.ts'

/** Readers of bitget's contracts, counted in base units, and of the wallets that they are paid from and into. */

/** Wallets without the profit or loss of open positions, which their equity holds. */
export function contractBalancesOf(value: unknown, product: Product): Amount[] {
  // one account alone comes without a list around it
  const rows = Array.isArray(value) ? value : [value]
  return rowsOf(rows, 'contractAccounts', limits.collector.assetsMax).flatMap((each): Amount[] => {
    const row = rowOf(each, 'contractAccounts')
    const asset = assetOf(row['marginCoin'], 'account.marginCoin')
    if (!isPaidIn(product, asset)) return []
    const equity = parseDecimal(decimalOf(row['accountEquity'], 'account.accountEquity', 'any'))
    const open = parseDecimal(amountOrZero(row['unrealizedPL'], 'account.unrealizedPL'))
    return [{ asset, amount: toText(subtract(equity, open)) }, ...pledgedOf(row, asset)]
  })
}

/** Coins that stand for each other in one wallet. */
function pledgedOf(row: Row, own: string): Amount[] {
  if (row['assetMode'] !== 'union') return []
  // what else is in it would be missing
  if (row['assetList'] === undefined || row['assetList'] === null) throw refuseAccount('assetMode')
  return rowsOf(row['assetList'], 'account.assetList', limits.collector.assetsMax).flatMap((each) => {
    const asset = rowOf(each, 'account.assetList')
    const coin = assetOf(asset['coin'], 'account.assetList.coin')
    const amount = decimalOf(asset['balance'], 'account.assetList.balance', 'any')
    return coin === own ? [] : [{ asset: coin, amount }]
  })
}

export type ContractOf = (id: string, product: Product) => Listed

export function positionsOf(value: unknown, product: Product, contractBy: ContractOf): Position[] {
  return rowsOf(value, 'positions', limits.collector.positionsMax).flatMap((each): Position[] => {
    const row = rowOf(each, 'positions')
    const total = amountOrZero(row['total'], 'position.total')
    const id = assetOf(row['symbol'], 'position.symbol')
    if (!/[1-9]/.test(total) || !isOf(product, id)) return []
    const side = row['holdSide']
    if (side !== 'long' && side !== 'short') throw invalidAnswer('position.holdSide')
    const { symbol, base, quote } = contractBy(id, product)
    refuseOtherMargin(row, product, base)
    const quantity = side === 'long' ? total : toText(negate(parseDecimal(total)))
    const told = decimalOf(row['openPriceAvg'], 'position.openPriceAvg', 'positive')
    const entry = product === 'COIN-FUTURES' ? knownEntry(told, total) : told
    const terms = { size: '1', settle: settleOf(product) }
    return [{ market: 'linear', symbol, base, quote, terms, quantity, entry }]
  })
}

/** Of a contract that is paid in coins any of several may back it: at what price its profit is paid then is told nowhere. */
function refuseOtherMargin(row: Row, product: Product, base: string): void {
  const coin = row['marginCoin']
  if (product !== 'COIN-FUTURES' || coin === undefined || coin === null || coin === '') return
  if (assetOf(coin, 'marginCoin') !== base) throw refuseAccount('marginCoin')
}

/** Profit is paid in coins of eight places: an entry is known to so much of its price, and is told to as many places. */
function knownEntry(entry: string, quantity: string): string {
  const places = Math.floor(8 - Math.log10(Number(entry) / Number(quantity)))
  const [whole = '', fraction = ''] = entry.split('.')
  if (fraction.length <= places) return entry
  const known = Math.max(0, places)
  const rounded = toText(round(parseDecimal(entry), known))
  const [left = whole, right = ''] = rounded.split('.')
  return known === 0 ? left : `${left}.${right.padEnd(known, '0')}`
}

/** A line of the contracts' wallet: what it moved is `amount` and `fee` together, both signed. */
export interface ContractBill extends Bill {
  /** Of the wallet after it; empty where it is not told. */
  readonly balance: string
}

export function contractBillsOf(
  value: unknown,
  product: Product,
  exchangeNowMs: number,
): SentPage<ContractBill> {
  const all = rowsOf(rowOf(value, 'contractBills')['bills'] ?? [], 'contractBills', 500)
  const rows = all.flatMap((each): ContractBill[] => {
    const row = rowOf(each, 'contractBills')
    const asset = assetOf(row['coin'], 'bill.coin')
    const id = wordOf(row['symbol'], 'bill.symbol').toUpperCase()
    if (id === '' ? asset === 'USDT' && !isPaidIn(product, asset) : !isOf(product, id)) return []
    const amount = parseDecimal(decimalOf(row['amount'], 'bill.amount', 'any'))
    const fee = parseDecimal(amountOrZero(row['fee'], 'bill.fee'))
    const { balance } = row
    return [
      {
        id: idOf(row['billId'], 'bill.billId'),
        group: 'contract',
        kind: plain(row['businessType'], 'bill.businessType'),
        asset,
        change: toText(add(amount, fee)),
        balance:
          balance === undefined || balance === null || balance === ''
            ? ''
            : amountOrZero(balance, 'bill.balance'),
        atMs: millisOf(row['cTime'], 'bill.cTime', exchangeNowMs),
      },
    ]
  })
  return { rows, next: lastIdOf(all, 'billId'), sent: all.length }
}

export interface ContractFill {
  readonly id: string
  readonly atMs: number
  readonly fill: Fill
  /** Dollars that were gained or lost, and the coins that were paid for them. */
  readonly paid: Conversion | null
}

export function contractFillsOf(
  value: unknown,
  product: Product,
  contractBy: ContractOf,
  exchangeNowMs: number,
): SentPage<ContractFill> {
  const all = rowsOf(rowOf(value, 'contractFills')['fillList'] ?? [], 'contractFills', 100)
  const rows = all.flatMap((each): ContractFill[] => {
    const row = rowOf(each, 'contractFills')
    const contractId = assetOf(row['symbol'], 'fill.symbol')
    if (!isOf(product, contractId)) return []
    const id = idOf(row['tradeId'], 'fill.tradeId')
    const atMs = millisOf(row['cTime'], 'fill.cTime', exchangeNowMs)
    const { symbol, base, quote } = contractBy(contractId, product)
    refuseOtherMargin(row, product, base)
    const price = decimalOf(row['price'], 'fill.price', 'positive')
    const quantity = decimalOf(row['baseVolume'], 'fill.baseVolume', 'positive')
    const tradeSide = wordOf(row['tradeSide'], 'fill.tradeSide')
    const fill: Fill = {
      id,
      market: 'linear',
      symbol,
      base,
      quote,
      side: sideOf(row, tradeSide),
      price,
      quantity,
      // what is told is rounded
      quoteQuantity: toText(multiply(parseDecimal(price), parseDecimal(quantity))),
      fees: feesOf(row),
      atMs,
      execution: executionOf(tradeSide),
      terms: { size: '1', settle: settleOf(product) },
    }
    return [{ id, atMs, fill, paid: product === 'COIN-FUTURES' ? paidOf(row, fill) : null }]
  })
  return { rows, next: lastIdOf(all, 'tradeId'), sent: all.length }
}

/** In coins, at the price at which it was closed. */
function paidOf(row: Row, { id, symbol, base, price, atMs }: Fill): Conversion | null {
  const profit = parseDecimal(amountOrZero(row['profit'], 'fill.profit'))
  if (signOf(profit) === 0) return null
  const dollars = toText(negate(multiply(profit, parseDecimal(price))))
  const changes = [
    { asset: base, amount: toText(profit) },
    { asset: 'USD', amount: dollars },
  ]
  return { id: `profit.${symbol.replaceAll(/[^A-Z0-9]/g, '-')}.${id}`, conversion: 'convert', changes, atMs }
}

/** With positions of both sides the word is whose side it is: closing a long one is called a buy. */
function sideOf(row: Row, tradeSide: string): 'buy' | 'sell' {
  if (/close_long|sell/.test(tradeSide)) return 'sell'
  if (/close_short|buy/.test(tradeSide)) return 'buy'
  const { side } = row
  if (side !== 'buy' && side !== 'sell') throw invalidAnswer('fill.side')
  if (tradeSide !== 'close' || row['posMode'] === 'one_way_mode') return side
  return side === 'buy' ? 'sell' : 'buy'
}

export function executionOf(tradeSide: string): Fill['execution'] {
  if (tradeSide.includes('adl')) return 'adl'
  if (/^(burst|reduce|liquidation)/.test(tradeSide)) return 'liquidation'
  return tradeSide.startsWith('delivery') ? 'settlement' : 'trade'
}
