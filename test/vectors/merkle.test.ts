import fc from 'fast-check'
import t from 'tap'
import { fromBase64, fromHex, toHex, utf8 } from '../../sdk/bytes.ts'
import {
  CompactTree,
  consistencyProof,
  emptyRoot,
  inclusionProof,
  leafHash,
  nodeHash,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
  type NodeReader,
} from '../../sdk/merkle.ts'
import { referenceFiles, referenceText, unlessThere } from './reference.ts'

const skip = unlessThere('merkle')

function probes(kind: string): readonly (readonly [string, any])[] {
  return referenceFiles(`merkle/${kind}`).flatMap((group) =>
    referenceFiles(`merkle/${kind}/${group}`).map((name) => {
      const path = `merkle/${kind}/${group}/${name}`
      return [path, JSON.parse(referenceText(path))] as const
    }),
  )
}

/** Garbage in a proof is garbage bytes: what is not base64 of a hash is not one either. */
function hashes(proof: readonly string[] | null): readonly Uint8Array[] {
  return (proof ?? []).map(fromBase64)
}

t.test('roots and leaf hashes of RFC 6962', { skip }, async (t) => {
  const vectors = JSON.parse(referenceText('merkle/rfc6962-roots.json'))
  t.equal(toHex(await emptyRoot()), vectors.empty_root)
  const tree = new CompactTree()
  t.equal(toHex(await tree.root()), vectors.roots_by_size[0])
  for (const [index, input] of vectors.leaf_inputs.entries()) {
    const hash = await leafHash(fromHex(input))
    t.equal(toHex(hash), vectors.leaf_hashes[index])
    await tree.append(hash)
    t.equal(toHex(await tree.root()), vectors.roots_by_size[index + 1])
  }
})

t.test('inclusion probes', { skip }, async (t) => {
  let count = 0
  for (const [path, probe] of probes('inclusion')) {
    count += 1
    const holds = await verifyInclusion({
      leafHash: fromBase64(probe.leafHash),
      index: probe.leafIdx,
      size: probe.treeSize,
      root: fromBase64(probe.root),
      proof: hashes(probe.proof),
    })
    t.equal(holds, probe.wantErr !== true, path)
  }
  t.ok(count > 40)
})

t.test('consistency probes', { skip }, async (t) => {
  let count = 0
  for (const [path, probe] of probes('consistency')) {
    count += 1
    const holds = await verifyConsistency({
      oldSize: probe.size1,
      oldRoot: fromBase64(probe.root1),
      newSize: probe.size2,
      newRoot: fromBase64(probe.root2),
      proof: hashes(probe.proof),
    })
    t.equal(holds, probe.wantErr !== true, path)
  }
  t.ok(count > 40)
})

/** A tree of `size` leaves, its nodes and the root of every size. */
async function grow(
  size: number,
): Promise<{ read: NodeReader; roots: readonly Uint8Array[]; leaves: readonly Uint8Array[] }> {
  const nodes = new Map<string, Uint8Array>()
  const leaves: Uint8Array[] = []
  const tree = new CompactTree()
  const roots = [await tree.root()]
  for (let index = 0; index < size; index += 1) {
    const hash = await leafHash(utf8(String(index)))
    leaves.push(hash)
    for (const node of await tree.append(hash)) nodes.set(`${node.level}/${node.index}`, node.hash)
    roots.push(await tree.root())
  }
  const read: NodeReader = async (level, index) => {
    const node = nodes.get(`${level}/${index}`)
    if (node === undefined) throw new Error(`no node ${level}/${index}`)
    return node
  }
  return { read, roots, leaves }
}

t.test('every proof of every small tree holds, and none for anything else', async (t) => {
  const size = 40
  const { read, roots, leaves } = await grow(size)
  for (let newSize = 1; newSize <= size; newSize += 1) {
    t.equal(toHex(await treeRoot(newSize, read)), toHex(roots[newSize]!))
    for (let index = 0; index < newSize; index += 1) {
      const claim = {
        leafHash: leaves[index]!,
        index,
        size: newSize,
        root: roots[newSize]!,
        proof: await inclusionProof(index, newSize, read),
      }
      if (!(await verifyInclusion(claim))) t.fail(`leaf ${index} of ${newSize}`)
      if (
        await verifyInclusion({
          ...claim,
          index: (index + 1) % newSize === index ? newSize : (index + 1) % newSize,
        })
      )
        t.fail('another index')
      if (await verifyInclusion({ ...claim, root: roots[newSize - 1]! })) t.fail('another root')
    }
    for (let oldSize = 0; oldSize <= newSize; oldSize += 1) {
      const proof = await consistencyProof(oldSize, newSize, read)
      const claim = { oldSize, oldRoot: roots[oldSize]!, newSize, newRoot: roots[newSize]!, proof }
      if (!(await verifyConsistency(claim))) t.fail(`${oldSize} in ${newSize}`)
      if (await verifyConsistency({ ...claim, oldRoot: roots[(oldSize + 1) % size]! }))
        t.fail('another old root')
      if (
        oldSize > 0 &&
        oldSize < newSize &&
        (await verifyConsistency({ ...claim, oldSize: oldSize === 1 ? 2 : oldSize - 1 }))
      ) {
        t.fail(`another old size than ${oldSize} in ${newSize}`)
      }
    }
  }
  t.equal((await consistencyProof(0, 5, read)).length, 0)
})

