import { concat, equalBytes, sha256 } from './bytes.ts'

/**
 * Merkle trees of RFC 6962 (hashing) and RFC 9162 (the ways proofs are verified): an append-only list of leaves whose
 * root commits to all of them and their order. Sizes and indices are integers below 2^53.
 */

export async function emptyRoot(): Promise<Uint8Array<ArrayBuffer>> {
  return sha256(new Uint8Array())
}

/** `SHA-256(0x00 ‖ leaf)`: never the hash of an inner node. */
export async function leafHash(leaf: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return sha256(concat(Uint8Array.of(0), leaf))
}

/** `SHA-256(0x01 ‖ left ‖ right)`. */
export async function nodeHash(left: Uint8Array, right: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return sha256(concat(Uint8Array.of(1), left, right))
}

export interface InclusionClaim {
  readonly leafHash: Uint8Array
  readonly index: number
  readonly size: number
  readonly root: Uint8Array
  /** Hashes from the leaf upwards. */
  readonly proof: readonly Uint8Array[]
}

/** Whether the leaf stands at its index in the tree of that size and root (RFC 9162, 2.1.3.2). */
export async function verifyInclusion(claim: InclusionClaim): Promise<boolean> {
  const { index, size, root, proof } = claim
  if (!isSize(size) || !isSize(index) || index >= size) return false
  if (![claim.leafHash, root, ...proof].every(isHash)) return false
  let [at, last] = [index, size - 1]
  let hash = claim.leafHash
  for (const sibling of proof) {
    if (last === 0) return false
    if (isOdd(at) || at === last) {
      hash = await nodeHash(sibling, hash)
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)]
    } else hash = await nodeHash(hash, sibling)
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && equalBytes(hash, root)
}

export interface ConsistencyClaim {
  readonly oldSize: number
  readonly oldRoot: Uint8Array
  readonly newSize: number
  readonly newRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/**
 * Whether the new tree holds the old one unchanged at its beginning (RFC 9162, 2.1.4.2). The empty tree is the
 * beginning of every other.
 */
export async function verifyConsistency(claim: ConsistencyClaim): Promise<boolean> {
  const { oldSize, oldRoot, newSize, newRoot, proof } = claim
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize) return false
  if (![oldRoot, newRoot, ...proof].every(isHash)) return false
  if (newSize === 0 && !equalBytes(newRoot, await emptyRoot())) return false
  if (oldSize === newSize) return proof.length === 0 && equalBytes(oldRoot, newRoot)
  if (oldSize === 0) return proof.length === 0 && equalBytes(oldRoot, await emptyRoot())

  // An old tree that is complete is itself a node of the new one, and left out of the proof.
  const [first, ...path] = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof
  if (first === undefined || (isPowerOfTwo(oldSize) && proof.length === 0)) return false
  let [at, last] = [oldSize - 1, newSize - 1]
  while (isOdd(at)) [at, last] = [half(at), half(last)]
  let [oldHash, newHash] = [first, first]
  for (const sibling of path) {
    if (last === 0) return false
    if (isOdd(at) || at === last) {
      oldHash = await nodeHash(sibling, oldHash)
      newHash = await nodeHash(sibling, newHash)
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)]
    } else newHash = await nodeHash(newHash, sibling)
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && equalBytes(oldHash, oldRoot) && equalBytes(newHash, newRoot)
}

/**
 * Reads the node that covers the leaves `[index * 2^level, (index + 1) * 2^level)`; only ever asked for nodes that
 * are complete in the tree.
 */
export type NodeReader = (level: number, index: number) => Promise<Uint8Array>

/** {@link nodeHash}, or another way to it. */
export type NodeJoiner = (left: Uint8Array, right: Uint8Array) => Uint8Array | Promise<Uint8Array>

/** @throws {RangeError} where the index is not in the tree */
export async function inclusionProof(
  index: number,
  size: number,
  read: NodeReader,
  join: NodeJoiner = nodeHash,
): Promise<readonly Uint8Array[]> {
  if (!isSize(index) || !isSize(size) || index >= size) throw new RangeError('the index is not in the tree')
  const proof: Uint8Array[] = []
  let [start, end] = [0, size]
  while (end - start > 1) {
    const middle = start + leftSize(end - start)
    const isLeft = index < middle
    proof.unshift(await rangeHash(isLeft ? middle : start, isLeft ? end : middle, read, join))
    if (isLeft) end = middle
    else start = middle
  }
  return proof
}

