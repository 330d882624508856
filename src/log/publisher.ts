import {
  type Checkpoint,
  formatCheckpoint,
  formatNote,
  type Note,
  type NoteKey,
  noteKey,
  noteSignature,
  type NoteSignature,
  noteSignedBytes,
  PerfAggError,
} from '@perf-agg/sdk'
import { limits } from '../limits.ts'
import type { LogSource } from './source.ts'
import { parseTilePath, readTile } from './tile.ts'
import { LogConflict, type Witness } from './witness.ts'

export interface KeptCheckpoint {
  readonly size: number
  /** A signed note. */
  readonly note: string
  readonly witnessed: boolean
}

export interface PublisherOptions {
  readonly origin: string
  /** The log's key of this start. */
  readonly signer: {
    readonly publicKey: Uint8Array
    sign(message: Uint8Array): Promise<Uint8Array>
  }
  readonly source: LogSource
  /** Resolves once it is on disk. */
  readonly keep: (checkpoint: KeptCheckpoint) => Promise<void>
  readonly witnesses: readonly Witness[]
  /** Something did not work that is tried again; a code only. */
  readonly onTrouble: (event: string, code: string) => void
}

/** A resource of the published log. */
export interface Published {
  readonly body: Uint8Array
  readonly type: string
  /** It never changes. */
  readonly immutable: boolean
}

/**
 * Signs the log's head and publishes it: at most once a second, whatever is written meanwhile, so that a statement
 * costs a leaf and not a signature. The order is what makes a crash harmless: leaves and head are durable before they
 * are signed, the signed head before a witness is asked, the co-signatures before they are published. Statements do
 * not wait for witnesses: one that is away must not stop a record, and its signature is missed where it counts, in
 * the checkpoint.
 */
export class Publisher {
  readonly #options: PublisherOptions
  #latest: KeptCheckpoint | null = null
  /** Of all witnesses the latest checkpoint has the signature. */
  #complete = false
  #conflict: LogConflict | null = null
  #underWay: Promise<KeptCheckpoint> | null = null
  #timer: NodeJS.Timeout | null = null
  #stopped = false

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /** Null until the first one. */
  get latest(): KeptCheckpoint | null {
    return this.#latest
  }

  /** What the witnesses said of our log, where it contradicts it; nothing is published from then on. */
  get conflict(): LogConflict | null {
    return this.#conflict
  }

  /** Something was logged: it is published within a second or so. */
  wake(): void {
    if (this.#stopped || this.#timer !== null) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.publish().catch((error: unknown) => this.#trouble('checkpoint-failed', error))
    }, limits.log.checkpointPauseMs)
    this.#timer.unref()
  }

  /**
   * Publishes all that is on disk by now.
   * @throws {LogConflict} a witness has seen another log, now or before
   */
  async publish(): Promise<KeptCheckpoint> {
    // one that is under way may have read the head before what the caller wants published
    if (this.#underWay !== null) await this.#underWay.catch(() => undefined)
    this.#underWay ??= this.#publish().finally(() => {
      this.#underWay = null
    })
    return this.#underWay
  }

  /** Null for what is not published. The path is without `/log/`. */
  async read(path: string): Promise<Published | null> {
    const latest = this.#latest
    if (latest === null) return null
    if (path === 'checkpoint') {
      return { body: Buffer.from(latest.note), type: 'text/plain; charset=utf-8', immutable: false }
    }
    const tile = parseTilePath(path)
    const body = tile === null ? null : await readTile(this.#options.source, tile, latest.size)
    return body === null ? null : { body, type: 'application/octet-stream', immutable: true }
  }

  /** Publishes what is left and begins nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.publish().catch((error: unknown) => this.#trouble('checkpoint-failed', error))
  }

  async #publish(): Promise<KeptCheckpoint> {
    if (this.#conflict !== null) throw this.#conflict
    const { origin, signer, source, keep } = this.#options
    const head = await source.logHead()
    if (this.#latest?.size === head.size && this.#complete) return this.#latest
    const key = await noteKey(origin, 'ed25519', signer.publicKey)
    const checkpoint: Checkpoint = { origin, size: head.size, root: head.root, extensions: [] }
    const note = await signed(checkpoint, key, signer)
    const own: KeptCheckpoint = { size: head.size, note: formatNote(note), witnessed: false }
    await keep(own)
    const cosignatures = await this.#cosign(note, checkpoint)
    this.#complete = cosignatures.length === this.#options.witnesses.length
    if (cosignatures.length === 0) {
      this.#latest = own
      return own
    }
    const whole = formatNote({ text: note.text, signatures: [...note.signatures, ...cosignatures] })
    const witnessed: KeptCheckpoint = { size: head.size, note: whole, witnessed: true }
    await keep(witnessed)
    this.#latest = witnessed
    return witnessed
  }

  /** Those of the witnesses that answered in time. */
  async #cosign(note: Note, checkpoint: Checkpoint): Promise<readonly NoteSignature[]> {
    const answers = await Promise.allSettled(
      this.#options.witnesses.map((witness) => witness.cosign(note, checkpoint)),
    )
    const signatures: NoteSignature[] = []
    for (const answer of answers) {
      if (answer.status === 'fulfilled') signatures.push(...answer.value)
      else if (answer.reason instanceof LogConflict) this.#conflict ??= answer.reason
      else this.#trouble('witness-failed', answer.reason)
    }
    if (this.#conflict !== null) throw this.#conflict
    return signatures
  }

  #trouble(event: string, error: unknown): void {
    this.#options.onTrouble(event, error instanceof PerfAggError ? error.code : 'INTERNAL')
  }
}

async function signed(
  checkpoint: Checkpoint,
  key: NoteKey,
  signer: PublisherOptions['signer'],
): Promise<Note> {
  const text = formatCheckpoint(checkpoint)
  const signature = await signer.sign(noteSignedBytes(text, null))
  return { text, signatures: [noteSignature(key, signature)] }
}
