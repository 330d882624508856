import { hash } from 'node:crypto'

/** A node that later reading needs: the root of a full tile of 256 hashes one level below. */
export interface TileNode {
  /** 1: over 256 leaves; 2: over 65,536; … */
  readonly level: number
  readonly position: number
  readonly hash: Uint8Array
}

/** Where a tree stood; cheap to take and to go back to. */
export interface TreeMark {
  readonly size: number
  readonly peaks: readonly Uint8Array[]
}

const levelBits = 8
const leafPrefix = Buffer.of(0)

/** `SHA-256(0x00 ‖ entry)`. */
export function hashLeaf(entry: Uint8Array): Uint8Array {
  return hash('sha256', Buffer.concat([leafPrefix, entry]), 'buffer')
}

const pair = Buffer.alloc(65, 1)

/** `SHA-256(0x01 ‖ left ‖ right)`. */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  pair.set(left, 1)
  pair.set(right, 33)
  return hash('sha256', pair, 'buffer')
}

/**
 * The growing Merkle tree (RFC 6962) of what is logged, as the roots of its complete subtrees. Hashing is synchronous:
 * it happens inside a transaction, a leaf at a time.
 */
export class LeafTree {
  #size = 0
  #peaks: Uint8Array[] = []

  get size(): number {
    return this.#size
  }

  mark(): TreeMark {
    return { size: this.#size, peaks: [...this.#peaks] }
  }

  undo(mark: TreeMark): void {
    this.#size = mark.size
    this.#peaks = [...mark.peaks]
  }

  /** @returns the nodes to keep that this leaf completes, lowest first */
  append(entry: Uint8Array): readonly TileNode[] {
    return this.#push(hashLeaf(entry), 0)
  }

  /** Goes on over a complete subtree of `256 ** level` leaves, as only a tree that is read back does. */
  restore(level: number, subtree: Uint8Array): void {
    this.#push(subtree, level)
  }

  /** `SHA-256("")` of the empty tree. */
  root(): Uint8Array {
    const last = this.#peaks.at(-1)
    if (last === undefined) return hash('sha256', Buffer.alloc(0), 'buffer')
    let root = last
    for (let at = this.#peaks.length - 2; at >= 0; at -= 1) root = hashNode(this.#peaks[at]!, root)
    return root
  }

  #push(subtree: Uint8Array, tileLevel: number): TileNode[] {
    const completed: TileNode[] = []
    let height = tileLevel * levelBits
    let top = subtree
    // bit operators would cut sizes off at 32 bits
    let rest = this.#size / 2 ** height
    for (; rest % 2 === 1; rest = (rest - 1) / 2) {
      top = hashNode(this.#peaks.pop()!, top)
      height += 1
      if (height % levelBits === 0) {
        completed.push({ level: height / levelBits, position: (rest - 1) / 2, hash: top })
      }
    }
    this.#peaks.push(top)
    this.#size += 2 ** (tileLevel * levelBits)
    return completed
  }
}
