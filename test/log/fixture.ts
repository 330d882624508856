import { createHash } from 'node:crypto'
import type { Test } from 'tap'
import { noteKey, parseNote, parseCheckpoint, verifyCheckpoint, type NoteKey } from '@perf-agg/sdk'
import { Publisher, type PublisherOptions } from '../../src/log/publisher.ts'
import type { Store } from '../../src/store/store.ts'
import { open } from '../store/fixture.ts'
import { testSigner } from '../statement/fixture.ts'

export const origin = 'perf-agg/test-epoch'
export const logSigner = testSigner(11)
export const logKey: NoteKey = await noteKey(origin, 'ed25519', logSigner.publicKey)

/** A store with so many leaves, `entry 0`, `entry 1` …, written in groups. */
export async function logOf(t: Test, leaves: number): Promise<Store> {
  const store = await open(t)
  await grow(store, leaves)
  return store
}

export async function grow(store: Store, leaves: number): Promise<void> {
  const from = (await store.logHead()).size
  await store.commit((tx) => {
    for (let index = from; index < from + leaves; index += 1) tx.appendLeaf(entry(index))
  })
}

export function entry(index: number): Uint8Array {
  return Buffer.from(`entry ${index}`)
}

export function publisher(
  store: Store,
  change: Partial<PublisherOptions> = {},
): { publisher: Publisher; troubles: string[] } {
  const troubles: string[] = []
  return {
    troubles,
    publisher: new Publisher({
      origin,
      signer: { publicKey: logSigner.publicKey, sign: async (message) => logSigner.sign(message) },
      source: store,
      keep: (checkpoint) => store.commit((tx) => tx.putCheckpoint(checkpoint)),
      witnesses: [],
      onTrouble: (event, code) => troubles.push(`${event} ${code}`),
      ...change,
    }),
  }
}

const sha = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest()
export const leafHash = (data: Uint8Array): Buffer => sha(Buffer.of(0), data)

/** The tree head as RFC 6962, 2.1 defines it, straight from its text. */
export function treeHash(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return sha()
  if (hashes.length === 1) return hashes[0]!
  let left = 1
  while (left * 2 < hashes.length) left *= 2
  return sha(Buffer.of(1), treeHash(hashes.slice(0, left)), treeHash(hashes.slice(left)))
}

export type Fetch = (path: string) => Promise<Uint8Array | null>

/**
 * Reads a whole published log by the rules of C2SP tlog-tiles and nothing of ours but the note's signature: every
 * tile of every level that a tree of the checkpoint's size has, and every entry bundle.
 * @throws where anything is missing or does not fit
 */
export async function readLog(
  fetch: Fetch,
  key: NoteKey,
): Promise<{ readonly size: number; readonly entries: readonly Uint8Array[]; readonly files: number }> {
  const note = await fetch('checkpoint')
  if (note === null) throw new Error('no checkpoint')
  await verifyCheckpoint(note, key, [])
  const { size, root } = parseCheckpoint(parseNote(note).text)
  let files = 1
  const need = async (path: string): Promise<Buffer> => {
    files += 1
    const bytes = await fetch(path)
    if (bytes === null) throw new Error(`${path} is missing`)
    return Buffer.from(bytes)
  }
  const rows: Buffer[][] = []
  for (let level = 0; ; level += 1) {
    const count = Math.floor(size / 256 ** level)
    if (count === 0) break
    rows.push([])
    for (let tile = 0; tile * 256 < count; tile += 1) {
      const width = Math.min(256, count - tile * 256)
      const bytes = await need(`tile/${level}/${spell(tile)}${width === 256 ? '' : `.p/${width}`}`)
      if (bytes.length !== width * 32) throw new Error(`a tile of ${bytes.length} bytes`)
      for (let at = 0; at < width; at += 1) rows[level]!.push(bytes.subarray(at * 32, at * 32 + 32))
    }
    if (level === 0) continue
    for (const [at, hash] of rows[level]!.entries()) {
      const below = rows[level - 1]!.slice(at * 256, at * 256 + 256)
      if (!hash.equals(treeHash(below))) throw new Error(`hash ${at} of level ${level} is not of its tile`)
    }
  }
  const entries: Uint8Array[] = []
  for (let tile = 0; tile * 256 < size; tile += 1) {
    const width = Math.min(256, size - tile * 256)
    const bytes = await need(`tile/entries/${spell(tile)}${width === 256 ? '' : `.p/${width}`}`)
    let at = 0
    for (let count = 0; count < width; count += 1) {
      const length = bytes.readUInt16BE(at)
      entries.push(bytes.subarray(at + 2, at + 2 + length))
      at += 2 + length
    }
    if (at !== bytes.length) throw new Error('a bundle has bytes left over')
  }
  for (const [index, data] of entries.entries()) {
    if (!leafHash(data).equals(rows[0]![index]!)) throw new Error(`entry ${index} is not its leaf`)
  }
  if (!Buffer.from(root).equals(treeHash(rows[0] ?? []))) throw new Error('the root is not of its leaves')
  return { size, entries, files }
}

/** `1234067` is `x001/x234/067`. */
function spell(index: number): string {
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g)!
  return groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/')
}
