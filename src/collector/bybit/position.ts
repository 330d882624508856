import { negate, parseDecimal, toText } from '@perf-agg/sdk'
import type { Position } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer, refuseAccount } from '../failure.ts'
import { assetOf, decimalOf, rowOf, rowsOf } from '../field.ts'
import { delistedContract, type ListingOf, settleOf } from './instrument.ts'
import { cursorOf, type Page } from './row.ts'

/** Open positions of one page; a side that is empty has none. */
export function positionsOf(
  value: unknown,
  category: 'linear' | 'inverse',
  listingOf: ListingOf,
  settle: string | null,
): Page<Position> {
  const result = rowOf(value, 'positions')
  const sent = rowsOf(result['list'], 'positions.list', 200)
  const rows = sent.flatMap((each): Position[] => {
    const row = rowOf(each, 'positions.list')
    if ((row['category'] ?? result['category'] ?? category) !== category) return []
    const size = decimalOf(row['size'] === '' ? '0' : row['size'], 'position.size', 'not-negative')
    if (!/[1-9]/.test(size)) return []
    const side = row['side']
    if (side !== 'Buy' && side !== 'Sell') throw invalidAnswer('position.side')
    const id = assetOf(row['symbol'], 'position.symbol')
    const listing =
      listingOf(category, id) ?? delistedContract(category, id, settleOf(category, id)) ?? unknownSymbol()
    // asked for one coin at a time
    if (settle !== null && listing.terms?.settle !== settle) return []
    return [
      {
        market: category,
        symbol: listing.symbol,
        base: listing.base,
        quote: listing.quote,
        terms: listing.terms ?? unknownSymbol(),
        quantity: side === 'Buy' ? size : toText(negate(parseDecimal(size))),
        entry: decimalOf(row['avgPrice'] ?? row['entryPrice'], 'position.avgPrice', 'positive'),
      },
    ]
  })
  return { rows, sent: sent.length, cursor: cursorOf(result, 'positions.nextPageCursor') }
}

function unknownSymbol(): never {
  throw invalidAnswer('position.symbol')
}

/** An option is worth something that is not read here. */
export function refuseOptions(value: unknown): void {
  const result = rowOf(value, 'positions')
  if (result['category'] !== undefined && result['category'] !== 'option') return
  const rows = rowsOf(result['list'], 'positions.list', limits.collector.positionsMax)
  if (rows.some((each) => /[1-9]/.test(String(rowOf(each, 'positions.list')['size'] ?? '')))) {
    throw refuseAccount('option')
  }
}
