import { randomBytes } from 'node:crypto'
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import {
  appraise,
  handoverBytes,
  parseQuote,
  PerfAggError,
  publicKeyOf,
  readObject,
  thumbprint,
  toBase64,
  verdictOf,
} from '@perf-agg/sdk'
import type { Enclave } from '../../enclave/enclave.ts'
import type { Log } from '../../http/log.ts'
import { limits } from '../../limits.ts'
import type { Store } from '../../store/store.ts'
import type { Clock } from '../clock.ts'
import { Lines } from './lines.ts'

export function handoverPath(stateFolder: string): string {
  return join(stateFolder, 'handover.sock')
}

interface Parts {
  readonly stateFolder: string
  readonly origin: string
  readonly enclave: Enclave
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** A successor is to take over: the daemon is to stop, and `sign` to be called as its last act on the store. */
  readonly onAsked: () => void
}

/**
 * Where the next start of the daemon asks this one to hand its chains over. What asks must show evidence, made for
 * this very question, of the same program on the same kind of hardware; then this one finishes what it has begun, and
 * its key signs once more: that from here on the log is the other key's.
 */
export class HandoverDoor {
  readonly #parts: Parts
  readonly #server: Server
  #successor: { readonly keyId: string; readonly lines: Lines } | null = null

  private constructor(parts: Parts) {
    this.#parts = parts
    this.#server = createServer((socket) => {
      void this.#answer(socket).catch((error: unknown) => {
        const code = error instanceof PerfAggError ? error.code : 'INTERNAL'
        parts.log.warn('handover-refused', { code })
        socket.destroy()
      })
    })
  }

  /** Null where there can be none, as in a folder whose path is too long for a socket: then starts don't hand over. */
  static async open(parts: Parts): Promise<HandoverDoor | null> {
    const door = new HandoverDoor(parts)
    const path = handoverPath(parts.stateFolder)
    // of a start that was killed: the folder's lock is ours by now
    rmSync(path, { force: true })
    try {
      await new Promise<void>((resolve, reject) => {
        door.#server.once('error', reject)
        door.#server.listen(path, resolve)
      })
      chmodSync(path, 0o600)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL'
      parts.log.warn('handover-impossible', { code })
      return null
    }
    door.#server.unref()
    return door
  }

  /** The last signature of this start, where a successor waits for it. Nothing is logged any more by now. */
  async sign(): Promise<void> {
    this.#server.close()
    if (this.#successor === null) return
    const { origin, enclave, store, log } = this.#parts
    const { keyId, lines } = this.#successor
    const replaces = enclave.signer.keyId
    const { size: logSize } = await store.logHead()
    const signature = await enclave.signer.sign(handoverBytes({ origin, replaces, keyId, logSize }))
    lines.send({ replaces, log_size: logSize, signature: toBase64(signature) })
    lines.close()
    log.info('handed-over', { log_size: logSize })
  }

  async #answer(socket: Socket): Promise<void> {
    const { origin, store } = this.#parts
    const lines = new Lines(socket)
    if (this.#successor !== null) {
      lines.send({ refused: 'HANDOVER_UNDER_WAY' })
      return lines.close()
    }
    const nonce = randomBytes(32).toString('base64url')
    lines.send({ nonce, log_origin: origin, pseudonym_epoch: store.pseudonymEpoch })
    const asked = await lines.next(limits.handover.answerMsMax)
    if (asked === null) return void socket.destroy()
    let keyId: string
    try {
      keyId = await this.#judge(asked, nonce)
    } catch (error) {
      const code = error instanceof PerfAggError ? error.code : 'INTERNAL'
      this.#parts.log.warn('handover-refused', { code })
      lines.send({ refused: code })
      return lines.close()
    }
    if (this.#successor !== null) {
      lines.send({ refused: 'HANDOVER_UNDER_WAY' })
      return lines.close()
    }
    this.#successor = { keyId, lines }
    this.#parts.log.info('handover-accepted', { key_id: keyId })
    lines.send({ accepted: true })
    this.#parts.onAsked()
  }

  /** @returns the thumbprint of the successor's key @throws {PerfAggError} where it is not what this one is */
  async #judge(asked: unknown, nonce: string): Promise<string> {
    const { enclave, origin, store, clock } = this.#parts
    const quote = parseQuote(readObject(asked, '', { required: ['quote'] }).quote)
    const options = { nowMs: clock.nowMs(), policy: null, insecureSimulated: enclave.tee === 'simulated' }
    const own = await appraise(await enclave.quote(nonce, clock.nowMs()), { ...options, nonce })
    const other = await appraise(quote, { ...options, nonce })
    const { claims } = other
    if (claims === null || verdictOf(other.steps) === 'broken') {
      throw new PerfAggError('HANDOVER_EVIDENCE', 'the evidence of the successor does not hold')
    }
    const program = (measured: typeof own): string =>
      JSON.stringify(Object.entries(measured.verified?.measurements ?? {}).toSorted())
    if (quote.tee !== enclave.tee || program(own) !== program(other)) {
      throw new PerfAggError('HANDOVER_FOREIGN', 'the successor is another program, or on other hardware')
    }
    if (claims.log?.origin !== origin || claims.pseudonym_epoch !== store.pseudonymEpoch) {
      throw new PerfAggError('HANDOVER_FOREIGN', 'the successor keeps another log')
    }
    return thumbprint(publicKeyOf(claims.sig_key))
  }
}
