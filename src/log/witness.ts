import {
  type Checkpoint,
  consistencyProof,
  formatNote,
  InputError,
  type Note,
  type NoteKey,
  type NoteSignature,
  parseNote,
  parseVkey,
  PerfAggError,
  toBase64,
  verifyNote,
} from '@perf-agg/sdk'
import { limits } from '../limits.ts'
import { hashNode, type LogSource, nodeReader } from './source.ts'

/** One that co-signs checkpoints; without an address it is trusted, and somebody else asks it. */
export interface WitnessEntry {
  readonly vkey: string
  /** Submission prefix. */
  readonly url: string | null
}

/** `<verifier key>` or `<verifier key> <address>`. */
export function readWitnessEntry(text: string): WitnessEntry {
  const [vkey = '', url = null] = text.split(' ')
  return { vkey, url }
}

/** What the witness saw contradicts our log: nothing of it may be signed any more. */
export class LogConflict extends PerfAggError {
  override readonly name = 'LogConflict'
}

export type Ask = (url: string, body: string) => Promise<{ readonly status: number; readonly body: string }>

/**
 * A client of one witness (C2SP tlog-witness). Whatever it answers is judged: a co-signature counts only where it
 * holds for exactly our checkpoint under the key that was configured.
 */
export class Witness {
  readonly key: NoteKey
  readonly #url: string
  readonly #source: LogSource
  readonly #ask: Ask
  /** The size it co-signed last, as far as we know. */
  #size = 0

  private constructor(key: NoteKey, url: string, source: LogSource, ask: Ask) {
    this.key = key
    this.#url = `${url.replace(/\/+$/, '')}/add-checkpoint`
    this.#source = source
    this.#ask = ask
  }

  /** @throws {InputError} `WITNESS_INVALID` */
  static async open(entry: WitnessEntry, source: LogSource, ask: Ask = askOverHttp): Promise<Witness | null> {
    let key: NoteKey | null
    try {
      key = await parseVkey(entry.vkey)
    } catch {
      key = null
    }
    if (key === null || key.algorithm !== 'cosignature/v1') {
      throw new InputError('WITNESS_INVALID', `not the key of a witness: ${entry.vkey.slice(0, 80)}`, {
        hint: 'a verifier key of cosignature/v1, as its maker publishes it',
      })
    }
    return entry.url === null ? null : new Witness(key, entry.url, source, ask)
  }

  /**
   * @param note the checkpoint as signed by the log and durable already: a crash after this must find it again
   * @returns the co-signatures that hold
   * @throws {LogConflict} LOG_ROLLED_BACK, LOG_FORKED: the witness has seen more of this log, or another one
   * @throws {PerfAggError} WITNESS_UNREACHABLE, WITNESS_REFUSED
   */
  async cosign(note: Note, checkpoint: Checkpoint): Promise<readonly NoteSignature[]> {
    let answer = await this.#submit(note, checkpoint)
    if (answer.status === 409) {
      const known = /^(0|[1-9]\d{0,15})\n$/.exec(answer.body)?.[1]
      if (known === undefined) throw refused(this.key, answer.status)
      if (Number(known) > checkpoint.size) {
        throw conflict(
          'LOG_ROLLED_BACK',
          `${this.key.name} has signed ${known} leaves, here are ${checkpoint.size}`,
        )
      }
      // the sizes agree and it refuses all the same: its tree of this size has another root
      if (Number(known) === this.#size && this.#size === checkpoint.size) throw forked(this.key)
      this.#size = Number(known)
      answer = await this.#submit(note, checkpoint)
      if (answer.status === 409 && this.#size === checkpoint.size) throw forked(this.key)
    }
    if (answer.status === 422) throw forked(this.key)
    if (answer.status !== 200) throw refused(this.key, answer.status)
    const signatures = await this.#signatures(note, answer.body)
    this.#size = checkpoint.size
    return signatures
  }

  async #submit(note: Note, checkpoint: Checkpoint): Promise<Awaited<ReturnType<Ask>>> {
    const proof = await consistencyProof(this.#size, checkpoint.size, nodeReader(this.#source), hashNode)
    const lines = proof.map((hash) => `${toBase64(hash)}\n`).join('')
    return this.#ask(this.#url, `old ${this.#size}\n${lines}\n${formatNote(note)}`)
  }

  async #signatures(note: Note, lines: string): Promise<readonly NoteSignature[]> {
    try {
      const answered = parseNote(`${note.text}\n${lines}`)
      const { verified } = await verifyNote(answered, [this.key])
      if (answered.text === note.text && verified.length > 0) {
        return answered.signatures
          .filter(({ name, id }) => name === this.key.name && id === this.key.id)
          .slice(0, 1)
      }
    } catch {
      // said below: nothing of a foreign answer is repeated
    }
    throw new PerfAggError('WITNESS_REFUSED', `the signature of ${this.key.name} does not hold`)
  }
}

/** What others have seen of our log, and we have not. */
export function conflict(code: string, message: string): LogConflict {
  return new LogConflict(code, message, {
    action: 'stop',
    hint: 'restore the state folder as it was last; an older or another log is never signed again',
  })
}

function forked({ name }: NoteKey): LogConflict {
  return conflict('LOG_FORKED', `${name} has signed another log of this name`)
}

function refused({ name }: NoteKey, status: number): PerfAggError {
  return new PerfAggError('WITNESS_REFUSED', `${name} answered ${status}`, { action: 'retry' })
}

/** One bounded request; redirects are refused. */
const askOverHttp: Ask = async (url, body) => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      redirect: 'error',
      signal: AbortSignal.timeout(limits.log.witnessTimeoutMs),
    })
    return { status: response.status, body: await boundedText(response) }
  } catch {
    throw new PerfAggError('WITNESS_UNREACHABLE', `${new URL(url).origin} does not answer`, {
      action: 'retry',
    })
  }
}

async function boundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > limits.log.witnessAnswerBytesMax) throw new RangeError('too long')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
