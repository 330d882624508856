import { toText } from '@perf-agg/sdk'
import { isContractKey, withoutPositions } from './contract.ts'
import type { HeldPosition } from './contract.ts'
import type { LedgerAnchor } from './ledger.ts'
import type { Anchor, Position } from '../observation.ts'

/** A balance read as the exchange told it: cash turned back into wallets, exactly. */
export function anchorOf({ atMs, balances, positions }: LedgerAnchor): Anchor {
  const wallet = withoutPositions(balances, positions, 1)
  const amounts = [...wallet]
    .filter(([asset]) => !isContractKey(asset))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([asset, amount]) => ({ asset, amount: toText(amount) }))
  return {
    atMs,
    balances: amounts,
    ...(positions.length > 0 && { positions: positions.map(positionOf) }),
  }
}

function positionOf({ contract, quantity, entry, entryScale }: HeldPosition): Position {
  const { kind, symbol, base, quote, settle, size } = contract
  return {
    market: kind,
    symbol,
    base,
    quote,
    terms: { size: toText(size), settle },
    quantity: toText(quantity),
    entry: padded(toText(entry), entryScale),
  }
}

/** Its decimal places say how exact it is. */
function padded(text: string, scale: number): string {
  const [whole = '', fraction = ''] = text.split('.')
  return scale === 0 ? text : `${whole}.${fraction.padEnd(scale, '0')}`
}
