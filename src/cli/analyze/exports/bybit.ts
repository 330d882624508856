import { absolute, negate, zero } from '@perf-agg/sdk'
import { type ExportFormat, type Listed, each, feeOf, listed, positive, sideOf } from '../listing.ts'
import type { Row } from '../row.ts'
import { pairOf } from '../symbol.ts'

/** What bybit lets its users download. */

function bybitSpot(row: Row): Listed {
  const symbol = row.text('spot pairs')
  const pair = pairOf(symbol)
  const side = sideOf(row, 'direction')
  return listed(row, symbol, {
    kind: 'spot',
    fill: {
      side,
      price: row.positive('filled price'),
      size: row.positive('filled quantity'),
      ...feeOf(
        row,
        row.field('fees', 'execfeev2'),
        pair,
        side === 'buy' ? (pair?.base ?? '') : (pair?.quote ?? ''),
      ),
      feeRate: null,
      atMs: row.instant(row.field('timestamp (utc)', 'timestamp (utc+0)', 'timestamp')),
    },
  })
}

const spotHint = 'for spot export the spot trade history'

/** The log of a unified account: signs are those of the balance, so a fee paid is below 0. Inverse counts dollars. */
function bybitLog(rows: readonly Row[]): Listed[] {
  return rows.flatMap((row) => {
    const type = row.text('type').toUpperCase()
    if (!/^(TRADE|LIQUIDATION|ADL|SETTLEMENT)$/.test(type)) return []
    const symbol = row.text('contract')
    const pair = pairOf(symbol)
    const currency = row.text('currency').toUpperCase()
    if (pair !== null && currency === pair.base && pair.quote !== 'USD') {
      throw row.refuse('currency', 'is of a spot trade, which this log spreads over two lines', spotHint)
    }
    const kind = pair !== null && currency === pair.base ? 'inverse' : 'linear'
    const atMs = row.instant(row.field('time(utc)', 'tradedtime', 'time'))
    if (type === 'SETTLEMENT') {
      const funding = { amount: row.has('funding') ? row.decimal('funding') : zero, currency }
      return [listed(row, symbol, { pair, kind, funding })]
    }
    const fee = row.has('fee paid') ? negate(row.decimal('fee paid')) : zero
    return [
      listed(row, symbol, {
        pair,
        kind,
        fill: {
          side: sideOf(row, 'direction'),
          price: row.positive('filled price'),
          size: positive(row, 'quantity', absolute(row.decimal('quantity'))),
          fee,
          feeCurrency: currency,
          feeRate: null,
          atMs,
        },
      }),
    ]
  })
}

export const bybit: readonly ExportFormat[] = [
  {
    name: 'bybit spot trade history',
    columns: ['spot pairs', 'direction', 'filled price', 'filled quantity', 'fees|execfeev2'],
    read: each(bybitSpot),
  },
  {
    name: 'bybit transaction log',
    columns: ['currency', 'contract', 'type', 'direction', 'quantity', 'filled price', 'funding', 'fee paid'],
    read: bybitLog,
  },
]
