import {
  absolute,
  add,
  compare,
  type Decimal,
  multiply,
  negate,
  parseDecimal,
  signOf,
  subtract,
  toText,
  zero,
} from '@perf-agg/sdk'
import type { Amount, Fill, Position } from '../../accounting/observation.ts'
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
import { sumOf } from '../holding.ts'
import type { Listed } from '../market-list.ts'
import { type ContractOf, executionOf } from './contract.ts'
import { contractOf, type Product, settleOf } from './product.ts'
import { type Bill, plain, type SentPage } from './row.ts'
import { delisted } from './spot.ts'

/** Readers of bitget's unified account, whose one wallet stands behind spot, margin and contracts. */

export const categories = ['SPOT', 'MARGIN', 'USDT-FUTURES', 'USDC-FUTURES', 'COIN-FUTURES', 'OTHER'] as const
export const traded = ['SPOT', 'MARGIN', 'USDT-FUTURES', 'USDC-FUTURES', 'COIN-FUTURES'] as const

export interface OpenPosition {
  readonly position: Position
  readonly unrealized: Decimal
}

export interface UnifiedAsset {
  readonly asset: string
  readonly equity: Decimal
  readonly balance: Decimal
  readonly debt: Decimal
}

export function unifiedAssetsOf(value: unknown): UnifiedAsset[] {
  const assets = rowOf(value, 'unifiedAssets')['assets'] ?? []
  return rowsOf(assets, 'unifiedAssets.assets', limits.collector.assetsMax).map((each) => {
    const row = rowOf(each, 'unifiedAssets.assets')
    const of = (name: string): Decimal => parseDecimal(amountOrZero(row[name], `unifiedAsset.${name}`))
    return {
      asset: assetOf(row['coin'], 'unifiedAsset.coin'),
      equity: parseDecimal(decimalOf(row['equity'], 'unifiedAsset.equity', 'any')),
      balance: parseDecimal(decimalOf(row['balance'], 'unifiedAsset.balance', 'any')),
      debt: absolute(of('debt')),
    }
  })
}

/** So much equity and profit may be off by their rounding. */
const roundingMost = parseDecimal('0.001')

/**
 * What is held less what is owed. Where coins are owed, whether the balance has them in it is told by the equity: it is
 * what is held, and what is open above it.
 */
export function netOf(assets: readonly UnifiedAsset[], positions: readonly OpenPosition[]): Amount[] {
  return sumOf(
    assets.map(({ asset, equity, balance, debt }) => {
      if (signOf(debt) === 0) return { asset, amount: toText(balance) }
      const open = positions
        .filter(({ position }) => position.terms.settle === asset)
        .reduce((all, { unrealized }) => add(all, unrealized), zero)
      const told = subtract(equity, open)
      const net = [subtract(balance, debt), balance].find(
        (each) => compare(absolute(subtract(each, told)), roundingMost) <= 0,
      )
      if (net === undefined) throw refuseAccount('debt')
      return { asset, amount: toText(net) }
    }),
  )
}

export function unifiedPositionsOf(
  value: unknown,
  category: Product,
  contractBy: ContractOf,
): OpenPosition[] {
  const rows = rowsOf(rowOf(value, 'positions')['list'] ?? [], 'positions', limits.collector.positionsMax)
  return rows.flatMap((each): OpenPosition[] => {
    const row = rowOf(each, 'positions')
    const total = amountOrZero(row['total'], 'position.total')
    if (!/[1-9]/.test(total) || (row['category'] ?? category) !== category) return []
    // counted in dollars and in coins, by what is told of them; and a margin of its own is none of the wallet's
    if (category === 'COIN-FUTURES') throw refuseAccount('COIN-FUTURES')
    if (row['marginMode'] === 'isolated') throw refuseAccount('isolated')
    const side = row['posSide']
    if (side !== 'long' && side !== 'short') throw invalidAnswer('position.posSide')
    const { symbol, base, quote } = contractBy(assetOf(row['symbol'], 'position.symbol'), category)
    const settle = assetOf(row['marginCoin'], 'position.marginCoin')
    return [
      {
        position: {
          market: 'linear',
          symbol,
          base,
          quote,
          terms: { size: '1', settle },
          quantity: side === 'long' ? total : toText(negate(parseDecimal(total))),
          entry: decimalOf(row['avgPrice'], 'position.avgPrice', 'positive'),
        },
        unrealized: parseDecimal(amountOrZero(row['unrealisedPnl'], 'position.unrealisedPnl')),
      },
    ]
  })
}

/** Of a list that goes on by a cursor. */
export function cursorIn(value: unknown): string | null {
  const cursor = rowOf(value, 'page')['cursor']
  return cursor === undefined || cursor === null || cursor === '' ? null : idOf(cursor, 'page.cursor')
}

