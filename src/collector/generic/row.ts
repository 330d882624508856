import { add, multiply, negate, parseDecimal, toText } from '@perf-agg/sdk'
import type { Amount, Candle, CashFlow, Fill } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import { amountOrZero, assetOf, decimalOf, idOf, millisOf, type Row, rowOf, rowsOf } from '../field.ts'
import { sumOf } from '../holding.ts'
import type { Listed } from '../market-list.ts'

/** Readers of what ccxt's own methods give: they are held to the same as an exchange's answers. */

const rowsMax = 10_000

export function listingsOf(value: unknown): Listed[] {
  const markets = Object.values(rowOf(value, 'markets'))
  if (markets.length > limits.collector.symbolsMax) throw invalidAnswer('markets')
  return markets.flatMap((each): Listed[] => {
    const row = rowOf(each, 'markets')
    if (row['spot'] !== true) return []
    const [base, quote] = [assetOf(row['base'], 'market.base'), assetOf(row['quote'], 'market.quote')]
    const symbol = `${base}/${quote}`
    // some markets are called otherwise than what they are
    return row['symbol'] === symbol
      ? [{ id: symbol, symbol, base, quote, type: 'spot', active: row['active'] !== false }]
      : []
  })
}

export function balancesOf(value: unknown): Amount[] {
  const total = Object.entries(rowOf(rowOf(value, 'balance')['total'], 'balance.total'))
  if (total.length > limits.collector.assetsMax) throw invalidAnswer('balance.total')
  return sumOf(
    total.map(([asset, amount]) => ({
      asset: assetOf(asset, 'balance.asset'),
      amount: amountOrZero(amount, 'balance.amount'),
    })),
  )
}

export interface Told<Value> {
  readonly id: string
  readonly atMs: number
  readonly value: Value
}

export function fillsOf(value: unknown, exchangeNowMs: number): Told<Fill>[] {
  return rowsOf(value, 'trades', rowsMax).map((each) => {
    const row = rowOf(each, 'trades')
    const [base, quote, more] = String(row['symbol']).split('/')
    if (base === undefined || quote === undefined || more !== undefined) throw invalidAnswer('trade.symbol')
    const { side } = row
    if (side !== 'buy' && side !== 'sell') throw invalidAnswer('trade.side')
    const price = decimalOf(row['price'], 'trade.price', 'positive')
    const quantity = decimalOf(row['amount'], 'trade.amount', 'positive')
    refuseNegative(row, quantity)
    const id = idOf(row['id'], 'trade.id')
    const atMs = millisOf(row['timestamp'], 'trade.timestamp', exchangeNowMs)
    const fill: Fill = {
      id,
      market: 'spot',
      symbol: `${assetOf(base, 'trade.base')}/${assetOf(quote, 'trade.quote')}`,
      base: assetOf(base, 'trade.base'),
      quote: assetOf(quote, 'trade.quote'),
      side,
      price,
      quantity,
      quoteQuantity: toText(multiply(parseDecimal(price), parseDecimal(quantity))),
      fees: feesOf(row),
      atMs,
      execution: 'trade',
    }
    return { id: `${fill.symbol} ${id}`, atMs, value: fill }
  })
}

/** ccxt takes the sign off where it expects one: what was sent tells. */
function refuseNegative({ info }: Row, quantity: string): void {
  const sent = typeof info === 'object' && info !== null ? Object.values(info) : []
  if (sent.some((each) => String(each) === `-${quantity}`)) throw invalidAnswer('trade.amount')
}

function feesOf(row: Row): Amount[] {
  const list = Array.isArray(row['fees']) && row['fees'].length > 0 ? row['fees'] : [row['fee']]
  return sumOf(
    rowsOf(list, 'trade.fees', 8).flatMap((each): Amount[] => {
      if (each === undefined || each === null) return []
      const fee = rowOf(each, 'trade.fee')
      const amount = amountOrZero(fee['cost'], 'fee.cost')
      return /[1-9]/.test(amount) ? [{ asset: assetOf(fee['currency'], 'fee.currency'), amount }] : []
    }),
  )
}

/** What is done of deposits; of withdrawals all but those that came back. */
export function flowsOf(
  value: unknown,
  flow: 'deposit' | 'withdrawal',
  exchangeNowMs: number,
): Told<CashFlow | null>[] {
  return rowsOf(value, flow, rowsMax).map((each) => {
    const row = rowOf(each, flow)
    const id = idOf(row['id'] ?? row['txid'], `${flow}.id`)
    const asset = assetOf(row['currency'], `${flow}.currency`)
    const size = parseDecimal(decimalOf(row['amount'], `${flow}.amount`, 'not-negative'))
    const { status } = row
    const counts = flow === 'deposit' ? status === 'ok' : status !== 'failed' && status !== 'canceled'
    const told = flow === 'deposit' ? (row['updated'] ?? row['timestamp']) : row['timestamp']
    const atMs = millisOf(told, `${flow}.timestamp`, exchangeNowMs)
    const amount = toText(flow === 'deposit' ? size : negate(add(size, feeIn(row, asset))))
    const counted = counts && /[1-9]/.test(amount)
    return { id, atMs, value: counted ? { id, flow, asset, amount, atMs, atEstimated: true } : null }
  })
}

function feeIn(row: Row, asset: string): ReturnType<typeof parseDecimal> {
  const { fee } = row
  const paid = fee === undefined || fee === null ? null : rowOf(fee, 'fee')
  const amount = paid?.['currency'] === asset ? amountOrZero(paid['cost'], 'fee.cost') : '0'
  return parseDecimal(amount)
}

export function candlesOf(value: unknown, exchangeNowMs: number): Candle[] {
  return rowsOf(value, 'candles', rowsMax).map((each): Candle => {
    const row = rowsOf(each, 'candles', 16)
    return {
      minuteMs: millisOf(row[0], 'candle.time', exchangeNowMs),
      open: decimalOf(row[1], 'candle.open', 'positive'),
      close: decimalOf(row[4], 'candle.close', 'positive'),
      baseVolume: amountOrZero(row[5], 'candle.volume'),
      quoteVolume: null,
    }
  })
}
