import { absolute, compare, multiply, negate, parseDecimal, subtract, sum, toText } from '@perf-agg/sdk'
import type { Amount, Fill, Position } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer, refuseAccount } from '../failure.ts'
import {
  amountOrZero,
  assetOf,
  decimalOf,
  idOf,
  instantOf,
  millisOf,
  type Row,
  rowOf,
  rowsOf,
  wordOf,
} from '../field.ts'
import { sumOf } from '../holding.ts'
import type { Page } from '../span.ts'
import { coinOf } from './contract.ts'
import { type ContractBy, executionOf, fillIn } from './contract-row.ts'
import { dealOf, type Line, type Trade } from './row.ts'

/** Readers of what kucoin answers of a unified account, its `data` each: one wallet for all markets. */

export interface UnifiedPosition {
  readonly position: Position
  /** In the coin that it pays. */
  readonly open: string
}

export function unifiedPositionsOf(value: unknown, contractBy: ContractBy): UnifiedPosition[] {
  return rowsOf(value, 'positions', limits.collector.positionsMax).flatMap((each): UnifiedPosition[] => {
    const row = rowOf(each, 'positions')
    const told = amountOrZero(row['size'], 'position.size')
    if (!/[1-9]/.test(told)) return []
    const contract = contractBy(idOf(row['symbol'], 'position.symbol'))
    if (contract === undefined) throw invalidAnswer('position.symbol')
    const { symbol, base, quote, type: market, terms } = contract
    const entry = decimalOf(row['entryPrice'], 'position.entryPrice', 'positive')
    const open = decimalOf(row['unrealizedPnL'], 'position.unrealizedPnL', 'any')
    const quantity = signedSize(row, told, entry, open)
    return [{ position: { market, symbol, base, quote, terms, quantity, entry }, open }]
  })
}

/** By its side where that is told; else by its sign, or by which way it wins. */
function signedSize(row: Row, told: string, entry: string, open: string): string {
  const size = told.replace('-', '')
  const side = wordOf(row['positionSide'] ?? row['side'], 'position.side').toUpperCase()
  if (side === 'LONG' || side === 'SHORT') return side === 'LONG' ? size : `-${size}`
  if (told.startsWith('-')) return told
  const mark = parseDecimal(decimalOf(row['markPrice'], 'position.markPrice', 'positive'))
  const won = multiply(subtract(mark, parseDecimal(entry)), parseDecimal(open))
  return won.digits < 0n ? `-${size}` : size
}

export interface UnifiedHeld {
  readonly balances: readonly Amount[]
  readonly isOwing: boolean
}

/**
 * What lies there less what is owed, without what open positions have won. Whether what is owed is taken off a balance
 * already its equity tells; where it tells neither, nothing can be said.
 */
export function unifiedBalancesOf(value: unknown, positions: readonly UnifiedPosition[]): UnifiedHeld {
  const accounts = rowsOf(rowOf(value, 'unified')['accounts'], 'unified.accounts', 16)
  const coins = accounts.flatMap((each) =>
    rowsOf(rowOf(each, 'unified.accounts')['currencies'], 'unified.currencies', limits.collector.assetsMax),
  )
  let isOwing = false
  const balances = coins.map((each): Amount => {
    const row = rowOf(each, 'unified.currencies')
    const asset = coinOf(row['currency'], 'unified.currency')
    const balance = parseDecimal(decimalOf(row['balance'], 'unified.balance', 'any'))
    const equity = parseDecimal(decimalOf(row['equity'], 'unified.equity', 'any'))
    const owed = parseDecimal(amountOrZero(row['liability'], 'unified.liability'))
    const won = sum(
      positions
        .filter(({ position }) => position.terms.settle === asset)
        .map(({ open }) => parseDecimal(open)),
    )
    if (owed.digits !== 0n) isOwing = true
    const told = subtract(equity, won)
    const off = (net: typeof told) => absolute(subtract(told, net))
    const less = subtract(balance, owed)
    const net = compare(off(less), off(balance)) <= 0 ? less : balance
    // prices move between two answers, by less than a hundredth of it
    const most = multiply(
      sum([absolute(told), absolute(won), parseDecimal('0.00000001')]),
      parseDecimal('0.01'),
    )
    if (compare(off(net), most) > 0) throw refuseAccount('equity')
    return { asset, amount: toText(net) }
  })
  return { balances: sumOf(balances), isOwing }
}

/** Nanoseconds, beyond what a double holds; milliseconds where a list has not been changed yet. */
function nanosOf(value: unknown, place: string, exchangeNowMs: number): number {
  const text = typeof value === 'string' ? value : String(value)
  return /^\d{19}$/.test(text)
    ? instantOf(Number(text.slice(0, 13)), place, exchangeNowMs)
    : millisOf(value, place, exchangeNowMs)
}

