import { canonicalize } from './canonical.ts'
import { utf8 } from './bytes.ts'

/** From `logSize` leaves on the log and every chain in it are the new key's; the old one signs nothing there. */
export interface Handover {
  /** The log's origin. */
  readonly origin: string
  /** Thumbprint of the old key, which signs. */
  readonly replaces: string
  /** Thumbprint of the new key. */
  readonly keyId: string
  readonly logSize: number
}

/** What an enclave's old statement key signs for its successor, as its last signature. */
export function handoverBytes({ origin, replaces, keyId, logSize }: Handover): Uint8Array<ArrayBuffer> {
  const said = { key_id: keyId, log: origin, log_size: logSize, replaces }
  return utf8(`perf-agg/handover/v1\0${canonicalize(said)}`)
}
