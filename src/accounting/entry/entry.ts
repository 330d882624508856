import { compare, negate, subtract } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import { baseOf, contractKey, worthOf } from '../ledger/contract.ts'
import type { Contract } from '../ledger/contract.ts'
import type { Fill, FlowKind, Income } from '../observation.ts'

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
  /** Base units, or contracts. */
  readonly quantity: Decimal
  readonly quoteQuantity: Decimal
  /** > 0 paid, < 0 rebate. */
  readonly fees: readonly Change[]
  readonly execution: Fill['execution']
  /** Of linear and inverse contracts. */
  readonly contract: Contract | null
}

/** External: it cuts the hour's return. */
export interface FlowEntry extends EntryBase {
  readonly kind: 'flow'
  /** `joined`: what a wallet held when it came under watch; no exchange tells of it. */
  readonly flow: FlowKind | 'joined'
  readonly atEstimated: boolean
}

export interface ConversionEntry extends EntryBase {
  readonly kind: 'conversion'
  readonly conversion: 'dust' | 'convert'
}

export interface IncomeEntry extends EntryBase {
  readonly kind: 'income'
  readonly income: Income['income']
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

/** What a fill is before its changes follow from it. */
export type FillTerms = Pick<
  FillEntry,
  'base' | 'quote' | 'side' | 'price' | 'quantity' | 'quoteQuantity' | 'fees' | 'contract'
>

/** What a fill does to balances. On spot and margin base and quote change hands in full; contracts change cash. */
export function fillChanges(fill: FillTerms): Change[] {
  const { contract } = fill
  const quantity = fill.side === 'buy' ? fill.quantity : negate(fill.quantity)
  const fees = fill.fees.map(({ asset, amount }) => ({ asset, amount: negate(amount) }))
  if (contract !== null) {
    return [
      { asset: contractKey(contract.kind, contract.symbol), amount: quantity },
      { asset: contract.settle, amount: negate(worthOf(contract, quantity, fill.price)) },
      ...fees,
    ]
  }
  return [
    { asset: fill.base, amount: quantity },
    { asset: fill.quote, amount: fill.side === 'buy' ? negate(fill.quoteQuantity) : fill.quoteQuantity },
    ...fees,
  ]
}

/** Base units that a fill counts as volume. */
export function volumeBaseOf(fill: FillEntry): Decimal {
  return fill.contract === null ? fill.quantity : baseOf(fill.contract, fill.quantity, fill.price)
}
