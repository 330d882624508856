import { concat, fromBase64, fromHex, fromUtf8, sha256, toBase64, toHex, utf8 } from './bytes.ts'
import { InputError, VerificationError } from './errors.ts'
import { verifySignature } from './signature.ts'

/**
 * Signed notes (C2SP signed-note v1.0.0) and cosignatures (C2SP tlog-cosignature, `cosignature/v1`): a text, an empty
 * line, and a line for each signature,
 *
 *     — example.com/log x08go/ZJkuBS9UG/SffcvIAQxVBtiFup…
 *
 * with base64 of four bytes that name the key and the signature. Unknown keys are passed over, a known key whose
 * signature does not hold makes the whole note invalid.
 */

/** How a key signs: the text itself, or a statement of a time about it. */
export type NoteAlgorithm = 'ed25519' | 'cosignature/v1'

export interface NoteKey {
  readonly name: string
  /** Eight hex digits. */
  readonly id: string
  readonly algorithm: NoteAlgorithm
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
}

export interface NoteSignature {
  readonly name: string
  readonly id: string
  /** Without the four bytes of the key. */
  readonly signature: Uint8Array
}

export interface Note {
  /** With its last line end. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

export interface NoteVerification {
  readonly text: string
  readonly verified: readonly VerifiedNoteSignature[]
  /** Of keys that are not among those asked for. */
  readonly unknown: readonly NoteSignature[]
}

export interface VerifiedNoteSignature {
  readonly key: NoteKey
  /** Seconds since 1970 that the witness states; null of a plain signature. */
  readonly timestampS: number | null
}

const noteBytesMax = 1_000_000
const signaturesMax = 100
const algorithmBytes: Readonly<Record<NoteAlgorithm, number>> = { ed25519: 1, 'cosignature/v1': 4 }

/** @throws {VerificationError} `NOTE_MALFORMED` */
export function parseNote(input: Uint8Array | string): Note {
  const text = typeof input === 'string' ? input : readText(input)
  if (text.length > noteBytesMax) throw malformed('it is too large')
  if (!text.isWellFormed() || hasControl(text)) throw malformed('it has characters that no note has')
  const split = text.lastIndexOf('\n\n')
  if (split === -1 || !text.endsWith('\n')) throw malformed('it has no signatures')
  const lines = text.slice(split + 2, -1).split('\n')
  if (lines.length > signaturesMax) throw malformed('it has too many signatures')
  return { text: text.slice(0, split + 1), signatures: lines.map(readSignature) }
}

function readText(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes.subarray(0, noteBytesMax + 1))
  } catch {
    throw malformed('it is not UTF-8')
  }
}

function hasControl(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code < 0x20 && code !== 0x0a) return true
  }
  return false
}

function readSignature(line: string): NoteSignature {
  const [dash, name, encoded, ...more] = line.split(' ')
  if (dash !== '—' || name === undefined || encoded === undefined || more.length > 0 || !isKeyName(name)) {
    throw malformed('a line after its text is no signature')
  }
  let bytes: Uint8Array
  try {
    bytes = fromBase64(encoded)
  } catch {
    throw malformed('a signature is not base64')
  }
  if (bytes.length < 5) throw malformed('a signature is too short')
  return { name, id: toHex(bytes.subarray(0, 4)), signature: bytes.subarray(4) }
}

/** Not empty, without spaces of any kind and without `+`. */
export function isKeyName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !/[\s+\u0085]/u.test(name) && !hasControl(name)
}

/**
 * A verifier key, `<name>+<id>+<base64 of algorithm and key>`.
 * @throws {InputError} `VKEY_INVALID`
 */
export async function parseVkey(vkey: string): Promise<NoteKey> {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/s.exec(vkey) ?? []
  if (name === undefined || id === undefined || encoded === undefined || !isKeyName(name)) throw badVkey()
  let bytes: Uint8Array
  try {
    bytes = fromBase64(encoded)
  } catch {
    throw badVkey()
  }
  const algorithm = bytes[0] === 1 ? 'ed25519' : bytes[0] === 4 ? 'cosignature/v1' : null
  if (algorithm === null || bytes.length !== 33) throw badVkey()
  const publicKey = bytes.subarray(1)
  if ((await keyId(name, algorithm, publicKey)) !== id) throw badVkey()
  return { name, id, algorithm, publicKey }
}

/** @throws {InputError} `VKEY_INVALID` on a name or key that can't be one */
export async function noteKey(
  name: string,
  algorithm: NoteAlgorithm,
  publicKey: Uint8Array,
): Promise<NoteKey> {
  if (!isKeyName(name) || publicKey.length !== 32) throw badVkey()
  return { name, id: await keyId(name, algorithm, publicKey), algorithm, publicKey }
}

