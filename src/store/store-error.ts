import { PerfAggError } from '@perf-agg/sdk'

export type StoreCode =
  | 'STATE_NEWER'
  | 'STATE_UNWRITABLE'
  | 'STATE_LOCKED'
  | 'STATE_CORRUPT'
  | 'STATE_FULL'
  | 'STATE_IO'
  | 'STATE_CLOSED'
  | 'STATE_CONFLICT'
  | 'STATE_TAMPERED'
  | 'NONCE_SEEN'
  | 'CHAIN_FORK'
  | 'HOUR_TWICE'
  | 'LOG_FORKED'
  | 'LOG_ROLLED_BACK'
  | 'DATA_KEY_WRONG'
  | 'DATA_KEY_LOST'
  | 'DATA_KEY_MISSING'
  | 'DATA_KEY_INVALID'
  | 'DATA_KEY_EXPOSED'
  | 'DATA_KEY_MISPLACED'

/** The state could not be opened, read or written. After STATE_FULL or STATE_IO nothing is signed nor acknowledged. */
export class StoreError extends PerfAggError {
  override readonly name = 'StoreError'
  constructor(code: StoreCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(code, message, { ...options, action: actions[code] ?? 'fix' })
  }
}

const actions: { readonly [code in StoreCode]?: 'retry' | 'stop' } = {
  STATE_FULL: 'retry',
  STATE_CONFLICT: 'retry',
  STATE_IO: 'stop',
  STATE_CORRUPT: 'stop',
  STATE_TAMPERED: 'stop',
  CHAIN_FORK: 'stop',
  HOUR_TWICE: 'stop',
  LOG_FORKED: 'stop',
  LOG_ROLLED_BACK: 'stop',
}
