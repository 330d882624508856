import { StoreError } from './store-error.ts'

/** What SQLite's result codes mean here. */
export type Fault = 'busy' | 'full' | 'io' | 'corrupt' | 'unwritable' | 'constraint' | 'other'

/** By primary result code (sqlite.org/rescode.html). */
const faults: { readonly [code: number]: Fault } = {
  5: 'busy',
  8: 'unwritable',
  10: 'io',
  11: 'corrupt',
  13: 'full',
  14: 'unwritable',
  19: 'constraint',
  26: 'corrupt',
}

export function faultOf(error: unknown): Fault | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null
  return faults[error.errcode & 0xff] ?? 'other'
}

/** Faults that end the whole transaction, and what the caller hears; others are a fault of the work alone. */
export function fatal(error: unknown): StoreError | null {
  switch (faultOf(error)) {
    case 'full':
      return new StoreError('STATE_FULL', 'the disk of the state folder is full', {
        hint: 'make room; nothing is acknowledged or signed until then',
        cause: error,
      })
    case 'corrupt':
      return new StoreError('STATE_CORRUPT', 'the state is damaged', {
        hint: 'restore the state folder from a backup',
        cause: error,
      })
    case 'io':
    case 'unwritable':
    case 'busy':
      return new StoreError('STATE_IO', 'the state could not be written', {
        hint: 'look at the disk, then restart: what was not acknowledged may be lost, nothing else',
        cause: error,
      })
    default:
      return null
  }
}
