import { negate, parseDecimal, signOf, subtract, toText } from '@perf-agg/sdk'
import type { Amount } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import { invalidAnswer } from '../failure.ts'
import { amountOrZero, decimalOf, idOf, rowOf } from '../field.ts'
import type { Listings } from './listings.ts'

/**
 * Open margin positions as what they are: coins bought with money lent, or money for coins lent. Beside the wallet
 * stands what is still open of the one, less what it cost of the other. As a position is closed in parts, `vol` keeps
 * its first size while `cost` is what is left of it.
 */
export function positionsOf(value: unknown, listings: Pick<Listings, 'byName'>): Amount[] {
  const rows = Object.entries(rowOf(value, 'openPositions'))
  if (rows.length > limits.collector.positionsMax) throw invalidAnswer('openPositions')
  return rows.flatMap(([, each]): Amount[] => {
    const row = rowOf(each, 'openPositions')
    const listing = listings.byName(idOf(row['pair'], 'position.pair'))
    const side = row['type']
    // counted in quote, nothing of it could be added up
    const inQuote = typeof row['oflags'] === 'string' && row['oflags'].split(',').includes('viqc')
    if (listing === undefined || (side !== 'buy' && side !== 'sell') || inQuote)
      throw invalidAnswer('position')
    const volume = parseDecimal(decimalOf(row['vol'], 'position.vol', 'positive'))
    const open = subtract(volume, parseDecimal(amountOrZero(row['vol_closed'], 'position.vol_closed')))
    if (signOf(open) < 0) throw invalidAnswer('position.vol_closed')
    if (signOf(open) === 0) return []
    const cost = parseDecimal(decimalOf(row['cost'], 'position.cost', 'not-negative'))
    return [
      { asset: listing.base, amount: toText(side === 'buy' ? open : negate(open)) },
      { asset: listing.quote, amount: toText(side === 'buy' ? negate(cost) : cost) },
    ]
  })
}
