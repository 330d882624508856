import { signOf } from '@perf-agg/sdk'
import {
  Refusal,
  readAmount,
  readAsset,
  readId,
  readInstant,
  readOneOf,
  readPositive,
  readSymbol,
} from './door.ts'
import { fillChanges } from './entry.ts'
import type { Change, FillEntry } from './entry.ts'
import type { Fill } from './observation.ts'

/**
 * A fill as the ledger keeps it. On spot and margin the base and the quote change hands in full; a fill is the
 * account's own execution, unique by market, symbol and id.
 * @throws {Refusal}
 */
export function readFill(fill: Fill, latestMs: number): FillEntry {
  const id = readId(fill.id)
  const market = readOneOf(fill.market, ['spot', 'margin', 'linear', 'inverse'], 'market-unknown')
  // Contracts move no base: their rules are others, and half read is worse than refused.
  if (market !== 'spot' && market !== 'margin') throw new Refusal('market-not-supported')
  const symbol = readSymbol(fill.symbol)
  const base = readAsset(fill.base)
  const quote = readAsset(fill.quote)
  if (base === quote) throw new Refusal('base-is-quote')
  const side = readOneOf(fill.side, ['buy', 'sell'], 'side-unknown')
  const quantity = readPositive(fill.quantity)
  const quoteQuantity = readPositive(fill.quoteQuantity)
  const fees = readFees(fill)
  return {
    kind: 'fill',
    key: JSON.stringify(['fill', market, symbol, id]),
    id,
    atMs: readInstant(fill.atMs, latestMs),
    market,
    symbol,
    base,
    quote,
    side,
    price: readPositive(fill.price),
    quantity,
    quoteQuantity,
    fees,
    execution: readOneOf(fill.execution, ['trade', 'liquidation', 'adl'], 'execution-unknown'),
    changes: fillChanges({ base, quote, side, quantity, quoteQuantity, fees }),
  }
}

function readFees(fill: Fill): Change[] {
  if (!Array.isArray(fill.fees) || fill.fees.length > 8) throw new Refusal('fees-not-a-list')
  return fill.fees
    .map((fee) => ({ asset: readAsset(fee.asset), amount: readAmount(fee.amount) }))
    .filter((fee) => signOf(fee.amount) !== 0)
}
