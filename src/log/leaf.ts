import { hash, randomFillSync } from 'node:crypto'
import { type Leaf, leafBytes, saltBytes } from '@perf-agg/sdk'

/** An entry of the log for a statement, and the salt without which it can't be told whose it is. */
export interface SaltedLeaf {
  readonly entry: Uint8Array
  readonly salt: Uint8Array
}

const domain = Buffer.from('perf-agg/slot/v1\0')
const number = Buffer.alloc(8)

/** The leaf of a statement as the SDK defines it, made at once: it is on the way of every statement. */
export function leafOfStatement(
  statement: { readonly account: string; readonly sequence: number; readonly digest: string },
  salt: Uint8Array = nextSalt(),
): SaltedLeaf {
  number.writeBigUInt64BE(BigInt(statement.sequence))
  const slot = hash('sha256', Buffer.concat([domain, Buffer.from(statement.account), number]), 'base64url')
  const digest = Buffer.from(statement.digest.slice('sha256:'.length), 'hex')
  const commitment = hash('sha256', Buffer.concat([salt, digest]), 'base64url')
  // members in their canonical order; a test holds it to the general form
  return { entry: Buffer.from(`{"commitment":"${commitment}","leaf":"statement","slot":"${slot}"}`), salt }
}

const pool = new Uint8Array(128 * saltBytes)
let used = pool.length

/** Asking the system for each would cost as much as the hashing. */
function nextSalt(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += saltBytes
  return pool.slice(used - saltBytes, used)
}

export function entryOf(leaf: Exclude<Leaf, { leaf: 'statement' }>): Uint8Array {
  return leafBytes(leaf)
}
