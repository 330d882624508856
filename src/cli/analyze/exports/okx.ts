import { absolute, negate, signOf } from '@perf-agg/sdk'
import { type ExportFormat, type Listed, feeOf, listed, positive, sideOf } from '../listing.ts'
import type { Row } from '../row.ts'
import { type Pair, assetOf, pairOf } from '../symbol.ts'

/** What OKX lets its users download. */

/** Spot stands twice, once for each currency moved, and the fee on the line of what was received. */
function okxTrades(rows: readonly Row[]): Listed[] {
  const fees = new Map<string, Row[]>()
  const trades = rows.filter((row) => row.has('symbol') && !/^transfer/i.test(row.text('trade type')))
  for (const row of trades) {
    if (!/^spot$/i.test(row.text('trade type')) || !isQuoteLeg(row, pairOf(row.text('symbol')))) continue
    const key = keyOf(row, row.instant('time'))
    fees.set(key, [...(fees.get(key) ?? []), row])
  }
  return trades.flatMap((row): Listed[] => {
    const symbol = row.text('symbol')
    const pair = pairOf(symbol)
    const isSpot = /^spot$/i.test(row.text('trade type'))
    if (isSpot && isQuoteLeg(row, pair)) return []
    const atMs = row.instant('time')
    const kind = isSpot ? 'spot' : pair?.quote === 'USD' ? 'inverse' : 'linear'
    const settled = (kind === 'inverse' ? pair?.base : pair?.quote) ?? ''
    if (/^funding/i.test(row.text('action'))) {
      return [listed(row, symbol, { pair, kind, funding: { amount: row.decimal('pnl'), currency: settled } })]
    }
    const other = isSpot ? fees.get(keyOf(row, atMs))?.shift() : undefined
    const own = feeOf(row, 'fee', pair, settled)
    const { fee, feeCurrency } =
      signOf(own.fee) === 0 && other !== undefined ? feeOf(other, 'fee', pair, settled) : own
    return [
      listed(row, symbol, {
        pair,
        kind,
        countsContracts: !isSpot && /^cont/i.test(row.has('trading unit') ? row.text('trading unit') : ''),
        fill: {
          side: sideOf(row, 'action'),
          price: row.positive('filled price'),
          size: positive(row, 'amount', absolute(row.decimal('amount'))),
          fee: negate(fee),
          feeCurrency,
          feeRate: null,
          atMs,
        },
      }),
    ]
  })
}

function keyOf(row: Row, atMs: number): string {
  return `${row.has('order id') ? row.text('order id') : ''} ${atMs}`
}

function isQuoteLeg(row: Row, pair: Pair | null): boolean {
  const unit = row.field('trading unit')
  return pair !== null && row.has(unit) && assetOf(row.text(unit)) === pair.quote
}

export const okx: readonly ExportFormat[] = [
  {
    name: 'okx trading history',
    columns: [
      'time',
      'trade type',
      'symbol',
      'action',
      'amount',
      'trading unit',
      'filled price',
      'pnl',
      'fee',
      'fee unit',
    ],
    read: okxTrades,
  },
]
