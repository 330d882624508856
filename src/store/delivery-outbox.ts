import type { Failure, OutboxCounts, OutboxItem, Store } from './store.ts'

type Place = Pick<OutboxItem, 'account' | 'sequence'>
type Outcome = Pick<Failure, 'atMs' | 'code'>

/** The outbox as delivery asks for it. */
export interface DeliveryOutbox {
  due(nowMs: number, limit: number): Promise<OutboxItem[]>
  last(): Promise<OutboxItem | null>
  nextMs(): Promise<number | null>
  counts(): Promise<OutboxCounts>
  delivered(statement: Place, outcome: Outcome): Promise<void>
  failed(statement: Place, outcome: Failure): Promise<void>
  parked(statement: Place, outcome: Outcome): Promise<void>
  releaseParked(atMs: number): Promise<void>
}

export function deliveryOutbox(store: Store): DeliveryOutbox {
  return {
    due: (nowMs, limit) => store.outboxDue(nowMs, limit),
    last: () => store.outboxLast(),
    nextMs: () => store.outboxNextMs(),
    counts: () => store.outboxCounts(),
    delivered: ({ account, sequence }, outcome) =>
      store.commit((tx) => tx.markDelivered(account, sequence, outcome)),
    failed: ({ account, sequence }, outcome) =>
      store.commit((tx) => tx.markFailed(account, sequence, outcome)),
    parked: ({ account, sequence }, outcome) =>
      store.commit((tx) => tx.markParked(account, sequence, outcome)),
    releaseParked: (atMs) => store.commit((tx) => tx.releaseParked(atMs)),
  }
}
