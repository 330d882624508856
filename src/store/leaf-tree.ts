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
  /** Roots of the complete subtrees, one after the other. */
  readonly peaks: Uint8Array
}

const levelBits = 8
const hashBytes = 32
/** No tree is higher: sizes are integers below 2^53. */
const heightMax = 53

/** `0x00 ‖ entry`, and `0x01 ‖ left ‖ right`: written in place, hash after hash, without an object for each. */
const leafBytes = Buffer.alloc(1 + 65_535)
const pair = Buffer.alloc(1 + 2 * hashBytes, 1)
let leafView = leafBytes.subarray(0, 1)

/** `SHA-256(0x00 ‖ entry)`, written to a place. */
function hashLeafTo(target: Buffer, at: number, entry: Uint8Array): void {
  if (leafView.length !== entry.length + 1) leafView = leafBytes.subarray(0, entry.length + 1)
  leafBytes.set(entry, 1)
  // by far the quickest way out of the hash that is one: a character is a byte
  target.write(hash('sha256', leafView, 'latin1'), at, hashBytes, 'latin1')
}

/**
 * The growing Merkle tree (RFC 6962) of what is logged, as the roots of its complete subtrees. Hashing is synchronous:
 * it happens inside a transaction, a leaf at a time.
 */
export class LeafTree {
  #size = 0
  /** The roots of the complete subtrees, largest first, side by side. */
  readonly #peaks = Buffer.alloc((heightMax + 1) * hashBytes)
  #count = 0

  get size(): number {
    return this.#size
  }

  mark(): TreeMark {
    return { size: this.#size, peaks: Buffer.from(this.#peaks.subarray(0, this.#count * hashBytes)) }
  }

  undo(mark: TreeMark): void {
    this.#size = mark.size
    this.#peaks.set(mark.peaks)
    this.#count = mark.peaks.length / hashBytes
  }

  /** @returns the nodes to keep that this leaf completes, lowest first */
  append(entry: Uint8Array): readonly TileNode[] {
    hashLeafTo(this.#peaks, this.#count * hashBytes, entry)
    return this.#joined(0)
  }

  /** Goes on over a complete subtree of `256 ** level` leaves, as only a tree that is read back does. */
  restore(level: number, subtree: Uint8Array): void {
    this.#peaks.set(subtree, this.#count * hashBytes)
    this.#joined(level)
  }

  /** `SHA-256("")` of the empty tree. */
  root(): Uint8Array {
    if (this.#count === 0) return hash('sha256', Buffer.alloc(0), 'buffer')
    const root = Buffer.from(this.#peak(this.#count - 1))
    for (let at = this.#count - 2; at >= 0; at -= 1) {
      this.#peaks.copy(pair, 1, at * hashBytes, (at + 1) * hashBytes)
      root.copy(pair, 1 + hashBytes)
      root.write(hash('sha256', pair, 'latin1'), 0, hashBytes, 'latin1')
    }
    return root
  }

  #peak(index: number): Buffer {
    return this.#peaks.subarray(index * hashBytes, (index + 1) * hashBytes)
  }

  /** A subtree stands behind the last peak: joins it with those before it that are as large. */
  #joined(tileLevel: number): readonly TileNode[] {
    let completed: TileNode[] | null = null
    let height = tileLevel * levelBits
    let top = this.#count
    // bit operators would cut sizes off at 32 bits
    let rest = this.#size / 2 ** height
    for (; rest % 2 === 1; rest = (rest - 1) / 2) {
      top -= 1
      this.#peaks.copy(pair, 1, top * hashBytes, (top + 2) * hashBytes)
      this.#peaks.write(hash('sha256', pair, 'latin1'), top * hashBytes, hashBytes, 'latin1')
      height += 1
      if (height % levelBits === 0) {
        completed ??= []
        completed.push({
          level: height / levelBits,
          position: (rest - 1) / 2,
          hash: Buffer.from(this.#peak(top)),
        })
      }
    }
    this.#count = top + 1
    this.#size += 2 ** (tileLevel * levelBits)
    return completed ?? none
  }
}

const none: readonly TileNode[] = []
