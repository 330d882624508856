import type { Kysely } from 'kysely'
import type { Connection, RawRow } from './connection.ts'
import { LeafTree, type TreeMark } from './leaf-tree.ts'
import { query } from './query.ts'
import { bytes, integer, text } from './row.ts'
import { StoreError } from './store-error.ts'
import type { CheckpointRow, EvidenceRow, LogHead } from './store.ts'
import type { Tables } from './tables.ts'

const tileWidth = 256

/**
 * The log's leaves with their tree. A leaf is written in the transaction of what it stands for; the tree's head once a
 * transaction, before its commit. What a transaction or a work took back, the tree takes back too.
 */
export class Leaves {
  readonly #connection: Connection
  readonly #queries: ReturnType<typeof build>
  readonly #tree = new LeafTree()
  /** As it is on disk. */
  #durable: LogHead

  /** @throws {StoreError} LOG_FORKED, LOG_ROLLED_BACK: what is stored is not what the stored head says */
  constructor(connection: Connection, builder: Kysely<Tables>) {
    this.#connection = connection
    this.#queries = build(builder)
    this.#durable = this.#restore()
  }

  /** Of the last transaction that is on disk. */
  get head(): LogHead {
    return this.#durable
  }

  mark(): TreeMark {
    return this.#tree.mark()
  }

  undo(mark: TreeMark): void {
    this.#tree.undo(mark)
  }

