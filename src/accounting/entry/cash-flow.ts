import { compare, signOf } from '@perf-agg/sdk'
import { Refusal, readAmount, readAsset, readId, readInstant, readOneOf } from './door.ts'
import type { Entry, FlowEntry } from './entry.ts'
import type { CashFlow, FlowKind } from '../observation.ts'

const kinds: readonly FlowKind[] = ['deposit', 'withdrawal', 'transfer', 'reward']

/**
 * An external flow as the ledger keeps it. A deposit brings, a withdrawal takes (and may come back, refused);
 * a transfer or a reward does either.
 * @throws {Refusal}
 */
export function readCashFlow(flow: CashFlow, latestMs: number): FlowEntry {
  const id = readId(flow.id)
  const kind = readOneOf(flow.flow, kinds, 'flow-unknown')
  const amount = readAmount(flow.amount)
  if (signOf(amount) === 0) throw new Refusal('amount-zero')
  if (kind === 'deposit' && signOf(amount) < 0) throw new Refusal('amount-not-positive')
  return {
    kind: 'flow',
    key: flowKey(kind, id),
    id,
    atMs: readInstant(flow.atMs, latestMs),
    flow: kind,
    atEstimated: flow.atEstimated === true,
    changes: [{ asset: readAsset(flow.asset), amount }],
  }
}

export const flowKey = (flow: FlowEntry['flow'], id: string): string => JSON.stringify(['flow', flow, id])

/**
 * Told before under another kind: a list that says what a line of the ledger was may answer one poll and not the next.
 * It is one movement all the same.
 */
export function isToldOtherwise(entry: FlowEntry, find: (key: string) => Entry | null): boolean {
  return kinds.some((kind) => {
    const known = kind === entry.flow ? null : find(flowKey(kind, entry.id))
    return known !== null && known.atMs === entry.atMs && sameChanges(known, entry)
  })
}

function sameChanges(a: Entry, b: Entry): boolean {
  return (
    a.changes.length === b.changes.length &&
    a.changes.every(({ asset, amount }, index) => {
      const other = b.changes[index]
      return other !== undefined && other.asset === asset && compare(other.amount, amount) === 0
    })
  )
}
