import type { Tee } from '@perf-agg/sdk'

export type { Tee }

/** What makes evidence: the hardware, or its stand-in. */
export interface Attester {
  readonly tee: Tee
  /**
   * Evidence that holds the 64 bytes of `reportData`.
   * @throws PerfAggError ATTESTATION_FAILED (action `retry`)
   */
  evidence(reportData: Uint8Array): Promise<Evidence>
  /** What a verifier needs beside it (certificates, collateral), by name; empty where it needs nothing. */
  endorsements(): Promise<Readonly<Record<string, string>>>
}

export interface Evidence {
  /** Media type. */
  readonly type: string
  /** base64url */
  readonly value: string
}
