import type { Attester, Evidence, Tee } from './attester.ts'
import type { OwnedSigner, Signer } from './signer.ts'

/**
 * The identity of one start: keys made in memory and stored nowhere, bound to evidence of what runs.
 * One key, one use: `signer` statements and views, `webhookSigner` delivery headers, `logSigner` checkpoints.
 */
export interface Enclave {
  readonly tee: Tee
  /** sig_key */
  readonly signer: Signer
  readonly webhookSigner: Signer
  readonly logSigner: Signer
  /** The operator's key (AGGREGATOR_PRIVATE_KEY), or null. */
  readonly mountedSigner: Signer | null
  /** The log's verifier key (C2SP note), for `vkey`. */
  readonly logVerifierKey: string
  readonly configDigest: string

  /** @throws PerfAggError ATTESTATION_FAILED, ENCLAVE_CLOSED */
  quote(nonce: string | null, nowMs: number): Promise<EnclaveQuote>
  /** Null for every box that does not open, whatever the cause, after the same work. The caller wipes `plaintext`. */
  openBox(sealed: Uint8Array, nowMs: number): Promise<OpenedBox | null>
  /**
   * Whether `claimsDigest` is that of claims this enclave showed for `nonce` within the last 360 s, with the box key
   * that opened the box.
   */
  checkSubmission(box: OpenedBox, submission: { claimsDigest: string; nonce: string }, nowMs: number): boolean
  /** Replaces the box key once a day and wipes the old one 10 minutes later. Call it every minute or so. */
  rotate(nowMs: number): Promise<void>
  /** Wipes every key; afterwards all of the above refuse with ENCLAVE_CLOSED. Idempotent. */
  close(): void
}

/** The wire form of GET /attestation/quote. */
export interface EnclaveQuote {
  readonly eat_profile: string
  readonly tee: Tee
  readonly claims: string
  readonly evidence: Evidence
  readonly endorsements: Readonly<Record<string, string>>
  readonly signature: string
}

export interface OpenedBox {
  readonly plaintext: Uint8Array
  /** Which box key opened it: its public half, base64url. */
  readonly boxKey: string
}

export interface EnclaveOptions {
  readonly attester: Attester
  readonly mountedSigner: OwnedSigner | null
  /** The whole effective configuration, no secrets: it is signed and published as it stands. */
  readonly config: object
  readonly software: { readonly name: string; readonly version: string }
  readonly logOrigin: string
  readonly pseudonymEpoch: string
  readonly nowMs: number
}
