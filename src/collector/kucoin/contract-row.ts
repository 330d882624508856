import {
  absolute,
  compare,
  type Decimal,
  divide,
  multiply,
  negate,
  parseDecimal,
  signOf,
  subtract,
  toText,
} from '@perf-agg/sdk'
import type { Amount, Candle, Fill, Income, Position } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { cashEntryOfContract, type Entry } from '../explain.ts'
import { invalidAnswer } from '../failure.ts'
import {
  amountOrZero,
  decimalOf,
  idOf,
  instantOf,
  millisOf,
  type Row,
  rowOf,
  rowsOf,
  wordOf,
} from '../field.ts'
import { costOf, sumOf } from '../holding.ts'
import type { Page } from '../span.ts'
import { coinOf, type Contract, contractOf } from './contract.ts'
import { dealOf, nextPageOf } from './row.ts'

/** Readers of what kucoin's futures host answers, its `data` each. */

export type ContractBy = (id: string) => Contract | undefined

/** A wallet without the profit or loss of open positions, which its equity holds. */
export function walletOf(value: unknown): Amount {
  const row = rowOf(value, 'overview')
  const equity = parseDecimal(decimalOf(row['accountEquity'], 'overview.accountEquity', 'any'))
  const open = parseDecimal(decimalOf(row['unrealisedPNL'], 'overview.unrealisedPNL', 'any'))
  return { asset: coinOf(row['currency'], 'overview.currency'), amount: toText(subtract(equity, open)) }
}

export interface Held {
  readonly position: Position
  /** By how much more it is worth at its average, which is rounded, than it cost by the exchange's own count. */
  readonly beside: Amount
}

export function positionsOf(value: unknown, contractBy: ContractBy): Held[] {
  return rowsOf(value, 'positions', limits.collector.positionsMax).flatMap((each): Held[] => {
    const row = rowOf(each, 'positions')
    const told = amountOrZero(row['currentQty'], 'position.currentQty')
    if (!/[1-9]/.test(told)) return []
    const id = idOf(row['symbol'], 'position.symbol')
    const entry = decimalOf(row['avgEntryPrice'], 'position.avgEntryPrice', 'positive')
    const paid = amountOrZero(row['unrealisedCost'] ?? row['posCost'], 'position.unrealisedCost')
    const settle = coinOf(row['settleCurrency'], 'position.settleCurrency')
    const dealt = { quantity: told.replace('-', ''), price: entry, value: paid.replace('-', ''), settle }
    const contract = contractBy(id) ?? contractOf(id, dealt)
    // nothing can be said of an account with a position in something unknown
    if (contract === null || contract.terms.settle !== settle) throw invalidAnswer('position.symbol')
    const { symbol, base, quote, type: market, terms } = contract
    const position = { market, symbol, base, quote, terms, quantity: signedOf(row, told), entry }
    const more = subtract(costOf(position), exactCost(position, paid))
    return [{ position, beside: { asset: settle, amount: toText(more) } }]
  })
}

/** With positions of both sides each says which it is. */
function signedOf(row: Row, quantity: string): string {
  const side = wordOf(row['positionSide'], 'position.positionSide').toUpperCase()
  if (side === 'SHORT') return `-${quantity.replace('-', '')}`
  return side === 'LONG' ? quantity.replace('-', '') : quantity
}

/** The average is rounded, what was paid is not; told without its sign, or of something else, it is not used. */
function exactCost(position: Parameters<typeof costOf>[0], paid: string): Decimal {
  const byEntry = costOf(position)
  const size = absolute(parseDecimal(paid))
  const cost = signOf(byEntry) < 0 ? negate(size) : size
  const off = absolute(subtract(cost, byEntry))
  return compare(multiply(off, parseDecimal('1000')), absolute(byEntry)) > 0 ? byEntry : cost
}

/** A line of the wallet. What was realised is told in sums: the fills and the funding say it line by line. */
export interface ContractLine {
  readonly id: string
  /** In small letters. */
  readonly kind: string
  readonly asset: string
  /** As it stands there. */
  readonly amount: string
  /** The contract, of what was realised. */
  readonly remark: string
  readonly isDone: boolean
  readonly atMs: number
}

export function contractLinesOf(value: unknown, exchangeNowMs: number): Page<ContractLine> {
  const answer = rowOf(value, 'transactions')
  const all = rowsOf(answer['dataList'], 'transactions', 500).map((each) => rowOf(each, 'transactions'))
  const rows = all.map((row): ContractLine => {
    const atMs = millisOf(row['time'], 'transaction.time', exchangeNowMs)
    const kind = wordOf(row['type'], 'transaction.type').toLowerCase()
    const asset = coinOf(row['currency'], 'transaction.currency')
    const remark = typeof row['remark'] === 'string' ? row['remark'] : ''
    return {
      // what is not over yet has no number of its own
      id: Number(row['offset']) < 0 ? `open.${asset}.${remark}` : idOf(row['offset'], 'transaction.offset'),
      kind,
      asset,
      amount: amountOrZero(row['amount'], 'transaction.amount'),
      remark: /^[A-Z0-9]{1,32}$/.test(remark) ? remark : '',
      isDone: row['status'] === undefined || row['status'] === 'Completed',
      atMs,
    }
  })
  return { rows, next: answer['hasMore'] === true ? lastOf(rows) : null }
}

