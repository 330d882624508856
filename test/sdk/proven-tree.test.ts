import t from 'tap'
import { inclusionProof, leafHash, nodeHash, toBase64, treeRoot, utf8, verifyInclusion } from '@perf-agg/sdk'
import { ProvenTree } from '../../sdk/proven-tree.ts'

/** Many proofs into one tree judge as each alone would be judged, in whatever order they come. */

const levels: Uint8Array[][] = [[]]
for (let index = 0; index < 70; index += 1) {
  levels[0]!.push(await leafHash(utf8(`leaf ${index}`)))
  for (let level = 0; levels[level]!.length % 2 === 0; level += 1) {
    const above = (levels[level + 1] ??= [])
    if (above.length * 2 === levels[level]!.length) break
    above.push(await nodeHash(levels[level]!.at(-2)!, levels[level]!.at(-1)!))
  }
}
const read = async (level: number, index: number): Promise<Uint8Array> => levels[level]![index]!
const proofOf = async (index: number, size: number): Promise<string[]> =>
  (await inclusionProof(index, size, read)).map(toBase64)

const orders: Record<string, (size: number) => number[]> = {
  forwards: (size) => Array.from({ length: size }, (_, index) => index),
  backwards: (size) => Array.from({ length: size }, (_, index) => size - 1 - index),
  'here and there': (size) => Array.from({ length: size }, (_, index) => (index * 37 + 11) % size),
}

t.test('takes every proof that holds, and none of another leaf, place or tree', async (t) => {
  const other = new Uint8Array(32).fill(7)
  const failed: string[] = []
  let [taken, refused] = [0, 0]
  for (const order of Object.values(orders)) {
    for (let size = 1; size <= 70; size += size < 20 ? 1 : 7) {
      const tree = new ProvenTree(size, await treeRoot(size, read))
      for (const index of order(size)) {
        const proof = await proofOf(index, size)
        const leaf = levels[0]![index]!
        const wrong = [
          await tree.holds(other, index, proof),
          await tree.holds(leaf, size, proof),
          await tree.holds(leaf, -1, proof),
          size > 1 && (await tree.holds(leaf, (index + 1) % size, proof)),
          await tree.holds(leaf, index, [...proof, toBase64(other)]),
          proof.length > 0 && (await tree.holds(leaf, index, proof.slice(0, -1))),
        ]
        for (const at of proof.keys())
          wrong.push(await tree.holds(leaf, index, proof.with(at, toBase64(other))))
        if (wrong.includes(true)) failed.push(`size ${size}, leaf ${index}: ${wrong.join()}`)
        refused += wrong.length
        if (!(await tree.holds(leaf, index, proof))) failed.push(`size ${size}, leaf ${index} is refused`)
        // what has been proven is compared now, and still no hash of the proof can be another
        for (const at of proof.keys()) {
          if (await tree.holds(leaf, index, proof.with(at, toBase64(other))))
            failed.push('a changed proof is taken')
          refused += 1
        }
        if (!(await tree.holds(leaf, index, proof)))
          failed.push(`size ${size}, leaf ${index} is refused later`)
        taken += 1
      }
    }
  }
  t.comment(`${taken} proofs taken, ${refused} refused`)
  t.same(failed.slice(0, 5), [])
})

t.test('says what one proof alone says', async (t) => {
  const [index, size] = [41, 70]
  const root = await treeRoot(size, read)
  const proof = await inclusionProof(index, size, read)
  t.equal(await verifyInclusion({ leafHash: levels[0]![index]!, index, size, root, proof }), true)
  t.equal(await new ProvenTree(size, root).holds(levels[0]![index]!, index, proof.map(toBase64)), true)
})
