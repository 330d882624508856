import { fromBase64, toBase64 } from './bytes.ts'
import { VerificationError } from './errors.ts'
import {
  isKeyName,
  parseNote,
  verifyNote,
  type Note,
  type NoteKey,
  type VerifiedNoteSignature,
} from './note.ts'

/**
 * Checkpoints (C2SP tlog-checkpoint): a signed tree head as the text of a signed note,
 *
 *     example.com/log
 *     20852163
 *     CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
 *
 * origin, size without leading zeros, root hash, and lines of extensions that nothing here reads.
 */
export interface Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
  readonly extensions: readonly string[]
}

const extensionsMax = 16

/** @throws {VerificationError} `CHECKPOINT_MALFORMED` */
export function parseCheckpoint(text: string): Checkpoint {
  if (!text.endsWith('\n')) throw malformed('it does not end with a line end')
  const [origin, sizeText, rootText, ...extensions] = text.slice(0, -1).split('\n')
  if (origin === undefined || origin === '' || sizeText === undefined || rootText === undefined) {
    throw malformed('it has too few lines')
  }
  if (!/^(?:0|[1-9]\d{0,15})$/.test(sizeText) || !Number.isSafeInteger(Number(sizeText))) {
    throw malformed('its size is no number of leaves')
  }
  if (extensions.length > extensionsMax || extensions.includes(''))
    throw malformed('its extensions are not accepted')
  return { origin, size: Number(sizeText), root: rootOf(rootText), extensions }
}

function rootOf(text: string): Uint8Array {
  let root: Uint8Array
  try {
    root = fromBase64(text)
  } catch {
    throw malformed('its root is not base64')
  }
  if (root.length !== 32) throw malformed('its root is no hash')
  return root
}

/** @throws {VerificationError} `CHECKPOINT_MALFORMED` on what could not be read again */
export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  const text = `${[origin, size, toBase64(root), ...extensions].join('\n')}\n`
  const again = parseCheckpoint(text)
  if (again.origin !== origin || again.extensions.length !== extensions.length)
    throw malformed('a line has a line end')
  return text
}

export interface CheckpointVerification {
  readonly checkpoint: Checkpoint
  readonly note: Note
  /** Of the witnesses given, those that signed, each with its time. */
  readonly witnesses: readonly VerifiedNoteSignature[]
}

/**
 * A checkpoint of one log: signed by the log's key, its origin that key's name, and cosigned by those of the witnesses
 * that did. How many are enough is the policy's to say.
 * @throws {VerificationError} `NOTE_MALFORMED`, `NOTE_SIGNATURE_INVALID`, `NOTE_UNSIGNED`, `CHECKPOINT_MALFORMED`,
 *   `CHECKPOINT_ORIGIN`
 */
export async function verifyCheckpoint(
  input: Uint8Array | string,
  logKey: NoteKey,
  witnessKeys: readonly NoteKey[],
): Promise<CheckpointVerification> {
  const note = parseNote(input)
  const { verified } = await verifyNote(note, [logKey, ...witnessKeys])
  if (!verified.some(({ key }) => key === logKey)) {
    throw new VerificationError('NOTE_UNSIGNED', 'the checkpoint is not signed by its log')
  }
  const checkpoint = parseCheckpoint(note.text)
  if (checkpoint.origin !== logKey.name || !isKeyName(checkpoint.origin)) {
    throw new VerificationError('CHECKPOINT_ORIGIN', 'the checkpoint is of another log than its key')
  }
  return { checkpoint, note, witnesses: verified.filter(({ key }) => key !== logKey) }
}

function malformed(why: string): VerificationError {
  return new VerificationError('CHECKPOINT_MALFORMED', `not a checkpoint: ${why}`)
}
