import { absolute, divide, signOf, zero } from '@perf-agg/sdk'
import { type ExportFormat, type Listed, each, listed, positive, sideOf } from '../listing.ts'
import type { Row } from '../row.ts'
import { assetOf, pairOf } from '../symbol.ts'

/** What kraken lets its users download. */

function krakenTrade(row: Row): Listed {
  const symbol = row.text('pair')
  const pair = pairOf(symbol)
  return listed(row, symbol, {
    kind: 'spot',
    fill: {
      side: sideOf(row, 'type'),
      price: row.positive('price'),
      size: row.positive('vol'),
      fee: row.has('fee') ? row.decimal('fee') : zero,
      feeCurrency: pair?.quote ?? '',
      feeRate: null,
      atMs: row.instant('time'),
    },
  })
}

/** Two lines of one reference are a trade: what was given and what was received; its price is their quotient. */
function krakenLedgers(rows: readonly Row[]): Listed[] {
  const legs = new Map<string, Row[]>()
  for (const row of rows) {
    if (!/^(trade|spend|receive)$/.test(row.text('type'))) continue
    const reference = row.text('refid')
    legs.set(reference, [...(legs.get(reference) ?? []), row])
  }
  return [...legs.values()].map((pairOfRows) => {
    const [first, second] = pairOfRows
    if (first === undefined || second === undefined || pairOfRows.length !== 2) {
      throw pairOfRows[0]!.refuse('refid', `must stand on two lines, here on ${pairOfRows.length}`)
    }
    const assets = [first, second].map((row) => assetOf(row.text('asset')))
    // Of the two the one that prices are told in is the quote.
    const isTurned = rankOf(assets[0]!) > rankOf(assets[1]!)
    const [base, quote] = isTurned ? [second, first] : [first, second]
    const pair = { base: assets[isTurned ? 1 : 0]!, quote: assets[isTurned ? 0 : 1]! }
    const size = positive(base, 'amount', absolute(base.decimal('amount')))
    const worth = positive(quote, 'amount', absolute(quote.decimal('amount')))
    const inBase = base.has('fee') && signOf(base.decimal('fee')) !== 0
    return listed(base, `${pair.base}/${pair.quote}`, {
      pair,
      kind: 'spot',
      fill: {
        side: signOf(base.decimal('amount')) > 0 ? 'buy' : 'sell',
        price: divide(worth, size, 18),
        size,
        fee: inBase ? base.decimal('fee') : quote.has('fee') ? quote.decimal('fee') : zero,
        feeCurrency: inBase ? pair.base : pair.quote,
        feeRate: null,
        atMs: base.instant('time'),
      },
    })
  })
}

/** Money before dollars on chains before the coins that other coins are priced in before all else. */
function rankOf(asset: string): number {
  const ranks = [/^(USD|EUR|GBP|CAD|JPY|AUD|CHF)$/, /^(USDT|USDC|DAI|PYUSD|USDG)$/, /^BTC$/, /^ETH$/]
  const rank = ranks.findIndex((pattern) => pattern.test(asset))
  return rank === -1 ? 0 : ranks.length - rank
}

export const kraken: readonly ExportFormat[] = [
  {
    name: 'kraken trades',
    columns: ['txid', 'ordertxid', 'pair', 'time', 'type', 'price', 'fee', 'vol'],
    read: each(krakenTrade),
  },
  {
    name: 'kraken ledgers',
    columns: ['txid', 'refid', 'time', 'type', 'asset', 'amount', 'fee', 'balance'],
    read: krakenLedgers,
  },
]
