import type { Tee } from '@perf-agg/sdk'

export type { Tee }

/** What makes evidence: the hardware, or its stand-in. */
export interface Attester {
  readonly tee: Tee
  /**
   * Evidence that holds the 64 bytes of `reportData`, with what a verifier needs beside it.
   * @throws PerfAggError ATTESTATION_FAILED (action `retry`)
   */
  attest(reportData: Uint8Array): Promise<Attestation>
}

export interface Attestation {
  readonly evidence: Evidence
  /** Certificates, collateral, logs by name, base64url; empty where a verifier needs nothing. */
  readonly endorsements: Endorsements
}

export type Endorsements = Readonly<Record<string, string | readonly string[]>>

export interface Evidence {
  /** Media type. */
  readonly type: string
  /** base64url */
  readonly value: string
}
