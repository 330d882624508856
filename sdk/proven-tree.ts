import { equalBytes, fromBase64, toBase64 } from './bytes.ts'
import { nodeHash } from './merkle.ts'

/**
 * Inclusion proofs (RFC 6962) into one tree, many of them: a node that one proof has shown to be the tree's is compared
 * by the next ones and not hashed again, so that the proofs of a record cost a few hashes each however large the log
 * is. What is compared is every hash of every proof: none of them can be another unseen.
 */
export class ProvenTree {
  readonly #size: number
  readonly #root: Uint8Array
  /** By level and place: hashes in base64 that are the tree's. */
  readonly #nodes = new Map<string, string>()

  constructor(size: number, root: Uint8Array) {
    this.#size = size
    this.#root = root
  }

  /** Whether the leaf stands at that place, by a proof in base64 from the leaf upwards. */
  async holds(leafHash: Uint8Array, index: number, proof: readonly string[]): Promise<boolean> {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.#size) return false
    const passed: [place: string, hash: string][] = []
    let [level, at, last] = [0, index, this.#size - 1]
    // null once a node is reached that is the tree's: from there on there is nothing left to hash
    let hash: Uint8Array | null = leafHash
    const settle = (): boolean => {
      // the last of its level without a partner stands a level up as it is
      while (at === last && at % 2 === 0 && last > 0) [level, at, last] = [level + 1, at / 2, last / 2]
      if (hash === null || last === 0) return true
      const place = `${level}/${at}`
      const text = toBase64(hash)
      const proven = this.#nodes.get(place)
      if (proven === undefined) passed.push([place, text])
      else if (proven === text) hash = null
      else return false
      return true
    }
    if (!settle()) return false
    for (const sibling of proof) {
      if (last === 0) return false
      const isRight = at % 2 === 1
      const place = `${level}/${isRight ? at - 1 : at + 1}`
      if (hash !== null) {
        passed.push([place, sibling])
        const other = fromBase64(sibling)
        hash = isRight ? await nodeHash(other, hash) : await nodeHash(hash, other)
      } else if (this.#nodes.get(place) !== sibling) return false
      ;[level, at, last] = [level + 1, Math.floor(at / 2), Math.floor(last / 2)]
      if (!settle()) return false
    }
    if (last !== 0 || (hash !== null && !equalBytes(hash, this.#root))) return false
    for (const [place, text] of passed) this.#nodes.set(place, text)
    return true
  }
}
