import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  equalBytes,
  fromBase64,
  parseCheckpoint,
  parseJson,
  parseNote,
  parseStatement,
  signedBytes,
  statementDigest,
  statementLeaf,
  leafBytes,
  verdictOf,
  verifyLink,
  verifySignature,
  type Statement,
} from '@perf-agg/sdk'
import { build } from 'esbuild'
import t from 'tap'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { leafHash, treeHash } from '../log/fixture.ts'
import { SmallWitness } from '../log/small-witness.ts'
import { account, testSigner } from '../statement/fixture.ts'
import { account as accountRow, clock, testVault } from '../store/fixture.ts'
import { append, baseLeaves, publisherOf } from './append.ts'

/**
 * Every call by which an append reaches the disk goes wrong once, in each way there is: an error of the disk, a disk
 * that is full, half a write, a sudden end. Whatever was acknowledged is there afterwards, the chain is whole, the log
 * is the one that was signed and witnessed, and all of it goes on.
 */

/** All of them: PERF_AGG_FAULTS=all. Else every so many-th, from another one each day. */
const every = process.env['PERF_AGG_FAULTS'] === 'all' ? 1 : 16
const kinds = ['eio', 'enospc', 'short', 'kill', 'tear'] as const
const callsMax = 400
const here = import.meta.dirname

interface Told {
  readonly begun?: string
  readonly over?: string
  readonly met?: boolean
  readonly step?: string
  readonly done?: unknown
  readonly code?: string
}

