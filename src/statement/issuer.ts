import { hash } from 'node:crypto'
import { PerfAggError } from '@perf-agg/sdk'
import { limits } from '../limits.ts'
import { bodyOf, hoursOf, spanOf, type Start } from './body.ts'
import type { Claim, Head, Issued, Subject } from './claim.ts'
import { formOf } from './form.ts'
import type { Signer } from './signer.ts'

export interface IssuerOptions extends Omit<Start, 'keyId'> {
  /** The enclave's own statement key of this start. */
  readonly signer: Signer
  /** The operator's key, which then makes the wire signature. */
  readonly mountedSigner: Signer | null
  /** When the latest stored statement was issued (0: none). */
  readonly lastSignedMs: number
}

/**
 * Makes signed statements. Nothing here is durable: a statement exists once its `Issued` is stored, and whoever could
 * not store it throws it away and reads the head again.
 */
export class Issuer {
  readonly #options: IssuerOptions
  #start: Start
  #lastSignedMs: number

  constructor(options: IssuerOptions) {
    this.#options = options
    this.#start = {
      version: options.version,
      keyId: options.signer.keyId,
      configDigest: options.configDigest,
      evidenceDigest: options.evidenceDigest,
      log: options.log,
    }
    this.#lastSignedMs = options.lastSignedMs
  }

  /** Newer evidence was logged: statements name it from now on. */
  noteEvidence(digest: string): void {
    this.#start = { ...this.#start, evidenceDigest: digest }
  }

  /**
   * @param head the end of the account's chain
   * @throws {PerfAggError} CLOCK_SET_BACK: the clock is behind what was signed already; nothing is signed
   */
  async issue(subject: Subject, head: Head, claim: Claim, nowMs: number): Promise<Issued> {
    const issuedAtMs = this.#instant(nowMs)
    const body = bodyOf(this.#start, subject, head, claim, issuedAtMs)
    const form = formOf(body)
    const { signer, mountedSigner } = this.#options
    let before = form.beforeEnclave
    if (mountedSigner !== null) {
      const own = await signer.sign(Buffer.from(`${before}${form.beforeWire}${form.rest}`))
      before += `"enclave_signature":"${base64(own)}",`
    }
    before += form.beforeWire
    const signed = Buffer.from(before + form.rest)
    // what stands after the signature are numbers: a character is a byte
    const cut = signed.length - form.rest.length
    const signature = await (mountedSigner ?? signer).sign(signed)
    const [periodStartMs, periodEndMs] = spanOf(claim)
    return {
      account: subject.account,
      sequence: head.sequence + 1,
      previous: head.digest,
      digest: `sha256:${hash('sha256', signed, 'hex')}`,
      type: claim.type,
      periodStartMs,
      periodEndMs,
      hours: hoursOf(claim).map((hour) => hour.startMs),
      issuedAtMs,
      body: Buffer.concat([
        signed.subarray(0, cut),
        Buffer.from(`"signature":"${base64(signature)}",`),
        signed.subarray(cut),
      ]),
      metadata: body.metadata,
    }
  }

  /** Time as statements have it never goes back; a small step of the clock stands still, a larger one stops. */
  #instant(nowMs: number): number {
    if (nowMs < this.#lastSignedMs - limits.statement.clockBackMsMax) {
      throw new PerfAggError('CLOCK_SET_BACK', 'the clock is behind the last statement that was signed', {
        action: 'stop',
        hint: 'set the clock right; nothing is signed until then',
      })
    }
    this.#lastSignedMs = Math.max(nowMs, this.#lastSignedMs)
    return this.#lastSignedMs
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}