/** What it moved is `amount` and `fee` together; which way says its name where it says one. */
export function unifiedLinesOf(value: unknown, exchangeNowMs: number): SentPage<Bill> {
  const all = rowsOf(rowOf(value, 'unifiedRecords')['list'] ?? [], 'unifiedRecords', 100)
  const rows = all.map((each): Bill => {
    const row = rowOf(each, 'unifiedRecords')
    const kind = plain(row['type'], 'record.type')
    const told = parseDecimal(decimalOf(row['amount'], 'record.amount', 'any'))
    const amount = kind.endsWith('out') ? negate(absolute(told)) : kind.endsWith('in') ? absolute(told) : told
    return {
      id: idOf(row['id'], 'record.id'),
      group: plain(row['category'] ?? '', 'record.category'),
      kind,
      asset: assetOf(row['coin'], 'record.coin'),
      change: toText(add(amount, parseDecimal(amountOrZero(row['fee'], 'record.fee')))),
      atMs: millisOf(row['ts'], 'record.ts', exchangeNowMs),
    }
  })
  return { rows, next: cursorIn(value), sent: all.length }
}

export interface UnifiedFill {
  readonly id: string
  readonly atMs: number
  readonly fill: Fill
}

export function unifiedFillsOf(
  value: unknown,
  asked: string,
  listingOf: (name: string) => Listed | undefined,
  exchangeNowMs: number,
): SentPage<UnifiedFill> {
  const all = rowsOf(rowOf(value, 'unifiedFills')['list'] ?? [], 'unifiedFills', 100)
  const rows = all.map((each): UnifiedFill => {
    const row = rowOf(each, 'unifiedFills')
    const category = wordOf(row['category'], 'fill.category').toUpperCase() || asked
    const fill = fillOf(row, category, listingOf, exchangeNowMs)
    return { id: fill.id, atMs: fill.atMs, fill }
  })
  return { rows, next: cursorIn(value), sent: all.length }
}

function fillOf(
  row: Row,
  category: string,
  listingOf: (name: string) => Listed | undefined,
  exchangeNowMs: number,
): Fill {
  const { side } = row
  if (side !== 'buy' && side !== 'sell') throw invalidAnswer('fill.side')
  const id = assetOf(row['symbol'], 'fill.symbol')
  const price = decimalOf(row['execPrice'], 'fill.execPrice', 'positive')
  const quantity = decimalOf(row['execQty'], 'fill.execQty', 'positive')
  const words = `${wordOf(row['tradeSide'], 'fill.tradeSide')} ${wordOf(row['execType'], 'fill.execType')}`
  const common = {
    id: idOf(row['execId'], 'fill.execId'),
    side,
    price,
    quantity,
    fees: feesOf(row),
    atMs: millisOf(row['createdTime'], 'fill.createdTime', exchangeNowMs),
    execution:
      words
        .split(' ')
        .map(executionOf)
        .find((each) => each !== 'trade') ?? 'trade',
  } as const
  if (category === 'SPOT' || category === 'MARGIN') {
    const { symbol, base, quote } = listingOf(id) ?? delisted(id)
    const quoteQuantity = decimalOf(row['execValue'], 'fill.execValue', 'positive')
    return { ...common, market: category === 'SPOT' ? 'spot' : 'margin', symbol, base, quote, quoteQuantity }
  }
  if (category !== 'USDT-FUTURES' && category !== 'USDC-FUTURES') throw refuseAccount(category)
  const { symbol, base, quote } = listingOf(`${category} ${id}`) ?? contractOf(id, category)
  const quoteQuantity = toText(multiply(parseDecimal(price), parseDecimal(quantity)))
  const terms = { size: '1', settle: settleOf(category) }
  return { ...common, market: 'linear', symbol, base, quote, quoteQuantity, terms }
}

/** Here what was paid is above zero. */
function feesOf(row: Row): Amount[] {
  const details = row['feeDetail'] === undefined || row['feeDetail'] === null ? [] : row['feeDetail']
  return sumOf(
    rowsOf(details, 'fill.feeDetail', 8).map((each) => {
      const fee = rowOf(each, 'fill.feeDetail')
      return { asset: assetOf(fee['feeCoin'], 'fill.feeCoin'), amount: amountOrZero(fee['fee'], 'fill.fee') }
    }),
  )
}

/** What was exchanged at a price that was told before: both sides of it. */
export interface Convert {
  readonly id: string
  readonly atMs: number
  readonly changes: readonly Amount[]
}

export function convertsOf(value: unknown, exchangeNowMs: number): SentPage<Convert> {
  const all = rowsOf(rowOf(value, 'converts')['list'] ?? [], 'converts', 100)
  const rows = all.map((each): Convert => {
    const row = rowOf(each, 'converts')
    const atMs = millisOf(row['ts'], 'convert.ts', exchangeNowMs)
    const from = assetOf(row['fromCoin'], 'convert.fromCoin')
    const to = assetOf(row['toCoin'], 'convert.toCoin')
    const given = decimalOf(row['fromCoinSize'], 'convert.fromCoinSize', 'positive')
    const received = decimalOf(row['toCoinSize'], 'convert.toCoinSize', 'positive')
    return {
      // it has no number of its own
      id: `${atMs}-${from}-${to}-${given}`,
      atMs,
      changes: [
        { asset: from, amount: `-${given}` },
        { asset: to, amount: received },
      ],
    }
  })
  return { rows, next: cursorIn(value), sent: all.length }
}