const folder = mkdtempSync(join(tmpdir(), 'perf-agg-faults-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
t.setTimeout(3_600_000)
const library = join(folder, 'file-faults.so')
const built = spawnSync('gcc', [
  '-shared',
  '-fPIC',
  '-O2',
  '-o',
  library,
  join(here, 'file-faults.c'),
  '-ldl',
])
const program = join(folder, 'append-child.mjs')
const base = join(folder, 'base')
const work = join(folder, 'work')
mkdirSync(work)

/** A state as a sudden end leaves it: its last transactions are in the write-ahead log only. */
async function makeBase(): Promise<void> {
  const made = join(folder, 'made')
  const store = await openStore(made, { vault: testVault(), clock })
  await store.commit((tx) => {
    tx.insertAccount(accountRow(account))
    for (let index = 0; index < baseLeaves - 2; index += 1) tx.appendLeaf(Buffer.from(`other ${index}`))
  })
  await append(store)
  await append(store)
  cpSync(made, base, { recursive: true, filter: (path) => !path.endsWith('-shm') })
  await store.close()
}

/** By name of the call: how often one went wrong. */
const failed: Record<string, number> = {}
let callsLeft = 0

/** Runs the cases in as few processes as the faults allow, and hears what each said. */
async function play(cases: readonly string[], witness: SmallWitness): Promise<Map<string, Told[]>> {
  const told = new Map<string, Told[]>()
  for (let left = [...cases]; left.length > 0; left = left.filter((name) => !told.has(name))) {
    const child = spawn(process.execPath, [program, base, work, witness.entry, ...left], {
      env: { PATH: process.env['PATH'], LD_PRELOAD: library, FAULT_FOLDER: work },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = once(child, 'close')
    createInterface(child.stderr).on('line', (line) => {
      const [what = '', call = '', number] = line.split(' ')
      if (what === 'fault') failed[call] = (failed[call] ?? 0) + 1
      else if (what === 'left') callsLeft = Number(number)
    })
    let name = ''
    for await (const line of createInterface(child.stdout)) {
      const each = JSON.parse(line) as Told
      if (each.begun !== undefined) {
        name = each.begun
        told.set(name, [])
      } else told.get(name)!.push(each)
    }
    await ended
    if (name === '') throw new Error('the child did not begin')
  }
  return told
}

const signer = testSigner(1)

/** @returns what is wrong; null where all is well */
async function examine(name: string, told: readonly Told[], witness: SmallWitness): Promise<string | null> {
  const path = join(work, name)
  const store = await openStore(path, { vault: testVault(), clock })
  try {
    const acknowledged = told.flatMap(({ step, done }) => (step === 'append' && done ? [Number(done)] : []))
    const wrong =
      (await lookAt(store, Math.max(2, ...acknowledged))) ?? (await lookAtLog(store, name, witness))
    if (wrong !== null) return wrong
    const publisher = await publisherOf(store, `perf-agg/${name}`, witness.entry)
    await append(store)
    const { witnessed } = await publisher.publish()
    if (!witnessed) return 'the witness does not sign what came after'
    return (await lookAt(store, 1)) ?? (await lookAtLog(store, name, witness))
  } finally {
    await store.close()
    rmSync(path, { recursive: true })
  }
}

async function lookAt(store: Store, atLeast: number): Promise<string | null> {
  const head = (await store.account(account))!.head
  if (head.sequence < atLeast)
    return `statement ${atLeast} was acknowledged, the chain ends at ${head.sequence}`
  const rows = await store.statements(account)
  if (rows.length !== head.sequence) return `${rows.length} statements, and the head is ${head.sequence}`
  let previous: Statement | null = null
  for (const row of rows) {
    const statement = parseStatement(parseJson(row.body))
    const digest = await statementDigest(statement)
    const signed = await verifySignature(
      signer.publicKey,
      signedBytes(statement),
      fromBase64(statement.signature),
    )
    const linked = verdictOf(await verifyLink(previous, statement)) === 'holds'
    if (!signed || !linked || digest !== row.digest) return `statement ${row.sequence} does not hold`
    const leaf = await statementLeaf(account, row.sequence, row.leaf!.salt, digest)
    const [entry] = await store.logEntries(row.leaf!.position, row.leaf!.position + 1)
    if (entry === undefined || !equalBytes(entry, leafBytes(leaf)))
      return `statement ${row.sequence} has no leaf`
    if ((await store.outboxOf(account, row.sequence)) === null)
      return `statement ${row.sequence} is not delivered`
    previous = statement
  }
  if ((await statementDigest(previous!)) !== head.digest) return 'the head is of another chain'
  const due = await store.outboxDue(Number.MAX_SAFE_INTEGER, 10)
  return due.length === 1 && due[0]!.sequence === 1 ? null : 'the outbox does not begin at the first'
}

async function lookAtLog(store: Store, name: string, witness: SmallWitness): Promise<string | null> {
  const { size, root } = await store.logHead()
  const hashes = (await store.logEntries(0, size)).map(leafHash)
  const rootAt = (length: number): Uint8Array => treeHash(hashes.slice(0, length))
  if (hashes.length !== size || !equalBytes(rootAt(size), root)) return 'the head is not of its leaves'
  const tiles = await store.logNodes(1, 0, 100)
  if (tiles.length !== Math.floor(size / 256)) return 'a tile is missing'
  if (tiles[0] !== undefined && !equalBytes(tiles[0], rootAt(256))) return 'a tile is not of its leaves'
  const seen = witness.seen.get(`perf-agg/${name}`)
  if (seen !== undefined && (seen.size > size || !equalBytes(seen.root, rootAt(seen.size)))) {
    return 'the witness has seen another log'
  }
  const kept = await store.lastCheckpoint()
  if (seen !== undefined && (kept === null || kept.size < seen.size))
    return 'what a witness signed was not kept'
  if (kept === null) return null
  const checkpoint = parseCheckpoint(parseNote(kept.note).text)
  return equalBytes(checkpoint.root, rootAt(checkpoint.size)) ? null : 'a checkpoint is of another log'
}

if (built.status !== 0) t.comment('skipped: no gcc to build what lets files fail')
else {
  await build({
    entryPoints: [join(here, 'append-child.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'bundle',
    conditions: ['@perf-agg/source'],
    logLevel: 'error',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
    },
  })
  await makeBase()
  const witness = await SmallWitness.start(t, () => [])
  witness.trusting = true
  const figures: Record<string, number> = {}
  for (const when of ['start', 'append']) {
    const calls = await countCalls(when, witness)
    t.ok(calls > 10 && calls < callsMax, `${when}: ${calls} calls reach the disk`)
    for (const kind of kinds) {
      t.test(`${kind} at each of the calls of ${when}`, async (t) => {
        const first = 1 + (new Date().getUTCDate() % every)
        const cases: string[] = []
        for (let count = first; count <= calls; count += every) cases.push(`${when}-${kind}-${count}`)
        const told = await play(cases, witness)
        const wrong: string[] = []
        for (const name of cases) {
          const found = await examine(name, told.get(name)!, witness)
          if (found !== null) wrong.push(`${name}: ${found} ${JSON.stringify(told.get(name))}`)
        }
        figures[`${when} ${kind}`] = cases.length
        t.same(wrong, [])
        const mortal = kind === 'kill' || kind === 'tear'
        const met = cases.filter((name) => {
          const last = told.get(name)!.at(-1)
          return mortal ? last?.over === undefined : last?.met === true
        })
        t.ok(met.length >= cases.length - 1, `${met.length} of ${cases.length} faults were met`)
      })
    }
  }
  t.test('the figures', async (t) => {
    t.comment(`faults injected: ${JSON.stringify(figures)}, in ${JSON.stringify(failed)}`)
    const refused = witness.answers.filter((status) => status >= 400 && status !== 409)
    t.same(refused, [], 'no witness was ever shown a fork')
  })
}

/** By a fault that comes too late. */
async function countCalls(when: string, witness: SmallWitness): Promise<number> {
  await play([`${when}-eio-${callsMax}`], witness)
  return callsMax - callsLeft
}