  /** @returns the leaf's index */
  append(entry: Uint8Array): number {
    if (entry.length > 65_535) throw new RangeError('an entry of the log is too long')
    const position = this.#tree.size
    this.#connection.run(this.#queries.insert, { position, entry })
    for (const node of this.#tree.append(entry)) this.#connection.run(this.#queries.insertNode, { ...node })
    return position
  }

  /** To be called last in a transaction. */
  seal(): void {
    if (this.#tree.size === this.#durable.size) return
    this.#connection.run(this.#queries.saveHead, { size: this.#tree.size, root: this.#tree.root() })
  }

  committed(): void {
    if (this.#tree.size === this.#durable.size) return
    this.#durable = { size: this.#tree.size, root: this.#tree.root() }
  }

  /** Entries `[from, to)`, in order. */
  entries(from: number, to: number): Uint8Array[] {
    return this.#connection.all(this.#queries.entries, { from, to }).map((row) => bytes(row, 'entry'))
  }

  /** Roots of full tiles `[from, to)` of a level from 1. */
  nodes(level: number, from: number, to: number): Uint8Array[] {
    return this.#connection.all(this.#queries.nodes, { level, from, to }).map((row) => bytes(row, 'hash'))
  }

  putCheckpoint(checkpoint: CheckpointRow): void {
    this.#connection.run(this.#queries.dropUnwitnessed, { below: checkpoint.size })
    this.#connection.run(this.#queries.putCheckpoint, {
      size: checkpoint.size,
      note: checkpoint.note,
      witnessed: checkpoint.witnessed ? 1 : 0,
    })
  }

  lastCheckpoint(): CheckpointRow | null {
    return checkpointOrNull(this.#connection.get(this.#queries.lastCheckpoint, {}))
  }

  /** The first witnessed one of at least that size. */
  witnessedFrom(size: number): CheckpointRow | null {
    return checkpointOrNull(this.#connection.get(this.#queries.witnessedFrom, { size }))
  }

  lastWitnessed(): CheckpointRow | null {
    return checkpointOrNull(this.#connection.get(this.#queries.lastWitnessed, {}))
  }

  addEvidence(evidence: EvidenceRow): void {
    const { digest, position, nonceNote, quote } = evidence
    this.#connection.run(this.#queries.addEvidence, { digest, position, nonce_note: nonceNote, quote })
  }

  evidence(digest: string): EvidenceRow | null {
    const row = this.#connection.get(this.#queries.evidence, { digest })
    return row === null
      ? null
      : {
          digest: text(row, 'digest'),
          position: integer(row, 'position'),
          nonceNote: text(row, 'nonce_note'),
          quote: bytes(row, 'quote'),
        }
  }

  #restore(): LogHead {
    const row = this.#connection.get(this.#queries.head, {})
    const head = row === null ? null : { size: integer(row, 'size'), root: bytes(row, 'root') }
    const last = this.#connection.get(this.#queries.last, {})
    const held = last === null ? 0 : integer(last, 'position') + 1
    const size = head?.size ?? 0
    if (held < size) throw rolledBack()
    if (held > size) throw forked()
    let topLevel = 0
    while (tileWidth ** (topLevel + 1) <= size) topLevel += 1
    for (let level = topLevel; level > 0; level -= 1) {
      const count = Math.floor(size / tileWidth ** level)
      const nodes = this.nodes(level, count - (count % tileWidth), count)
      if (nodes.length !== count % tileWidth) throw rolledBack()
      for (const node of nodes) this.#tree.restore(level, node)
    }
    const tail = this.entries(size - (size % tileWidth), size)
    if (tail.length !== size % tileWidth) throw rolledBack()
    for (const entry of tail) this.#tree.append(entry)
    const root = this.#tree.root()
    if (head !== null && !Buffer.from(head.root).equals(root)) throw forked()
    return { size, root }
  }
}

const hint = 'restore the state folder as it was last; a log that was changed is never signed again'

function rolledBack(): StoreError {
  return new StoreError('LOG_ROLLED_BACK', 'the state lacks leaves that its log has signed for', { hint })
}

function forked(): StoreError {
  return new StoreError('LOG_FORKED', 'the leaves in the state are not those that its log has signed for', {
    hint,
  })
}

function checkpointOrNull(row: RawRow | null): CheckpointRow | null {
  if (row === null) return null
  return { size: integer(row, 'size'), note: text(row, 'note'), witnessed: integer(row, 'witnessed') === 1 }
}

function build(builder: Kysely<Tables>) {
  const checkpoint = builder.selectFrom('log_checkpoints').selectAll()
  return {
    insert: query((slot: Tables['log_leaves']) =>
      builder.insertInto('log_leaves').values({ position: slot.position, entry: slot.entry }),
    ),
    insertNode: query((slot: Tables['log_nodes']) =>
      builder.insertInto('log_nodes').values({ level: slot.level, position: slot.position, hash: slot.hash }),
    ),
    saveHead: query((slot: { size: number; root: Uint8Array }) =>
      builder
        .insertInto('log_head')
        .values({ name: 'head', size: slot.size, root: slot.root })
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet((held) => ({ size: held.ref('excluded.size'), root: held.ref('excluded.root') })),
        ),
    ),
    head: query(() => builder.selectFrom('log_head').select(['size', 'root']).where('name', '=', 'head')),
    last: query(() =>
      builder.selectFrom('log_leaves').select('position').orderBy('position', 'desc').limit(1),
    ),
    entries: query((slot: { from: number; to: number }) =>
      builder
        .selectFrom('log_leaves')
        .select('entry')
        .where('position', '>=', slot.from)
        .where('position', '<', slot.to)
        .orderBy('position'),
    ),
    nodes: query((slot: { level: number; from: number; to: number }) =>
      builder
        .selectFrom('log_nodes')
        .select('hash')
        .where('level', '=', slot.level)
        .where('position', '>=', slot.from)
        .where('position', '<', slot.to)
        .orderBy('position'),
    ),
    // one that no witness signed is worth nothing once there is a newer one
    dropUnwitnessed: query((slot: { below: number }) =>
      builder.deleteFrom('log_checkpoints').where('witnessed', '=', 0).where('size', '<', slot.below),
    ),
    putCheckpoint: query((slot: Tables['log_checkpoints']) =>
      builder
        .insertInto('log_checkpoints')
        .values({ size: slot.size, note: slot.note, witnessed: slot.witnessed })
        .onConflict((conflict) =>
          conflict
            .column('size')
            .doUpdateSet((held) => ({
              note: held.ref('excluded.note'),
              witnessed: held.ref('excluded.witnessed'),
            }))
            // what a witness signed is not given up for what none has signed yet
            .whereRef('log_checkpoints.witnessed', '<=', 'excluded.witnessed' as 'log_checkpoints.witnessed'),
        ),
    ),
    lastCheckpoint: query(() => checkpoint.orderBy('size', 'desc').limit(1)),
    lastWitnessed: query(() => checkpoint.where('witnessed', '=', 1).orderBy('size', 'desc').limit(1)),
    witnessedFrom: query((slot: { size: number }) =>
      checkpoint.where('witnessed', '=', 1).where('size', '>=', slot.size).orderBy('size').limit(1),
    ),
    addEvidence: query((slot: Tables['log_evidence']) =>
      builder.insertInto('log_evidence').values({
        digest: slot.digest,
        position: slot.position,
        nonce_note: slot.nonce_note,
        quote: slot.quote,
      }),
    ),
    evidence: query((slot: { digest: string }) =>
      builder.selectFrom('log_evidence').selectAll().where('digest', '=', slot.digest),
    ),
  }
}