export function formatVkey(key: NoteKey): string {
  const encoded = toBase64(concat(Uint8Array.of(algorithmBytes[key.algorithm]), key.publicKey))
  return `${key.name}+${key.id}+${encoded}`
}

async function keyId(name: string, algorithm: NoteAlgorithm, publicKey: Uint8Array): Promise<string> {
  const hash = await sha256(concat(utf8(`${name}\n`), Uint8Array.of(algorithmBytes[algorithm]), publicKey))
  return toHex(hash.subarray(0, 4))
}

/**
 * The bytes that a key signs for a text: the text, or for a witness the text under its time.
 * @throws {InputError} `NOTE_TIME_INVALID`
 */
export function noteSignedBytes(text: string, timestampS: number | null): Uint8Array {
  if (timestampS === null) return utf8(text)
  if (!Number.isSafeInteger(timestampS) || timestampS < 0) {
    throw new InputError('NOTE_TIME_INVALID', 'a cosignature’s time is not in seconds since 1970')
  }
  return utf8(`cosignature/v1\ntime ${timestampS}\n${text}`)
}

/** A signature line for {@link formatNote}; with a time for a witness’s key. */
export function noteSignature(
  key: NoteKey,
  signature: Uint8Array,
  timestampS: number | null = null,
): NoteSignature {
  const time = new Uint8Array(8)
  if (timestampS !== null) new DataView(time.buffer).setBigUint64(0, BigInt(timestampS))
  return { name: key.name, id: key.id, signature: timestampS === null ? signature : concat(time, signature) }
}

/** @throws {VerificationError} `NOTE_MALFORMED` on a text that can't be a note's */
export function formatNote({ text, signatures }: Note): string {
  const lines = signatures.map(
    ({ name, id, signature }) => `— ${name} ${toBase64(concat(fromHex(id), signature))}\n`,
  )
  const note = `${text}\n${lines.join('')}`
  if (!text.endsWith('\n') || parseNote(note).text !== text) throw malformed('its text can’t be one')
  return note
}

/**
 * Verifies the signatures of the keys given; of several by one key the first counts.
 * @throws {VerificationError} `NOTE_SIGNATURE_INVALID` where a known key's does not hold, `NOTE_UNSIGNED` where no
 *   known key signed
 * @throws {InputError} `NOTE_KEY_AMBIGUOUS` where two of the keys share name and id
 */
export async function verifyNote(note: Note, keys: readonly NoteKey[]): Promise<NoteVerification> {
  const names = new Set(keys.map(({ name, id }) => `${name}+${id}`))
  if (names.size !== keys.length) throw new InputError('NOTE_KEY_AMBIGUOUS', 'two keys have one name and id')
  const verified: VerifiedNoteSignature[] = []
  const unknown: NoteSignature[] = []
  const seen = new Set<string>()
  for (const signature of note.signatures) {
    const key = keys.find(({ name, id }) => name === signature.name && id === signature.id)
    const signer = `${signature.name}+${signature.id}`
    if (seen.has(signer)) continue
    seen.add(signer)
    if (key === undefined) unknown.push(signature)
    else verified.push({ key, timestampS: await verifyOne(note.text, key, signature.signature) })
  }
  if (verified.length === 0)
    throw new VerificationError('NOTE_UNSIGNED', 'the note is signed by no key that is known')
  return { text: note.text, verified, unknown }
}

async function verifyOne(text: string, key: NoteKey, signature: Uint8Array): Promise<number | null> {
  const isCosignature = key.algorithm === 'cosignature/v1'
  const timestampS = isCosignature ? timeOf(signature) : null
  if (isCosignature && timestampS === null) throw invalidSignature(key)
  const signed = isCosignature ? signature.subarray(8) : signature
  const holds =
    signed.length === 64 && (await verifySignature(key.publicKey, noteSignedBytes(text, timestampS), signed))
  if (!holds) throw invalidSignature(key)
  return timestampS
}

/** The eight bytes before a cosignature; null where it has none. */
function timeOf(bytes: Uint8Array): number | null {
  if (bytes.length !== 72) return null
  const time = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0))
  return Number.isSafeInteger(time) ? time : null
}

function invalidSignature({ name }: NoteKey): VerificationError {
  return new VerificationError('NOTE_SIGNATURE_INVALID', `the signature of ${name} on the note does not hold`)
}

function malformed(why: string): VerificationError {
  return new VerificationError('NOTE_MALFORMED', `not a signed note: ${why}`)
}

function badVkey(): InputError {
  return new InputError('VKEY_INVALID', 'not a verifier key', { hint: 'it looks like name+01234567+base64' })
}
