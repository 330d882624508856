/** A statement that is due. Its bytes are posted as they stand, at every attempt. */
export interface DueStatement {
  readonly account: string
  readonly sequence: number
  readonly digest: string
  readonly body: Uint8Array
  /** Made so far. */
  readonly attempts: number
  readonly firstAttemptAtMs: number | null
}

type Place = Pick<DueStatement, 'account' | 'sequence'>

/**
 * What delivery needs of the store. It gives at most one statement an account, the oldest undelivered; every change
 * is durable when its promise resolves.
 */
export interface Outbox {
  due(nowMs: number, limit: number): Promise<readonly DueStatement[]>
  /** Of those that were delivered the latest. */
  last(): Promise<DueStatement | null>
  /** When the next one is due; null: none. */
  nextMs(): Promise<number | null>
  counts(): Promise<{
    readonly pending: number
    readonly parked: number
    readonly oldestQueuedAtMs: number | null
  }>
  delivered(statement: Place, outcome: { readonly atMs: number; readonly code: string }): Promise<void>
  failed(
    statement: Place,
    outcome: { readonly atMs: number; readonly nextAttemptAtMs: number; readonly code: string },
  ): Promise<void>
  parked(statement: Place, outcome: { readonly atMs: number; readonly code: string }): Promise<void>
  releaseParked(atMs: number): Promise<void>
}
