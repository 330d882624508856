import { zero } from '@perf-agg/sdk'
import { type ExportFormat, type Listed, each, listed, sideOf } from '../listing.ts'
import type { Row } from '../row.ts'
import { pairOf } from '../symbol.ts'

/** What coinbase lets its users download. */

function coinbaseFill(row: Row): Listed {
  const symbol = row.text('product')
  const pair = pairOf(symbol)
  const unit = row.field('price/fee/total unit')
  return listed(row, symbol, {
    pair,
    kind: 'spot',
    fill: {
      side: sideOf(row, 'side'),
      price: row.positive('price'),
      size: row.positive('size'),
      fee: row.has('fee') ? row.decimal('fee') : zero,
      feeCurrency: row.has(unit) ? row.text(unit) : (pair?.quote ?? ''),
      feeRate: null,
      atMs: row.instant('created at'),
    },
  })
}

export const coinbase: readonly ExportFormat[] = [
  {
    name: 'coinbase fills',
    columns: ['product', 'side', 'created at', 'size', 'size unit', 'price', 'fee', 'total'],
    read: each(coinbaseFill),
  },
]
