import {
  attestationProfile,
  canonicalBytes,
  digestOf,
  PerfAggError,
  possessionBytes,
  type Quote,
  reportDataOf,
  toBase64url,
} from '@perf-agg/sdk'
import type { Attester, Tee } from './attester.ts'
import { BoxKeys } from './box-keys.ts'
import { claimsBytes, claimsShown, frameOf, type StandingClaims } from './claims.ts'
import { newSigner, type OwnedSigner, type Signer } from './signer.ts'
import { verifierKey } from './verifier-key.ts'

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
  quote(nonce: string | null, nowMs: number): Promise<Quote>
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

/** Makes the keys of this start. Asks for evidence once, so that what cannot attest does not start. */
export async function openEnclave(options: EnclaveOptions): Promise<Enclave> {
  const { attester, mountedSigner, nowMs } = options
  const signer = newSigner()
  const webhookSigner = newSigner()
  const logSigner = newSigner()
  const boxes = await BoxKeys.make(nowMs)
  const log = { origin: options.logOrigin, vkey: verifierKey(options.logOrigin, logSigner.publicKey) }
  const standing: StandingClaims = {
    sig_key: signer.jwk,
    mounted_key: mountedSigner?.jwk ?? null,
    webhook_key: webhookSigner.jwk,
    log,
    config: options.config,
    config_digest: await digestOf(canonicalBytes(options.config)),
    pseudonym_epoch: options.pseudonymEpoch,
    software: options.software,
  }
  let closed = false

  function assertOpen(): void {
    if (closed)
      throw new PerfAggError('ENCLAVE_CLOSED', 'the enclave has let its keys go', { action: 'stop' })
  }

  const enclave: Enclave = {
    tee: attester.tee,
    signer,
    webhookSigner,
    logSigner,
    mountedSigner,
    logVerifierKey: log.vkey,
    configDigest: standing.config_digest,

    async quote(nonce, atMs) {
      assertOpen()
      await boxes.rotate(atMs)
      const claims = claimsBytes(frameOf(standing, boxes.jwk, nonce), Math.floor(atMs / 1_000))
      const reportData = await reportDataOf(claims)
      const { evidence, endorsements } = await attester.attest(reportData)
      return {
        eat_profile: attestationProfile,
        tee: attester.tee,
        claims: toBase64url(claims),
        evidence,
        endorsements,
        signature: toBase64url(await signer.sign(possessionBytes(reportData))),
      }
    },

    async openBox(sealed, atMs) {
      assertOpen()
      return boxes.open(sealed, atMs)
    },

    checkSubmission(box, { claimsDigest, nonce }, atMs) {
      assertOpen()
      const boxKey = boxes.jwkOf(box.boxKey)
      return boxKey !== null && claimsShown(frameOf(standing, boxKey, nonce), claimsDigest, atMs)
    },

    async rotate(atMs) {
      assertOpen()
      await boxes.rotate(atMs)
    },

    close() {
      closed = true
      boxes.close()
      for (const each of [signer, webhookSigner, logSigner, mountedSigner]) each?.close()
    },
  }
  await enclave.quote(null, nowMs)
  return enclave
}
