import { ok } from 'node:assert/strict'
import { hash } from 'node:crypto'
import { inclusionProof, leafHash, verifyInclusion } from '@perf-agg/sdk'
import { hashNode, nodeReader } from '../../src/log/source.ts'
import type { LogSource } from '../../src/log/source.ts'
import { LeafTree } from '../../src/store/leaf-tree.ts'
import { timed } from './peer.ts'
import { ratesBeside } from './rate.ts'
import type { Bench } from './row.ts'

/** The log's tree in memory: leaves that come, and proofs out of a large one. */
export const merkle: Bench = {
  name: 'Merkle tree',
  run: async (quick) => {
    const size = quick ? 3_000 : 1_000_000
    const entries = Array.from({ length: 4_096 }, (_, index) => leafOf(index))
    const tree = new LeafTree()
    const own = timed(() => {
      for (let index = 0; index < size; index += 1) tree.append(entries[index % 4_096]!)
    })
    // Each leaf is hashed once and joins one other node, on average.
    const bare = timed(() => {
      const [first, second] = [Buffer.alloc(201), Buffer.alloc(65)]
      for (let index = 0; index < size; index += 1) {
        hash('sha256', first, 'buffer')
        hash('sha256', second, 'buffer')
      }
    })
    const source = memorySource(entries, size)
    const read = nodeReader(source)
    const root = tree.root()
    let at = 0
    const prove = () => {
      at = (at + 7_919) % Math.min(size, 50_000)
      return inclusionProof(size - 1 - at, size, read, hashNode)
    }
    const proof = await inclusionProof(5, size, read, hashNode)
    const claim = { leafHash: await leafHash(entries[5]!), index: 5, size, root, proof }
    ok(await verifyInclusion(claim), 'the proof proves')
    const [rate] = await ratesBeside([prove], quick ? 5 : 20_000, quick ? 1 : 3)
    const perSecond = size / own.seconds / 1e6
    return [
      {
        name: 'leaves of 200 bytes appended',
        value: perSecond,
        unit: 'M/s',
        limit: { name: 'crypto.hash of the same bytes', value: size / bare.seconds / 1e6 },
        goal: '≥ 0.8 M/s',
        reached: perSecond >= 0.8,
      },
      {
        name: `inclusion proof among ${size} leaves, from tiles in memory`,
        value: 1e6 / rate!,
        unit: 'µs',
        limit: null,
        goal: '≤ 25 µs',
        reached: 1e6 / rate! <= 25,
      },
    ]
  },
}

function leafOf(index: number): Buffer {
  const entry = Buffer.alloc(200, 120)
  entry.writeUInt32BE(index)
  return entry
}

/** What a store would answer. */
function memorySource(entries: readonly Uint8Array[], size: number): LogSource {
  const leaves = Array.from({ length: size }, (_, index) => entries[index % entries.length]!)
  const levels: Uint8Array[][] = [leaves, [], []]
  const tree = new LeafTree()
  for (const entry of leaves) for (const node of tree.append(entry)) levels[node.level]?.push(node.hash)
  return {
    logHead: async () => ({ size, root: tree.root() }),
    logEntries: async (from, to) => levels[0]!.slice(from, to),
    logNodes: async (level, from, to) => levels[level]?.slice(from, to) ?? [],
  }
}
