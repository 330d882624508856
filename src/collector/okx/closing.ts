import {
  absolute,
  divide,
  minuteMs,
  multiply,
  negate,
  parseDecimal,
  signOf,
  subtract,
  toText,
} from '@perf-agg/sdk'
import type { Fill } from '../../accounting/observation.ts'
import { sumOf } from '../holding.ts'
import type { Listing } from './instrument.ts'
import { closingSides, executionOf } from './kind.ts'
import type { Bill, FillRow } from './row.ts'

/** Contracts that end without anybody trading: a delivery, an exercise, a position that was taken over. */

const priceScale = 18

interface Beside {
  readonly listingOf: (id: string) => Listing | undefined
  /** Who held it, where that is told elsewhere. */
  readonly held: 'long' | 'short' | undefined
}

/** The bill alone says how many went, and at which price. */
export function closingOf(bill: Bill, rows: readonly FillRow[], { listingOf, held }: Beside): Fill[] {
  const { id, type, subType, instId, tradeId, size, atMs } = bill
  if (tradeId !== '' || !['3', '5', '9'].includes(type)) return []
  const isTold = rows.some(
    (row) => row.instId === instId && row.subType === subType && Math.abs(row.atMs - atMs) <= minuteMs,
  )
  const listing = listingOf(instId)
  if (isTold || listing?.terms === undefined || signOf(parseDecimal(size)) <= 0) return []
  const { market, symbol, base, quote, terms, isOption } = listing
  const end = isOption === true ? exerciseOf(bill, terms.size, held) : deliveryOf(bill)
  if (end === null) return []
  const quoteQuantity =
    market === 'inverse' ? size : toText(multiply(parseDecimal(end.price), parseDecimal(size)))
  return [
    {
      id: `bill-${id}`,
      market,
      symbol,
      base,
      quote,
      side: end.side,
      price: end.price,
      quantity: size,
      quoteQuantity,
      fees: sumOf([{ asset: bill.asset, amount: toText(negate(parseDecimal(bill.fee))) }]),
      atMs,
      execution: executionOf(subType),
      terms,
    },
  ]
}

interface End {
  readonly side: Fill['side']
  readonly price: string
}

function deliveryOf({ subType, price }: Bill): End | null {
  const side = Object.hasOwn(closingSides, subType) ? closingSides[subType] : undefined
  return side === undefined || signOf(parseDecimal(price)) <= 0 ? null : { side, price }
}

/**
 * What one paid is what the account received, before the fee. Of one that expired nothing moves: who gains by its end
 * had sold it, who loses had bought it, and where nobody does the list of ended positions says it.
 */
function exerciseOf(
  { subType, change, fee, pnl, size }: Bill,
  contractSize: string,
  held: Beside['held'],
): End | null {
  const received = subtract(parseDecimal(change), parseDecimal(fee))
  const units = multiply(parseDecimal(size), parseDecimal(contractSize))
  const price = toText(divide(absolute(received), units, priceScale))
  if (subType === '170' && signOf(received) >= 0) return { side: 'sell', price }
  if (subType === '171' && signOf(received) <= 0) return { side: 'buy', price }
  const gain = signOf(parseDecimal(pnl))
  if (subType !== '172' || signOf(received) !== 0) return null
  if (gain === 0 && held === undefined) return null
  return { side: gain > 0 || held === 'short' ? 'buy' : 'sell', price: '0' }
}
