import { parseDecimal, subtract, sum, toText } from '@perf-agg/sdk'
import type { Amount, Conversion, Income } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import { assetOf, decimalOf, idOf, instantOf, type Row, rowOf, rowsOf, refuseTwice } from '../field.ts'
import { sumOf, onceOf } from '../holding.ts'

/** What binance answers of margin, cross and isolated, read strictly into our own words. */

/** Free and locked, less what is borrowed and the interest on it. */
function netOf(row: Row, place: string): Amount {
  const part = (name: string) => parseDecimal(decimalOf(row[name] ?? '0', `${place}.${name}`, 'any'))
  const held = sum([part('free'), part('locked')])
  return {
    asset: assetOf(row['asset'], `${place}.asset`),
    amount: toText(subtract(subtract(held, part('borrowed')), part('interest'))),
  }
}

export function crossOf(value: unknown): Amount[] {
  const rows = rowsOf(rowOf(value, 'margin')['userAssets'], 'margin.userAssets', limits.collector.assetsMax)
  return onceOf(
    rows.map((each) => netOf(rowOf(each, 'margin.userAssets'), 'margin')),
    'margin.userAssets',
  )
}

export interface Isolated {
  readonly balances: readonly Amount[]
  /** Every pair that has an account of its own. */
  readonly pairs: readonly string[]
}

export function isolatedOf(value: unknown): Isolated {
  const rows = rowsOf(rowOf(value, 'isolated')['assets'], 'isolated.assets', limits.collector.symbolsMax).map(
    (each) => rowOf(each, 'isolated.assets'),
  )
  const pairs = rows.map((row) => assetOf(row['symbol'], 'isolated.symbol'))
  refuseTwice(pairs, 'isolated.assets')
  return {
    balances: sumOf(
      rows.flatMap((row) =>
        ['baseAsset', 'quoteAsset'].map((name) => netOf(rowOf(row[name], `isolated.${name}`), 'isolated')),
      ),
    ),
    pairs,
  }
}

/** A line of the flow of capital: what kind of thing happened to which coin. Of what sign, its documents leave open. */
export interface FlowLine {
  readonly id: string
  readonly type: string
  readonly asset: string
  /** Without its sign. */
  readonly amount: string
  /** Empty where it is not said. */
  readonly pair: string
  readonly atMs: number
}

export function capitalFlowOf(value: unknown, exchangeNowMs: number): FlowLine[] {
  return rowsOf(value, 'capitalFlow', 1_000).map((each) => {
    const row = rowOf(each, 'capitalFlow')
    const type = row['type']
    if (typeof type !== 'string' || !/^[A-Z_]{1,64}$/.test(type)) throw invalidAnswer('capitalFlow.type')
    const pair = row['symbol']
    return {
      id: idOf(row['id'], 'capitalFlow.id'),
      type,
      asset: assetOf(row['asset'], 'capitalFlow.asset'),
      amount: decimalOf(row['amount'], 'capitalFlow.amount', 'any').replace('-', ''),
      pair: pair === undefined || pair === null || pair === '' ? '' : assetOf(pair, 'capitalFlow.symbol'),
      atMs: instantOf(row['timestamp'], 'capitalFlow.timestamp', exchangeNowMs),
    }
  })
}

export function interestOf(value: unknown, exchangeNowMs: number): Income[] {
  return rowsOf(rowOf(value, 'interest')['rows'] ?? [], 'interest', 100).map((each) => {
    const row = rowOf(each, 'interest')
    const asset = assetOf(row['asset'], 'interest.asset')
    const atMs = instantOf(row['interestAccuredTime'], 'interest.interestAccuredTime', exchangeNowMs)
    const number = row['txId']
    const pair = row['isolatedSymbol']
    const where =
      pair === undefined || pair === null || pair === '' ? 'cross' : assetOf(pair, 'interest.isolatedSymbol')
    const id = number === undefined || number === null ? `${atMs}` : idOf(number, 'interest.txId')
    return {
      id: ['interest', where, asset, id].map((part) => part.replaceAll(/\W/g, '')).join(':'),
      income: 'interest',
      asset,
      amount: `-${decimalOf(row['interest'], 'interest.interest', 'not-negative')}`,
      atMs,
    }
  })
}

/** Money that came to a margin account or left it. */
export interface MarginTransfer {
  readonly id: string
  readonly asset: string
  /** Signed. */
  readonly amount: string
  /** The other end, as the exchange names it. */
  readonly other: string
  readonly atMs: number
}

export function marginTransfersOf(value: unknown, exchangeNowMs: number): MarginTransfer[] {
  return rowsOf(rowOf(value, 'marginTransfers')['rows'] ?? [], 'marginTransfers', 100).flatMap(
    (each): MarginTransfer[] => {
      const row = rowOf(each, 'marginTransfers')
      if (row['status'] !== undefined && row['status'] !== 'CONFIRMED') return []
      const out = row['type'] === 'ROLL_OUT' || isMargin(row['transFrom'])
      const into = row['type'] === 'ROLL_IN' || isMargin(row['transTo'])
      if (!out && !into) throw invalidAnswer('marginTransfer.type')
      const leaves = row['type'] === undefined ? !into : row['type'] === 'ROLL_OUT'
      const amount = decimalOf(row['amount'], 'marginTransfer.amount', 'positive')
      const other = leaves ? row['transTo'] : row['transFrom']
      return [
        {
          id: idOf(row['txId'] ?? row['tranId'], 'marginTransfer.txId'),
          asset: assetOf(row['asset'], 'marginTransfer.asset'),
          amount: leaves ? `-${amount}` : amount,
          other: typeof other === 'string' ? other.toUpperCase() : '',
          atMs: instantOf(row['timestamp'], 'marginTransfer.timestamp', exchangeNowMs),
        },
      ]
    },
  )
}

const isMargin = (name: unknown): boolean => typeof name === 'string' && /MARGIN/i.test(name)

/** Orders of liquidations, by pair and order. */
export function liquidationsOf(value: unknown): ReadonlySet<string> {
  return new Set(
    rowsOf(rowOf(value, 'liquidations')['rows'] ?? [], 'liquidations', 100).map((each) => {
      const row = rowOf(each, 'liquidations')
      const pair = assetOf(row['symbol'], 'liquidation.symbol')
      return `${pair} ${idOf(row['orderId'], 'liquidation.orderId')}`
    }),
  )
}

/** Small debts that became one in another coin: what was owed is owed no more, and what it cost is gone, or owed instead. */
export function smallDebtsOf(value: unknown, exchangeNowMs: number): Conversion[] {
  return rowsOf(rowOf(value, 'smallDebts')['rows'] ?? [], 'smallDebts', 100).map((each) => {
    const row = rowOf(each, 'smallDebts')
    const asset = assetOf(row['asset'], 'smallDebt.asset')
    const amount = decimalOf(row['amount'], 'smallDebt.amount', 'positive')
    const target = assetOf(row['targetAsset'], 'smallDebt.targetAsset')
    const paid = decimalOf(row['targetAmount'], 'smallDebt.targetAmount', 'positive')
    const atMs = instantOf(row['timestamp'], 'smallDebt.timestamp', exchangeNowMs)
    return {
      // it has no number of its own
      id: `small-debt:${asset}:${atMs}`.replaceAll(/[^\w:-]/g, ''),
      conversion: 'convert',
      changes: [
        { asset, amount },
        { asset: target, amount: `-${paid}` },
      ],
      atMs,
    }
  })
}
