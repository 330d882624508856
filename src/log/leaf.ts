import { createHash, randomFillSync } from 'node:crypto'
import { type Leaf, leafBytes, saltBytes } from '@perf-agg/sdk'

/** An entry of the log for a statement, and the salt without which it can't be told whose it is. */
export interface SaltedLeaf {
  readonly entry: Uint8Array
  readonly salt: Uint8Array
}

const slotDomain = 'perf-agg/slot/v1\0'
const number = Buffer.alloc(8)

/** The leaf of a statement as the SDK defines it, made at once: it is on the way of every statement. */
export function leafOfStatement(
  statement: { readonly account: string; readonly sequence: number; readonly digest: string },
  salt: Uint8Array = randomFillSync(new Uint8Array(saltBytes)),
): SaltedLeaf {
  number.writeBigUInt64BE(BigInt(statement.sequence))
  const slot = createHash('sha256').update(slotDomain).update(statement.account).update(number)
  const commitment = createHash('sha256')
    .update(salt)
    .update(statement.digest.slice('sha256:'.length), 'hex')
    .digest('base64url')
  // members in their canonical order; a test holds it to the general form
  const text = `{"commitment":"${commitment}","leaf":"statement","slot":"${slot.digest('base64url')}"}`
  return { entry: Buffer.from(text), salt }
}

export function entryOf(leaf: Exclude<Leaf, { leaf: 'statement' }>): Uint8Array {
  return leafBytes(leaf)
}
