import { add, compare, dayMs, decimalFromInteger, minuteMs, multiply, negate, signOf } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { FlowEntry } from './entry.ts'

/** A flow of one of several accounts. */
export interface MemberFlow {
  readonly member: string
  readonly entry: FlowEntry
}

/** What left one account for another: in between it is nobody's but the client's. */
export interface Transfer {
  readonly asset: string
  /** What arrived; what left beyond it was the network's fee. */
  readonly amount: Decimal
  readonly from: MemberFlow
  readonly to: MemberFlow
}

/** A chain takes a day at most; two exchanges' clocks differ by little. */
export const transitMs = dayMs
const skewMs = 2 * minuteMs
/** What arrives is at least so many tenths of what left. */
const arrivingTenths = 9

/**
 * Pairs what left one member with what arrived at another: the same coin, in time, and no more than left. First those
 * of which nothing was lost on the way, then those that lost least, the earliest first: so the pairs do not depend on
 * the order in which anything was learned.
 */
export function matchTransfers(flows: readonly MemberFlow[]): Transfer[] {
  const sorted = flows
    .filter(({ entry }) => entry.flow !== 'reward' && entry.flow !== 'joined' && entry.changes.length === 1)
    .toSorted((a, b) => a.entry.atMs - b.entry.atMs || (keyOf(a) < keyOf(b) ? -1 : 1))
  const arrivals = sorted.filter((flow) => signOf(amountOf(flow)) > 0)
  const pairs = sorted
    .filter((flow) => signOf(amountOf(flow)) < 0)
    .flatMap((from) => arrivals.filter((to) => isSame(from, to)).map((to) => ({ from, to })))
    .map((pair) => ({ ...pair, lost: negate(add(amountOf(pair.from), amountOf(pair.to))) }))
    .toSorted((a, b) => compare(a.lost, b.lost))
  const taken = new Set<MemberFlow>()
  const transfers: Transfer[] = []
  for (const { from, to } of pairs) {
    if (taken.has(from) || taken.has(to)) continue
    taken.add(from).add(to)
    transfers.push({ asset: from.entry.changes[0]!.asset, amount: amountOf(to), from, to })
  }
  return transfers
}

const amountOf = ({ entry }: MemberFlow): Decimal => entry.changes[0]!.amount

export const keyOf = ({ member, entry }: MemberFlow): string => `${member} ${entry.key}`

function isSame(from: MemberFlow, to: MemberFlow): boolean {
  if (from.member === to.member) return false
  const left = from.entry.changes[0]!
  const arrived = to.entry.changes[0]!
  const sinceMs = to.entry.atMs - from.entry.atMs
  if (left.asset !== arrived.asset || sinceMs < -skewMs || sinceMs > transitMs) return false
  const sent = negate(left.amount)
  if (compare(arrived.amount, sent) > 0) return false
  const ten = decimalFromInteger(10)
  return compare(multiply(arrived.amount, ten), multiply(sent, decimalFromInteger(arrivingTenths))) >= 0
}

/** The amount on its way just before an instant, or just after: negative where it arrived before it left. */
export function inTransit(transfer: Transfer, atMs: number, side: 'before' | 'after'): Decimal | null {
  const hasPassed = (eventMs: number): boolean => (side === 'before' ? eventMs < atMs : eventMs <= atMs)
  const left = hasPassed(transfer.from.entry.atMs)
  const arrived = hasPassed(transfer.to.entry.atMs)
  if (left === arrived) return null
  return left ? transfer.amount : negate(transfer.amount)
}
