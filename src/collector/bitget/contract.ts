import { add, multiply, negate, parseDecimal, subtract, toText } from '@perf-agg/sdk'
import type { Amount, Fill, Position } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
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
import type { Page } from '../span.ts'
import { type Bill, feesOf, plain } from './row.ts'

/** Readers of bitget's linear contracts, paid in one coin each and counted in base units. */

export const products = ['USDT-FUTURES', 'USDC-FUTURES'] as const
export type Product = (typeof products)[number]

export function contractsOf(value: unknown, product: Product): Listed[] {
  return rowsOf(value, 'contracts', limits.collector.symbolsMax).map((each): Listed => {
    const row = rowOf(each, 'contracts')
    const base = assetOf(row['baseCoin'], 'contract.baseCoin')
    const quote = assetOf(row['quoteCoin'], 'contract.quoteCoin')
    const id = assetOf(row['symbol'], 'contract.symbol')
    const contract = contractOf(id, product, [base, quote])
    return { ...contract, active: row['symbolStatus'] === undefined || row['symbolStatus'] === 'normal' }
  })
}

/** One that has left the list is named as those that are on it. Spot has the same names: this one says which. */
export function contractOf(id: string, product: Product, coins?: readonly [string, string]): Listed {
  const settle = product === 'USDT-FUTURES' ? 'USDT' : 'USDC'
  const [base, quote] = coins ?? [id.replace(/(USDT|USDC|USD|PERP)$/, ''), settle]
  return {
    id: `${product} ${id}`,
    symbol: `${base}/${quote}:${settle}`,
    base,
    quote,
    type: 'linear',
    active: false,
  }
}

/** Wallets without the profit or loss of open positions, which their equity holds. */
export function contractBalancesOf(value: unknown): Amount[] {
  // one account alone comes without a list around it
  const rows = Array.isArray(value) ? value : [value]
  return rowsOf(rows, 'contractAccounts', limits.collector.assetsMax).map((each): Amount => {
    const row = rowOf(each, 'contractAccounts')
    const equity = parseDecimal(decimalOf(row['accountEquity'], 'account.accountEquity', 'any'))
    const open = parseDecimal(amountOrZero(row['unrealizedPL'], 'account.unrealizedPL'))
    return { asset: assetOf(row['marginCoin'], 'account.marginCoin'), amount: toText(subtract(equity, open)) }
  })
}

export type ContractOf = (id: string, product: Product) => Listed

const terms = (settle: string) => ({ size: '1', settle })

export function positionsOf(value: unknown, product: Product, contractBy: ContractOf): Position[] {
  return rowsOf(value, 'positions', limits.collector.positionsMax).flatMap((each): Position[] => {
    const row = rowOf(each, 'positions')
    const total = amountOrZero(row['total'], 'position.total')
    if (!/[1-9]/.test(total)) return []
    const side = row['holdSide']
    if (side !== 'long' && side !== 'short') throw invalidAnswer('position.holdSide')
    const { symbol, base, quote } = contractBy(assetOf(row['symbol'], 'position.symbol'), product)
    const quantity = side === 'long' ? total : toText(negate(parseDecimal(total)))
    const entry = decimalOf(row['openPriceAvg'], 'position.openPriceAvg', 'positive')
    const settle = assetOf(row['marginCoin'], 'position.marginCoin')
    return [{ market: 'linear', symbol, base, quote, terms: terms(settle), quantity, entry }]
  })
}

/** A line of the contracts' wallet: what it moved is `amount` and `fee` together, both signed. */
export interface ContractBill extends Bill {
  /** Of the wallet after it; empty where it is not told. */
  readonly balance: string
}

export function contractBillsOf(value: unknown, exchangeNowMs: number): Page<ContractBill> {
  const rows = rowsOf(rowOf(value, 'contractBills')['bills'], 'contractBills', 500).map(
    (each): ContractBill => {
      const row = rowOf(each, 'contractBills')
      const amount = parseDecimal(decimalOf(row['amount'], 'bill.amount', 'any'))
      const fee = parseDecimal(amountOrZero(row['fee'], 'bill.fee'))
      const { balance } = row
      return {
        id: idOf(row['billId'], 'bill.billId'),
        group: 'contract',
        kind: plain(row['businessType'], 'bill.businessType'),
        asset: assetOf(row['coin'], 'bill.coin'),
        change: toText(add(amount, fee)),
        balance:
          balance === undefined || balance === null || balance === ''
            ? ''
            : amountOrZero(balance, 'bill.balance'),
        atMs: millisOf(row['cTime'], 'bill.cTime', exchangeNowMs),
      }
    },
  )
  return { rows, next: rows.at(-1)?.id ?? null }
}

export interface ContractFill {
  readonly id: string
  readonly atMs: number
  readonly fill: Fill
}

export function contractFillsOf(
  value: unknown,
  product: Product,
  contractBy: ContractOf,
  exchangeNowMs: number,
): Page<ContractFill> {
  const rows = rowsOf(rowOf(value, 'contractFills')['fillList'] ?? [], 'contractFills', 100).map(
    (each): ContractFill => {
      const row = rowOf(each, 'contractFills')
      const id = idOf(row['tradeId'], 'fill.tradeId')
      const atMs = millisOf(row['cTime'], 'fill.cTime', exchangeNowMs)
      const { symbol, base, quote } = contractBy(assetOf(row['symbol'], 'fill.symbol'), product)
      const price = decimalOf(row['price'], 'fill.price', 'positive')
      const quantity = decimalOf(row['baseVolume'], 'fill.baseVolume', 'positive')
      const settle = product === 'USDT-FUTURES' ? 'USDT' : 'USDC'
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
        terms: terms(settle),
      }
      return { id, atMs, fill }
    },
  )
  return { rows, next: rows.at(-1)?.id ?? null }
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

function executionOf(tradeSide: string): Fill['execution'] {
  if (tradeSide.includes('adl')) return 'adl'
  if (/^(burst|reduce)_/.test(tradeSide)) return 'liquidation'
  return tradeSide.startsWith('delivery') ? 'settlement' : 'trade'
}
