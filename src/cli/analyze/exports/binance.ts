import { type ExportFormat, type Listed, each, feeOf, listed, positive, sideOf } from '../listing.ts'
import type { Row } from '../row.ts'
import { pairOf } from '../symbol.ts'

/** What binance lets its users download. */

const times = 'date(utc)|time(utc)|time|date|timestamp|create time'

function binanceSpot(row: Row): Listed {
  const symbol = row.text(row.field('pair', 'market'))
  const pair = pairOf(symbol)
  const assets = [pair?.base ?? '', pair?.quote ?? '']
  // An older export has Amount where the newer one has Executed.
  const size = row.field('executed', 'amount')
  const side = sideOf(row, row.field('side', 'type'))
  return listed(row, symbol, {
    kind: 'spot',
    fill: {
      side,
      price: row.positive('price'),
      size: positive(row, size, row.money(size, assets).amount),
      ...feeOf(row, 'fee', pair, side === 'buy' ? (pair?.base ?? '') : (pair?.quote ?? '')),
      feeRate: null,
      atMs: row.instant(row.field('date(utc)', 'time', 'date')),
    },
  })
}

function binanceFutures(row: Row): Listed {
  const symbol = row.text('symbol')
  const pair = pairOf(symbol)
  const isInverse = /USD_(PERP|\d+)$/.test(symbol)
  const quoteField = row.field('quote asset')
  const settled = row.has(quoteField) ? row.text(quoteField) : ((isInverse ? pair?.base : pair?.quote) ?? '')
  return listed(row, symbol, {
    kind: isInverse ? 'inverse' : 'linear',
    countsContracts: isInverse,
    fill: {
      side: sideOf(row, 'side'),
      price: row.positive('price'),
      size: row.positive('quantity'),
      ...feeOf(row, 'fee', pair, settled),
      feeRate: null,
      atMs: row.instant(row.field('date(utc)', 'time(utc)', 'time')),
    },
  })
}

export const binance: readonly ExportFormat[] = [
  {
    name: 'binance spot trade history',
    columns: ['pair|market', 'side|type', 'price', 'executed|amount', 'fee', times],
    read: each(binanceSpot),
  },
  {
    name: 'binance futures trade history',
    columns: ['symbol', 'side', 'price', 'quantity', 'amount', 'fee', 'realized profit', times],
    read: each(binanceFutures),
  },
]
