import { signOf } from '@perf-agg/sdk'
import { Refusal, readAmount, readAsset, readId, readInstant, readOneOf } from './door.ts'
import type { FlowEntry } from './entry.ts'
import type { CashFlow } from '../observation.ts'

/**
 * An external flow as the ledger keeps it. A deposit brings, a withdrawal takes (and may come back, refused);
 * a transfer or a reward does either.
 * @throws {Refusal}
 */
export function readCashFlow(flow: CashFlow, latestMs: number): FlowEntry {
  const id = readId(flow.id)
  const kind = readOneOf(flow.flow, ['deposit', 'withdrawal', 'transfer', 'reward'], 'flow-unknown')
  const amount = readAmount(flow.amount)
  if (signOf(amount) === 0) throw new Refusal('amount-zero')
  if (kind === 'deposit' && signOf(amount) < 0) throw new Refusal('amount-not-positive')
  return {
    kind: 'flow',
    key: JSON.stringify(['flow', kind, id]),
    id,
    atMs: readInstant(flow.atMs, latestMs),
    flow: kind,
    atEstimated: flow.atEstimated === true,
    changes: [{ asset: readAsset(flow.asset), amount }],
  }
}