t.test('a flipped bit, an added or a missing hash makes any proof false', async (t) => {
  const size = 70
  const { read, roots, leaves } = await grow(size)
  await fc.assert(
    fc.asyncProperty(
      fc.nat(size - 1),
      fc.integer({ min: 1, max: size }),
      fc.nat(255),
      async (index, newSize, flip) => {
        fc.pre(index < newSize)
        const inclusion = {
          leafHash: leaves[index]!,
          index,
          size: newSize,
          root: roots[newSize]!,
          proof: await inclusionProof(index, newSize, read),
        }
        const consistency = {
          oldSize: index + 1,
          oldRoot: roots[index + 1]!,
          newSize,
          newRoot: roots[newSize]!,
          proof: await consistencyProof(index + 1, newSize, read),
        }
        const changes = (proof: readonly Uint8Array[]): (readonly Uint8Array[])[] => [
          [...proof, leaves[0]!],
          [leaves[1]!, ...proof],
          ...(proof.length === 0
            ? []
            : [
                proof.slice(1),
                proof.slice(0, -1),
                proof.with(flip % proof.length, flipped(proof[flip % proof.length]!, flip)),
              ]),
        ]
        for (const proof of changes(inclusion.proof))
          if (await verifyInclusion({ ...inclusion, proof })) return false
        for (const proof of changes(consistency.proof))
          if (await verifyConsistency({ ...consistency, proof })) return false
        return (await verifyInclusion(inclusion)) && (await verifyConsistency(consistency))
      },
    ),
    { numRuns: 150 },
  )
  t.pass('150 pairs of proofs')
})

function flipped(hash: Uint8Array, bit: number): Uint8Array {
  return hash.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
}

t.test('a compact tree goes on from its nodes, and refuses what can’t be its own', async (t) => {
  const { leaves, roots } = await grow(33)
  for (let size = 0; size < 33; size += 1) {
    const tree = new CompactTree()
    for (const leaf of leaves.slice(0, size)) await tree.append(leaf)
    const again = new CompactTree(tree.size, tree.nodes)
    t.equal(toHex(await again.root()), toHex(roots[size]!))
    await again.append(leaves[size]!)
    t.equal(toHex(await again.root()), toHex(roots[size + 1]!))
    t.equal(tree.size, size, 'the first one has not grown')
  }
  t.throws(() => new CompactTree(1, []), RangeError)
  t.throws(() => new CompactTree(3, [leaves[0]!]), RangeError)
  t.throws(() => new CompactTree(1, [new Uint8Array(31)]), RangeError)
  t.throws(() => new CompactTree(-1, []), RangeError)
  t.throws(() => new CompactTree(1.5, []), RangeError)
  await t.rejects(new CompactTree().append(new Uint8Array(31)), RangeError)
})

t.test('sizes beyond 2^32 are sizes, those beyond 2^53 are not', async (t) => {
  const size = 2 ** 40 + 1
  const [left, right] = [await leafHash(utf8('left')), await leafHash(utf8('right'))]
  const root = await nodeHash(left, right)
  const last = { leafHash: right, index: 2 ** 40, size, root, proof: [left] }
  t.ok(await verifyInclusion(last))
  t.notOk(await verifyInclusion({ ...last, index: 2 ** 40 - 1 }))
  t.ok(
    await verifyConsistency({
      oldSize: 2 ** 40,
      oldRoot: left,
      newSize: size,
      newRoot: root,
      proof: [right],
    }),
  )
  t.notOk(
    await verifyConsistency({
      oldSize: 2 ** 39,
      oldRoot: left,
      newSize: size,
      newRoot: root,
      proof: [right],
    }),
  )
  for (const bad of [2 ** 53, -1, 1.5, Number.NaN]) {
    t.notOk(await verifyInclusion({ ...last, size: bad }))
    t.notOk(await verifyInclusion({ ...last, index: bad }))
    t.notOk(
      await verifyConsistency({ oldSize: bad, oldRoot: left, newSize: size, newRoot: root, proof: [right] }),
    )
  }
})

t.test('the empty tree is the beginning of every other', async (t) => {
  const { roots } = await grow(3)
  const [empty, , , three] = roots as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  const claim = { oldSize: 0, oldRoot: empty, newSize: 3, newRoot: three, proof: [] }
  t.ok(await verifyConsistency(claim))
  t.notOk(await verifyConsistency({ ...claim, oldRoot: three }))
  t.notOk(await verifyConsistency({ ...claim, proof: [three] }))
  t.ok(await verifyConsistency({ oldSize: 0, oldRoot: empty, newSize: 0, newRoot: empty, proof: [] }))
  t.notOk(await verifyConsistency({ oldSize: 0, oldRoot: three, newSize: 0, newRoot: three, proof: [] }))
})
