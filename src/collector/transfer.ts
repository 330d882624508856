import { add, parseDecimal, secondMs, signOf } from '@perf-agg/sdk'
import type { LedgerLine } from './ledger-line.ts'

/** One side of a transfer, as the ledger of an account of the client's tells it. */
export interface TransferLine extends LedgerLine {
  /** Which of the client's accounts. */
  readonly account: string
}

/** What of the ledgers was asked for. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
  /** More lines may still come in at its end. */
  readonly isOpen: boolean
}

/** Both lines of a transfer between two accounts come within this. */
const pairMs = 10 * secondMs
/** The lists are behind each other by less. */
const lateMs = 60 * secondMs

/**
 * Transfers to and from what is not watched. Those between two accounts that are have a line in each, which cancel; a
 * line whose partner may lie outside of what was read, or may still come, is not judged now.
 */
export function outerTransfers<Line extends TransferLine>(
  lines: readonly Line[],
  { fromMs, toMs, isOpen }: Span,
): { readonly lines: readonly Line[]; readonly pending: boolean } {
  const open = new Map<string, Line>()
  const transfers = lines.filter(({ change }) => signOf(parseDecimal(change)) !== 0)
  for (const line of transfers.toSorted((a, b) => a.atMs - b.atMs)) {
    const partner = [...open.values()].find((other) => isPair(other, line))
    if (partner === undefined) open.set(`${line.account} ${line.id}`, line)
    else open.delete(`${partner.account} ${partner.id}`)
  }
  const left = [...open.values()].filter(({ atMs }) => atMs >= fromMs + pairMs)
  const endMs = toMs - (isOpen ? lateMs : pairMs)
  return { lines: left.filter(({ atMs }) => atMs <= endMs), pending: left.some(({ atMs }) => atMs > endMs) }
}

/** The same amount, out of one and into the other. */
function isPair(a: TransferLine, b: TransferLine): boolean {
  const rest = add(parseDecimal(a.change), parseDecimal(b.change))
  return (
    a.account !== b.account &&
    a.asset === b.asset &&
    signOf(rest) === 0 &&
    Math.abs(a.atMs - b.atMs) <= pairMs
  )
}