/** Behind the last id of a page; an empty one is the end. */
function nextOf(answer: Row, rows: readonly unknown[], place: string): string | null {
  const { lastId } = answer
  return rows.length === 0 || lastId === undefined || lastId === null ? null : idOf(lastId, place)
}

export function unifiedLinesOf(value: unknown, exchangeNowMs: number): Page<Line> {
  const answer = Array.isArray(value) ? { items: value } : rowOf(value, 'ledger')
  const all = rowsOf(answer['items'], 'ledger', 500)
  const rows = all.map((each): Line => {
    const row = rowOf(each, 'ledger')
    const amount = decimalOf(row['amount'], 'ledger.amount', 'not-negative')
    const direction = wordOf(row['direction'], 'ledger.direction').toUpperCase()
    if (direction !== 'IN' && direction !== 'OUT') throw invalidAnswer('ledger.direction')
    return {
      id: idOf(row['id'], 'ledger.id'),
      account: 'unified',
      kind: wordOf(row['businessType'], 'ledger.businessType')
        .toLowerCase()
        .replaceAll(/[^a-z]/g, ''),
      asset: coinOf(row['currency'], 'ledger.currency'),
      change: direction === 'IN' ? amount : toText(negate(parseDecimal(amount))),
      atMs: nanosOf(row['ts'], 'ledger.ts', exchangeNowMs),
      tradeId: '',
      orderId: '',
      symbol: '',
    }
  })
  const next = Array.isArray(value) ? (rows.at(-1)?.id ?? null) : nextOf(answer, all, 'ledger.lastId')
  return { rows, next }
}

export type UnifiedTradeType = 'SPOT' | 'CROSS'

export function unifiedTradesOf(
  value: unknown,
  exchangeNowMs: number,
  tradeType: UnifiedTradeType,
): Page<Trade> {
  const answer = rowOf(value, 'fills')
  const all = rowsOf(answer['items'], 'fills', 500)
  const rows = all.map((each): Trade => {
    const row = rowOf(each, 'fills')
    const { id: tradeId, side, price, quantity: size } = dealOf(row)
    const symbol = idOf(row['symbol'], 'fill.symbol')
    const { asset = '', amount = '0' } = feesOf(row)[0] ?? {}
    return {
      id: `${tradeType} ${symbol} ${tradeId} ${side}`,
      tradeId,
      market: tradeType === 'SPOT' ? 'spot' : 'margin',
      symbol,
      side,
      price,
      size,
      funds: decimalOf(row['value'], 'fill.value', 'positive'),
      fee: amount,
      feeAsset: asset,
      atMs: tradedAt(row, exchangeNowMs),
    }
  })
  return { rows, next: nextOf(answer, all, 'fills.lastId') }
}

function tradedAt(row: Row, exchangeNowMs: number): number {
  return nanosOf(row['executionTime'], 'fill.executionTime', exchangeNowMs)
}

/** Where a country takes a tax of a trade, that is paid like a fee. */
function feesOf(row: Row): Amount[] {
  const parts = [row['fee'], row['tax']].map((part) => parseDecimal(amountOrZero(part, 'fill.fee')))
  const paid = sum(parts)
  return paid.digits === 0n
    ? []
    : [{ asset: coinOf(row['feeCurrency'], 'fill.feeCurrency'), amount: toText(paid) }]
}

export interface UnifiedFill {
  readonly id: string
  readonly atMs: number
  readonly contractId: string
  /** Null where its contract has left the list. */
  readonly fill: Fill | null
}

export function unifiedFillsOf(
  value: unknown,
  contractBy: ContractBy,
  exchangeNowMs: number,
): Page<UnifiedFill> {
  const answer = rowOf(value, 'contractFills')
  const all = rowsOf(answer['items'], 'contractFills', 500)
  const rows = all.map((each): UnifiedFill => {
    const row = rowOf(each, 'contractFills')
    const deal = dealOf(row)
    const atMs = tradedAt(row, exchangeNowMs)
    const contractId = assetOf(row['symbol'], 'fill.symbol')
    const contract = contractBy(contractId)
    const id = `${contractId} ${deal.id} ${deal.side}`
    if (contract === undefined) return { id, atMs, contractId, fill: null }
    const execution = executionOf(wordOf(row['fillType'], 'fill.fillType').toLowerCase())
    const fill = fillIn(contract, { ...deal, fees: sumOf(feesOf(row)), atMs, execution })
    // a number of contracts, or of coins: its value knows
    const paid = parseDecimal(decimalOf(row['value'], 'fill.value', 'positive'))
    const off = absolute(subtract(parseDecimal(fill.quoteQuantity), paid))
    const isOff = compare(off, multiply(paid, parseDecimal('0.01'))) > 0
    if (isOff && fill.market !== 'inverse') throw invalidAnswer('fill.value')
    return { id, atMs, contractId, fill }
  })
  return { rows, next: nextOf(answer, all, 'contractFills.lastId') }
}
