import { compare, negate, subtract } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Fill, FlowKind } from './observation.ts'

/** What an entry does to the balance of one asset. */
export interface Change {
  readonly asset: string
  readonly amount: Decimal
}

interface EntryBase {
  /** Unique in the account, whatever the exchange's own ids repeat. */
  readonly key: string
  /** The exchange's id, for people. */
  readonly id: string
  readonly atMs: number
  readonly changes: readonly Change[]
}

export interface FillEntry extends EntryBase {
  readonly kind: 'fill'
  readonly market: Fill['market']
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly side: 'buy' | 'sell'
  readonly price: Decimal
  readonly quantity: Decimal
  readonly quoteQuantity: Decimal
  /** > 0 paid, < 0 rebate. */
  readonly fees: readonly Change[]
  readonly execution: Fill['execution']
}

/** External: it cuts the hour's return. */
export interface FlowEntry extends EntryBase {
  readonly kind: 'flow'
  readonly flow: FlowKind
  readonly atEstimated: boolean
}

export interface ConversionEntry extends EntryBase {
  readonly kind: 'conversion'
  readonly conversion: 'dust' | 'convert'
}

export interface IncomeEntry extends EntryBase {
  readonly kind: 'income'
  readonly income: 'funding' | 'interest' | 'earn' | 'rebate'
}

/** An explained change of balances: the ledger is made of these. */
export type Entry = FillEntry | FlowEntry | ConversionEntry | IncomeEntry

/** The one order of entries: by time, then by key, so that the order of arrival never matters. */
export function compareEntries(a: Entry, b: Entry): number {
  return a.atMs - b.atMs || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
}

/** Whether two versions of an entry say the same. */
export function sameEntry(a: Entry, b: Entry): boolean {
  if (a.atMs !== b.atMs || a.kind !== b.kind || a.changes.length !== b.changes.length) return false
  if (a.kind === 'fill' && b.kind === 'fill' && (a.side !== b.side || compare(a.price, b.price) !== 0))
    return false
  return a.changes.every((change, index) => {
    const other = b.changes[index]!
    return change.asset === other.asset && subtract(change.amount, other.amount).digits === 0n
  })
}

/** What a spot or margin fill does to balances. */
export function fillChanges(fill: {
  readonly base: string
  readonly quote: string
  readonly side: 'buy' | 'sell'
  readonly quantity: Change['amount']
  readonly quoteQuantity: Change['amount']
  readonly fees: readonly Change[]
}): Change[] {
  const bought = fill.side === 'buy'
  return [
    { asset: fill.base, amount: bought ? fill.quantity : negate(fill.quantity) },
    { asset: fill.quote, amount: bought ? negate(fill.quoteQuantity) : fill.quoteQuantity },
    ...fill.fees.map(({ asset, amount }) => ({ asset, amount: negate(amount) })),
  ]
}
