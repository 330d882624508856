import { parseDecimal, toText } from '@perf-agg/sdk'
import type { Amount, CashFlow, Conversion, Fill, FlowKind } from '../accounting/observation.ts'
import { type Entry, entryOfFill, sameBalances } from './explain.ts'
import { sumOf } from './holding.ts'

/** A line of an exchange's ledger: by how much one balance moved. What it means each exchange says in words of its own. */
export interface LedgerLine {
  readonly id: string
  readonly asset: string
  /** Signed. */
  readonly change: string
  readonly atMs: number
}

export function entryOfLine({ asset, change, atMs }: Omit<LedgerLine, 'id'>): Entry {
  return { atMs, changes: [[asset, parseDecimal(change)]] }
}

export function flowOfLine({ id, asset, change, atMs }: LedgerLine, flow: FlowKind): CashFlow {
  return { id, flow, asset, amount: change, atMs, atEstimated: false }
}

/** What lines moved together. */
export function movedBy(lines: readonly Pick<LedgerLine, 'asset' | 'change'>[]): Amount[] {
  return sumOf(lines.map(({ asset, change }) => ({ asset, amount: change })))
}

/** Lines that do not say of which trade they are: as many of each coin as the fills moved. */
export function isMovedBy(fills: readonly Fill[], lines: readonly LedgerLine[]): boolean {
  const changes = fills.flatMap((fill) => entryOfFill(fill).changes)
  const moved = sumOf(changes.map(([asset, amount]) => ({ asset, amount: toText(amount) })))
  return sameBalances(movedBy(lines), moved)
}

/** The lines of one conversion; none where one side alone is there, which is not one yet. */
export function conversionOfLines(
  id: string,
  lines: readonly LedgerLine[],
  conversion: Conversion['conversion'] = 'convert',
): Conversion[] {
  const changes = movedBy(lines)
  if (changes.length < 2) return []
  return [{ id, conversion, changes, atMs: Math.max(...lines.map(({ atMs }) => atMs)) }]
}