/** The smallest number of a page leads to the next. */
function lastOf(rows: readonly { readonly id: string }[]): string | null {
  const numbers = rows.map(({ id }) => id).filter((id) => /^\d+$/.test(id))
  return numbers.reduce<string | null>(
    (least, id) => (least === null || BigInt(id) < BigInt(least) ? id : least),
    null,
  )
}

export interface ContractFill {
  readonly id: string
  readonly atMs: number
  readonly contractId: string
  /** Null where the terms of its contract are not known. */
  readonly fill: Fill | null
  readonly entry: Entry
}

export function contractFillsOf(
  value: unknown,
  contractBy: ContractBy,
  exchangeNowMs: number,
): Page<ContractFill> {
  const answer = rowOf(value, 'contractFills')
  const rows = rowsOf(answer['items'], 'contractFills', 1_000).map((each): ContractFill => {
    const row = rowOf(each, 'contractFills')
    const contractId = idOf(row['symbol'], 'fill.symbol')
    const deal = dealOf(row)
    const { side, price, quantity } = deal
    const told = amountOrZero(row['value'], 'fill.value').replace('-', '')
    const settle = coinOf(row['settleCurrency'] ?? row['feeCurrency'], 'fill.settleCurrency')
    const contract =
      contractBy(contractId) ?? contractOf(contractId, { quantity, price, value: told, settle })
    const feeAsset = coinOf(row['feeCurrency'] ?? settle, 'fill.feeCurrency')
    const fees = sumOf([{ asset: feeAsset, amount: amountOrZero(row['fee'], 'fill.fee') }])
    const atMs = tradedAt(row, exchangeNowMs)
    // who trades with oneself has one number on both sides
    const id = `${contractId} ${deal.id} ${idOf(row['orderId'] ?? side, 'fill.orderId')} ${side}`
    if (contract === null) return { id, atMs, contractId, fill: null, entry: { atMs, changes: [] } }
    const execution = executionOf(wordOf(row['tradeType'], 'fill.tradeType').toLowerCase())
    const fill = fillIn(contract, { ...deal, fees, atMs, execution })
    // to the digit that the exchange told
    const entry = cashEntryOfContract(fill, (dealt) => exactCost(dealt, told))
    return { id, atMs, contractId, fill, entry }
  })
  return { rows, next: nextPageOf(answer) }
}

/** A number of contracts, which are worth so much of the quote, or of the base. */
export function fillIn(
  { symbol, base, quote, type, terms }: Contract,
  deal: Pick<Fill, 'id' | 'side' | 'price' | 'quantity' | 'fees' | 'atMs' | 'execution'>,
): Fill {
  const units = multiply(parseDecimal(deal.quantity), parseDecimal(terms.size))
  const worth = type === 'inverse' ? units : multiply(units, parseDecimal(deal.price))
  return { ...deal, market: type, symbol, base, quote, quoteQuantity: toText(worth), terms }
}

/** When it was traded, where that is told apart from when its order was made, in nanoseconds. */
function tradedAt(row: Row, exchangeNowMs: number): number {
  const told = row['tradeTime']
  if (typeof told === 'string' && /^\d{19}$/.test(told)) {
    return instantOf(Number(told.slice(0, 13)), 'fill.tradeTime', exchangeNowMs)
  }
  return millisOf(row['createdAt'], 'fill.createdAt', exchangeNowMs)
}

export function executionOf(tradeType: string): Fill['execution'] {
  if (tradeType.includes('adl')) return 'adl'
  if (tradeType.includes('liq')) return 'liquidation'
  return tradeType.includes('settle') ? 'settlement' : 'trade'
}

export interface Funding {
  readonly id: string
  readonly atMs: number
  readonly income: Income
}

export function fundingsOf(value: unknown, exchangeNowMs: number): Page<Funding> {
  const answer = rowOf(value, 'fundings')
  const rows = rowsOf(answer['dataList'], 'fundings', 500).map((each): Funding => {
    const row = rowOf(each, 'fundings')
    const id = idOf(row['id'], 'funding.id')
    const atMs = millisOf(row['timePoint'], 'funding.timePoint', exchangeNowMs)
    const income: Income = {
      id: `funding.${id}`,
      income: 'funding',
      asset: coinOf(row['settleCurrency'], 'funding.settleCurrency'),
      // what was received is above zero
      amount: decimalOf(row['funding'], 'funding.funding', 'any'),
      atMs,
    }
    return { id, atMs, income }
  })
  return { rows, next: answer['hasMore'] === true ? (rows.at(-1)?.id ?? null) : null }
}

/** Time, open, high, low, close, and the contracts that were traded; of an index, none. */
export function contractCandlesOf(value: unknown, traded: Contract | null, exchangeNowMs: number): Candle[] {
  return rowsOf(value ?? [], 'candles', 1_500).map((each): Candle => {
    const row = rowsOf(each, 'candles', 16)
    const close = decimalOf(row[4], 'candle.close', 'positive')
    const number = traded === null ? '0' : decimalOf(row[5], 'candle.volume', 'not-negative')
    const units = multiply(parseDecimal(number), parseDecimal(traded?.terms.size ?? '1'))
    return {
      minuteMs: millisOf(row[0], 'candle.time', exchangeNowMs),
      open: decimalOf(row[1], 'candle.open', 'positive'),
      close,
      baseVolume: toText(traded?.type === 'inverse' ? divide(units, parseDecimal(close), 18) : units),
      quoteVolume: null,
    }
  })
}
