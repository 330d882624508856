import { connect } from 'node:net'
import {
  fromBase64,
  handoverBytes,
  parseJson,
  PerfAggError,
  type Quote,
  readInteger,
  readObject,
  readPublicJwk,
  readRecord,
  readSignature,
  readString,
  readText,
  readThumbprint,
  publicKeyOf,
  verifySignature,
} from '@perf-agg/sdk'
import { limits } from '../../limits.ts'
import type { Store } from '../../store/store.ts'
import { Lines } from './lines.ts'

/** What the old key has signed for this start's. */
export interface HandedOver {
  /** Thumbprint of the old key. */
  readonly replaces: string
  readonly logSize: number
  /** base64 */
  readonly signature: string
}

/** A running daemon of the same state folder, asked to hand over and end. */
export class Predecessor {
  readonly nonce: string
  /** What its state says; this start's quote must say the same before it can read the state itself. */
  readonly logOrigin: string
  readonly pseudonymEpoch: string
  readonly #lines: Lines

  private constructor(lines: Lines, hello: unknown) {
    const { nonce, log_origin, pseudonym_epoch } = readObject(hello, '', {
      required: ['nonce', 'log_origin', 'pseudonym_epoch'],
    })
    this.#lines = lines
    this.nonce = readThumbprint(nonce, 'nonce')
    this.logOrigin = readText(log_origin, 'log_origin')
    this.pseudonymEpoch = readText(pseudonym_epoch, 'pseudonym_epoch')
  }

  /** Null where none runs. @throws {PerfAggError} HANDOVER_REFUSED, HANDOVER_TIMED_OUT */
  static async find(path: string): Promise<Predecessor | null> {
    const socket = connect(path)
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    if (!connected) return null
    const lines = new Lines(socket)
    const hello = await lines.next(limits.handover.answerMsMax)
    if (hello === null) return null
    refuseRefusal(hello)
    return new Predecessor(lines, hello)
  }

  /**
   * Shows this start's evidence and waits until the other has finished. Null where it ended without a word: then its
   * key is lost, as after any other end.
   * @throws {PerfAggError} HANDOVER_REFUSED: it goes on; HANDOVER_TIMED_OUT
   */
  async handOver(quote: Quote): Promise<HandedOver | null> {
    this.#lines.send({ quote })
    const accepted = await this.#lines.next(limits.handover.answerMsMax)
    if (accepted === null) return null
    refuseRefusal(accepted)
    const handed = await this.#lines.next(limits.handover.drainMsMax)
    this.#lines.close()
    if (handed === null) return null
    const { replaces, log_size, signature } = readObject(handed, '', {
      required: ['replaces', 'log_size', 'signature'],
    })
    return {
      replaces: readThumbprint(replaces, 'replaces'),
      logSize: readInteger(log_size, 'log_size', { min: 0 }),
      signature: readSignature(signature, 'signature'),
    }
  }
}

/** Whether the state, now that it can be read, bears out what was handed over: it must end where the old key ended. */
export async function handoverHolds(
  store: Store,
  { origin, keyId }: { readonly origin: string; readonly keyId: string },
  { replaces, logSize, signature }: HandedOver,
): Promise<boolean> {
  const old = (await store.statementKeys()).find((key) => key.keyId === replaces && key.untilMs === null)
  if (old === undefined || (await store.logHead()).size !== logSize) return false
  const key = publicKeyOf(readPublicJwk(parseJson(Buffer.from(old.jwk)), 'jwk', 'Ed25519'))
  return verifySignature(key, handoverBytes({ origin, replaces, keyId, logSize }), fromBase64(signature))
}

function refuseRefusal(answer: unknown): void {
  const refused = readRecord(answer, '')['refused']
  if (refused === undefined) return
  const code = readString(refused, 'refused', { max: 64, pattern: /^[A-Z_]+$/, form: 'a code' })
  throw new PerfAggError('HANDOVER_REFUSED', `the running daemon does not hand over (${code})`, {
    action: 'stop',
    hint: 'it hands over to the same program only; stop it first to start another: the record says that its key was lost',
  })
}
