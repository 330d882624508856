import { signOf } from '@perf-agg/sdk'
import {
  Refusal,
  readAmount,
  readAsset,
  readId,
  readInstant,
  readNotNegative,
  readOneOf,
  readPositive,
  readSymbol,
} from './door.ts'
import { notionalOf, readContract } from '../ledger/contract.ts'
import { fillChanges } from './entry.ts'
import type { Change, FillEntry } from './entry.ts'
import type { Fill } from '../observation.ts'
import { marketTypes } from '../wallet.ts'

/**
 * A fill as the ledger keeps it: the account's own execution, unique by market, symbol and id. A contract's needs its
 * terms; what it counts in quote follows from them, so that nothing hangs on the exchange's rounding.
 * @throws {Refusal}
 */
export function readFill(fill: Fill, latestMs: number): FillEntry {
  const id = readId(fill.id)
  const market = readOneOf(fill.market, marketTypes, 'market-unknown')
  const symbol = readSymbol(fill.symbol)
  const base = readAsset(fill.base)
  const quote = readAsset(fill.quote)
  if (base === quote) throw new Refusal('base-is-quote')
  const side = readOneOf(fill.side, ['buy', 'sell'], 'side-unknown')
  const execution = readOneOf(
    fill.execution,
    ['trade', 'liquidation', 'adl', 'settlement'],
    'execution-unknown',
  )
  // A right may end worth nothing.
  const readPrice = execution === 'settlement' && market === 'linear' ? readNotNegative : readPositive
  const price = readPrice(fill.price)
  const quantity = readPositive(fill.quantity)
  const paid = readPrice(fill.quoteQuantity)
  const fees = readFees(fill)
  const isContract = market === 'linear' || market === 'inverse'
  // Half read is worse than refused: contracts without terms are no money, and nothing else is settled.
  if (isContract !== (fill.terms !== undefined)) throw new Refusal('terms-missing')
  if (execution === 'settlement' && !isContract) throw new Refusal('execution-unknown')
  const contract =
    isContract && fill.terms !== undefined ? readContract(market, { symbol, base, quote }, fill.terms) : null
  const quoteQuantity = contract === null ? paid : notionalOf(contract, quantity, price)
  const terms = { base, quote, side, price, quantity, quoteQuantity, fees, contract }
  return {
    kind: 'fill',
    key: JSON.stringify(['fill', market, symbol, id]),
    id,
    atMs: readInstant(fill.atMs, latestMs),
    market,
    symbol,
    ...terms,
    execution,
    changes: fillChanges(terms),
  }
}

function readFees(fill: Fill): Change[] {
  if (!Array.isArray(fill.fees) || fill.fees.length > 8) throw new Refusal('fees-not-a-list')
  return fill.fees
    .map((fee) => ({ asset: readAsset(fee.asset), amount: readAmount(fee.amount) }))
    .filter((fee) => signOf(fee.amount) !== 0)
}
