import { createHash, hash } from 'node:crypto'
import type { NodeReader } from '@perf-agg/sdk'

/** Where the log's leaves and nodes are read from. */
export interface LogSource {
  /** As it is on disk. */
  logHead(): Promise<{ readonly size: number; readonly root: Uint8Array }>
  /** Entries `[from, to)`. */
  logEntries(from: number, to: number): Promise<Uint8Array[]>
  /** Roots `[from, to)` of full tiles; level 1 over 256 leaves each. */
  logNodes(level: number, from: number, to: number): Promise<Uint8Array[]>
}

export const tileWidth = 256
const heightOfTile = 8

const leafPrefix = Buffer.of(0)
const pair = Buffer.alloc(65, 1)

function hashLeaf(entry: Uint8Array): Uint8Array {
  return createHash('sha256').update(leafPrefix).update(entry).digest()
}

/** `SHA-256(0x01 ‖ left ‖ right)`. */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  pair.set(left, 1)
  pair.set(right, 33)
  return hash('sha256', pair, 'buffer')
}

/** Hashes `[from, to)` in the row that tiles of this level hold: leaves at 0, roots of full tiles above. */
export async function rowHashes(
  source: LogSource,
  level: number,
  from: number,
  to: number,
): Promise<Uint8Array[]> {
  return level === 0 ? (await source.logEntries(from, to)).map(hashLeaf) : source.logNodes(level, from, to)
}

type Rows = readonly (readonly Uint8Array[])[]

/** Full tiles never change: the last so many, some 20 kB each, are kept for all who read the same source. */
const keptTiles = 256
const kept = new WeakMap<LogSource, Map<number, Rows>>()

/**
 * Reads nodes for proofs, a tile's row at a time. What is not complete yet it keeps for itself, so one is made for a
 * few proofs only.
 */
export function nodeReader(source: LogSource): NodeReader {
  const own = new Map<number, Promise<Rows>>()
  const full = kept.get(source) ?? new Map<number, Rows>()
  kept.set(source, full)
  return async (height, index) => {
    const level = Math.floor(height / heightOfTile)
    const row = height % heightOfTile
    const perTile = tileWidth / 2 ** row
    const tile = Math.floor(index / perTile)
    const name = tile * 8 + level
    const known = full.get(name)
    const rows = known ?? (await (own.get(name) ?? read(level, tile, name)))
    const found = rows[row]?.[index % perTile]
    if (found === undefined) throw new RangeError('a node of the log is not complete')
    return found
  }

  function read(level: number, tile: number, name: number): Promise<Rows> {
    const reading = rowsOf(source, level, tile)
    own.set(name, reading)
    return reading.then((rows) => {
      if (rows[0]!.length === tileWidth) {
        full.set(name, rows)
        const [oldest] = full.keys()
        if (full.size > keptTiles && oldest !== undefined) full.delete(oldest)
        own.delete(name)
      }
      return rows
    })
  }
}

/** The rows of a tile from its hashes upwards, each as far as its nodes are complete. */
async function rowsOf(source: LogSource, level: number, tile: number): Promise<Rows> {
  const rows = [await rowHashes(source, level, tile * tileWidth, (tile + 1) * tileWidth)]
  for (let row = 1; row < heightOfTile; row += 1) {
    const below = rows[row - 1]!
    rows.push(
      Array.from({ length: Math.floor(below.length / 2) }, (_, at) =>
        hashNode(below[2 * at]!, below[2 * at + 1]!),
      ),
    )
  }
  return rows
}
