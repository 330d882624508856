import {
  absolute,
  add,
  compare,
  type Decimal,
  multiply,
  negate,
  parseDecimal,
  subtract,
  sum,
  toText,
} from '@perf-agg/sdk'
import type { Amount, Position } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import { decimalOf, type Row, rowOf, rowsOf } from '../field.ts'
import { costOf, onceOf } from '../holding.ts'
import { coinOf, type Dex, laterName, perpOf } from './listing.ts'
import { textOf } from './row.ts'

/** Readers of what an address holds at hyperliquid. */

export interface PerpState {
  readonly positions: readonly Position[]
  /** What this exchange's wallet would hold without its positions' profit or loss. Nothing where one wallet backs all. */
  readonly wallet: Decimal
  /** By how much more the positions cost by the entries that are told with them than they really did. */
  readonly rounding: Decimal
}

const nothing = parseDecimal('0')

/**
 * What is told is the cash: deposits and what was realised, less what open positions cost. The wallet is that and what
 * they cost at the entry that is told with it, so that rounding of the entry falls out.
 */
export function perpStateOf(value: unknown, dex: Dex, isUnified: boolean): PerpState {
  const state = rowOf(value, 'clearinghouseState')
  const rows = rowsOf(state['assetPositions'], 'state.assetPositions', limits.collector.positionsMax)
    .map((each) => rowOf(rowOf(each, 'state.assetPositions')['position'], 'state.position'))
    .filter((row) => /[1-9]/.test(decimalOf(row['szi'], 'position.szi', 'any')))
  const positions = rows.map((row) => positionOf(row, dex))
  const cost = totalOf(positions.map(costOf))
  const rounding = isUnified ? subtract(cost, totalOf(rows.map(paidFor))) : nothing
  if (isUnified) return { positions, wallet: nothing, rounding }
  const summary = rowOf(state['marginSummary'] ?? state['crossMarginSummary'], 'state.marginSummary')
  checkWhole(decimalOf(summary['totalNtlPos'], 'state.totalNtlPos', 'not-negative'), rows)
  const cash = parseDecimal(decimalOf(summary['totalRawUsd'], 'state.totalRawUsd', 'any'))
  return { positions, wallet: add(cash, cost), rounding }
}

function positionOf(row: Row, dex: Dex): Position {
  const { symbol, base, quote } = perpOf(textOf(row['coin'], 'position.coin'), dex)
  const quantity = decimalOf(row['szi'], 'position.szi', 'any')
  const entry = decimalOf(row['entryPx'], 'position.entryPx', 'positive')
  return { market: 'linear', symbol, base, quote, terms: { size: '1', settle: dex.settle }, quantity, entry }
}

/** What it is worth now less what it gained, to the last unit: an entry is told with few places. */
function paidFor(row: Row): Decimal {
  const size = parseDecimal(decimalOf(row['positionValue'], 'position.positionValue', 'not-negative'))
  const worth = String(row['szi']).startsWith('-') ? negate(size) : size
  return subtract(worth, parseDecimal(decimalOf(row['unrealizedPnl'], 'position.unrealizedPnl', 'any')))
}

/** Positions that are left out would make their cost a loss. A thousandth for what is rounded. */
function checkWhole(total: string, rows: readonly Row[]): void {
  const told = parseDecimal(total)
  const values = rows.map((row) => decimalOf(row['positionValue'], 'position.positionValue', 'not-negative'))
  const off = absolute(subtract(told, sum(values.map((value) => parseDecimal(value)))))
  const most = add(multiply(told, parseDecimal('0.001')), parseDecimal('0.01'))
  if (compare(off, most) > 0) throw invalidAnswer('state.totalNtlPos')
}

function totalOf(amounts: readonly Decimal[]): Decimal {
  return amounts.reduce((total, each) => add(total, each), nothing)
}

/** Spot's coins; of an account where one wallet backs all, everything that it holds. */
export function spotBalancesOf(value: unknown, coins: ReadonlyMap<number, string>): Amount[] {
  const rows = rowsOf(
    rowOf(value, 'spotClearinghouseState')['balances'],
    'spotState.balances',
    limits.collector.assetsMax,
  )
  return onceOf(
    rows.map((each): Amount => {
      const row = rowOf(each, 'spotState.balances')
      const name = coinOf(row['coin'], 'spotState.coin')
      const number = row['token']
      const later = typeof number === 'number' ? laterName(name, number) : name
      return {
        asset: typeof number === 'number' && coins.get(number) === later ? later : name,
        amount: decimalOf(row['total'], 'spotState.total', 'any'),
      }
    }),
    'spotState.balances',
  )
}

/** What is left in each coin above nothing, told of accounts whose one wallet backs all. */
export function tellsOfUnified(value: unknown): boolean {
  return Array.isArray(rowOf(value, 'spotClearinghouseState')['tokenToAvailableAfterMaintenance'])
}

/** One exchange's part of what is held. */
export function amountOf({ settle }: Dex, { wallet, rounding }: PerpState): Amount {
  return { asset: settle, amount: toText(add(wallet, rounding)) }
}
