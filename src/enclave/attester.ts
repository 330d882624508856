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
  /** Null where the platform derives no keys for what runs in it. */
  readonly keys: PlatformKeys | null
}

/**
 * Keys that the platform derives for this program: the same one for the same version, as long as nothing changes that
 * it depends on. Good for wrapping what is stored, never for signing: who can have other code run as this program
 * gets them too.
 */
export interface PlatformKeys {
  readonly platform: 'dstack' | 'sev-snp'
  /** What a key should be derived under from now on. @throws PerfAggError ATTESTATION_FAILED */
  newestVersion(): Promise<string>
  /** 32 bytes, the caller's to wipe. @throws PerfAggError KEY_VERSION_UNKNOWN, ATTESTATION_FAILED … */
  derive(version: string): Promise<Uint8Array>
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