/** @throws {RangeError} where the sizes are not in their order */
export async function consistencyProof(
  oldSize: number,
  newSize: number,
  read: NodeReader,
  join: NodeJoiner = nodeHash,
): Promise<readonly Uint8Array[]> {
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize)
    throw new RangeError('the sizes are out of order')
  if (oldSize === 0 || oldSize === newSize) return []
  const proof: Uint8Array[] = []
  let [start, end] = [0, newSize]
  // Down to the node that the old tree ends with; on the way its siblings.
  while (end !== oldSize) {
    const middle = start + leftSize(end - start)
    const isLeft = oldSize <= middle
    proof.unshift(await rangeHash(isLeft ? middle : start, isLeft ? end : middle, read, join))
    if (isLeft) end = middle
    else start = middle
  }
  return start === 0 ? proof : [await rangeHash(start, end, read, join), ...proof]
}

/** Root of the tree of this size. */
export async function treeRoot(size: number, read: NodeReader): Promise<Uint8Array> {
  return size === 0 ? emptyRoot() : rangeHash(0, size, read, nodeHash)
}

/** Hash of the subtree over the leaves `[start, end)`, where `start` is one that subtrees begin at. */
async function rangeHash(
  start: number,
  end: number,
  read: NodeReader,
  join: NodeJoiner,
): Promise<Uint8Array> {
  const length = end - start
  if (isPowerOfTwo(length)) return read(Math.log2(length), start / length)
  const middle = start + leftSize(length)
  return join(await rangeHash(start, middle, read, join), await rangeHash(middle, end, read, join))
}

/**
 * A tree that can only grow, kept as the roots of its complete subtrees, largest first: at most 53 hashes, whatever
 * its size.
 */
export class CompactTree {
  #size: number
  #nodes: Uint8Array[]

  /** @throws {RangeError} where the nodes are not as many as a tree of that size has */
  constructor(size = 0, nodes: readonly Uint8Array[] = []) {
    if (!isSize(size) || nodes.length !== oneBits(size) || !nodes.every(isHash)) {
      throw new RangeError('the nodes are not those of a tree of that size')
    }
    this.#size = size
    this.#nodes = [...nodes]
  }

  get size(): number {
    return this.#size
  }

  /** What the constructor takes to go on from here. */
  get nodes(): readonly Uint8Array[] {
    return [...this.#nodes]
  }

  /**
   * Adds a leaf by its {@link leafHash}. One at a time: wait for it before the next.
   * @returns the nodes that this completes, leaf first: what has to be stored for proofs
   */
  async append(hash: Uint8Array): Promise<readonly { level: number; index: number; hash: Uint8Array }[]> {
    if (!isHash(hash)) throw new RangeError('a leaf hash has 32 bytes')
    const completed = [{ level: 0, index: this.#size, hash }]
    const nodes = [...this.#nodes]
    let top = hash
    for (let rest = this.#size, level = 1; isOdd(rest); rest = half(rest), level += 1) {
      top = await nodeHash(nodes.pop()!, top)
      completed.push({ level, index: half(rest), hash: top })
    }
    this.#nodes = [...nodes, top]
    this.#size += 1
    return completed
  }

  async root(): Promise<Uint8Array> {
    const last = this.#nodes.at(-1)
    if (last === undefined) return emptyRoot()
    let hash = last
    for (const left of this.#nodes.slice(0, -1).toReversed()) hash = await nodeHash(left, hash)
    return hash
  }
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === 32
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

// Bit operators would cut sizes off at 32 bits.

function isOdd(value: number): boolean {
  return value % 2 === 1
}

function half(value: number): number {
  return Math.floor(value / 2)
}

/** The largest power of two below `size`: how many leaves stand to the left of its root. */
function leftSize(size: number): number {
  let left = 1
  while (left * 2 < size) left *= 2
  return left
}

function isPowerOfTwo(size: number): boolean {
  return size > 0 && (size === 1 || leftSize(size) * 2 === size)
}

function oneBits(size: number): number {
  let count = 0
  for (let rest = size; rest > 0; rest = half(rest)) count += rest % 2
  return count
}
