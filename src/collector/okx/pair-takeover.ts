import { absolute, divide, minuteMs, parseDecimal, signOf, toText } from '@perf-agg/sdk'
import type { Fill } from '../../accounting/observation.ts'
import { movedBy } from '../ledger-line.ts'
import type { Listing } from './instrument.ts'
import type { Bill, FillRow } from './row.ts'

/** The exchange took what was held, and what was owed with it. */
const takenSubTypes = new Set(['110', '111'])
const priceScale = 18

/** Pairs whose coins and debts were taken over: nobody traded, and a bill of each coin says what went. */
export function takeoversOf(
  bills: readonly Bill[],
  rows: readonly FillRow[],
  listingOf: (id: string) => Listing | undefined,
): readonly Fill[] {
  const isTold = ({ instId, atMs }: Bill): boolean =>
    rows.some(
      (row) =>
        row.instId === instId && takenSubTypes.has(row.subType) && Math.abs(row.atMs - atMs) <= minuteMs,
    )
  const taken = bills.filter(
    ({ type, subType, tradeId, instType }) =>
      type === '5' && takenSubTypes.has(subType) && tradeId === '' && instType === 'MARGIN',
  )
  const groups = Map.groupBy(taken, ({ instId, orderId, atMs }) => `${instId} ${orderId} ${atMs}`)
  return [...groups.values()].flatMap((own) => (own.some(isTold) ? [] : takeoverOf(own, listingOf)))
}

function takeoverOf(own: readonly Bill[], listingOf: (id: string) => Listing | undefined): Fill[] {
  const [first] = own
  const listing = first === undefined ? undefined : listingOf(first.instId)
  if (first === undefined || listing === undefined) return []
  const { symbol, base, quote } = listing
  const changes = new Map(movedBy(own).map(({ asset, amount }) => [asset, parseDecimal(amount)]))
  const baseChange = changes.get(base)
  const quoteChange = changes.get(quote)
  // one side alone is not one yet
  if (baseChange === undefined || quoteChange === undefined) return []
  if (signOf(baseChange) === signOf(quoteChange)) return []
  const quantity = absolute(baseChange)
  const quoteQuantity = absolute(quoteChange)
  return [
    {
      id: `bill-${own.map(({ id }) => id).toSorted()[0] ?? first.id}`,
      market: 'margin',
      symbol,
      base,
      quote,
      side: signOf(baseChange) < 0 ? 'sell' : 'buy',
      price: toText(divide(quoteQuantity, quantity, priceScale)),
      quantity: toText(quantity),
      quoteQuantity: toText(quoteQuantity),
      fees: [],
      atMs: first.atMs,
      execution: 'liquidation',
    },
  ]
}
