import { concat, fromBase64url, fromHex, sha256, toBase64url, utf8 } from './bytes.ts'
import { canonicalBytes } from './canonical.ts'
import { InputError } from './errors.ts'
import { parseJson } from './json.ts'
import { readDigest, readText } from './source.ts'
import { readEnum, readObject, readRecord, readString } from './shape.ts'

/**
 * What stands in the log, an entry a leaf: canonical JSON of one of four kinds. A statement's leaf shows neither its
 * account nor a figure, only that its slot is taken; whoever has the statement recomputes it, and whoever knows an
 * account can look for a second leaf of one slot (a fork) or for the slot after the last (a record cut off).
 */
export type Leaf = StatementLeaf | ConfigLeaf | KeyStartLeaf | EvidenceLeaf

export interface StatementLeaf {
  readonly leaf: 'statement'
  /** base64url of {@link slotOf}. */
  readonly slot: string
  /** base64url of {@link commitmentOf}. */
  readonly commitment: string
}

/** The configuration that holds from here on. */
export interface ConfigLeaf {
  readonly leaf: 'config'
  readonly digest: string
}

/** The keys of a start of the enclave: they sign from here on. */
export interface KeyStartLeaf {
  readonly leaf: 'key_start'
  /** Thumbprint of the enclave's statement key. */
  readonly key_id: string
  /** The log's verifier key. */
  readonly vkey: string
}

/** Evidence of what runs: the digest of the quote's canonical bytes. */
export interface EvidenceLeaf {
  readonly leaf: 'evidence'
  readonly digest: string
}

export const saltBytes = 32

/** The place of an account's n-th statement: `SHA-256("perf-agg/slot/v1\0" ‖ account ‖ u64 sequence)`. */
export async function slotOf(account: string, sequence: number): Promise<Uint8Array<ArrayBuffer>> {
  const number = new Uint8Array(8)
  new DataView(number.buffer).setBigUint64(0, BigInt(sequence))
  return sha256(concat(utf8(`perf-agg/slot/v1\0${account}`), number))
}

/** `SHA-256(salt ‖ statement digest)`, the digest as its 32 bytes. */
export async function commitmentOf(
  salt: Uint8Array,
  statementDigest: string,
): Promise<Uint8Array<ArrayBuffer>> {
  return sha256(concat(salt, fromHex(statementDigest.slice('sha256:'.length))))
}

export async function statementLeaf(
  account: string,
  sequence: number,
  salt: Uint8Array,
  digest: string,
): Promise<StatementLeaf> {
  return {
    leaf: 'statement',
    slot: toBase64url(await slotOf(account, sequence)),
    commitment: toBase64url(await commitmentOf(salt, digest)),
  }
}

/** The entry as it is hashed and published. */
export function leafBytes(leaf: Leaf): Uint8Array<ArrayBuffer> {
  return canonicalBytes(leaf)
}

/** @throws {InputError} `JSON_…`, `INPUT_INVALID` */
export function parseLeaf(entry: Uint8Array): Leaf {
  return readLeaf(parseJson(entry, { bytesMax: 65_535, depthMax: 2 }), 'leaf')
}

/** @throws {InputError} `INPUT_INVALID` */
export function readLeaf(value: unknown, path: string): Leaf {
  const kind = readEnum(readRecord(value, path)['leaf'], `${path}.leaf`, [
    'statement',
    'config',
    'key_start',
    'evidence',
  ])
  if (kind === 'statement') {
    const { slot, commitment } = readObject(value, path, { required: ['leaf', 'slot', 'commitment'] })
    return {
      leaf: kind,
      slot: readHash(slot, `${path}.slot`),
      commitment: readHash(commitment, `${path}.commitment`),
    }
  }
  if (kind === 'key_start') {
    const { key_id, vkey } = readObject(value, path, { required: ['leaf', 'key_id', 'vkey'] })
    return { leaf: kind, key_id: readHash(key_id, `${path}.key_id`), vkey: readText(vkey, `${path}.vkey`) }
  }
  const { digest } = readObject(value, path, { required: ['leaf', 'digest'] })
  return { leaf: kind, digest: readDigest(digest, `${path}.digest`) }
}

/** 32 bytes in base64url. */
export function readHash(value: unknown, path: string): string {
  const text = readString(value, path, { min: 43, max: 43 })
  try {
    if (fromBase64url(text).length === 32) return text
  } catch {
    // said below
  }
  throw new InputError('INPUT_INVALID', `${path} must be 32 bytes of base64url`)
}
