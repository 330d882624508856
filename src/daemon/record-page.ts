import {
  consistencyProof,
  inclusionProof,
  InputError,
  type Logged,
  type NodeReader,
  parseJson,
  parseStatement,
  PerfAggError,
  type Quote,
  type RecordCheckpoint,
  type RecordEvidence,
  type RecordPage,
  recordPageSchema,
  type RecordStatement,
  toBase64,
  toBase64url,
} from '@perf-agg/sdk'
import { limits } from '../limits.ts'
import type { Publisher } from '../log/publisher.ts'
import { hashNode, nodeReader } from '../log/source.ts'
import type { Store } from '../store/store.ts'

/** Where a page begins; null: the first one, of the log as it is now. */
export interface RecordPlace {
  readonly afterSequence: number
  /** Of the first page's checkpoint, which every proof leads to. */
  readonly size: number
}

interface Parts {
  readonly store: Store
  readonly publisher: Publisher
}

/**
 * One page of an account's record: statements in order, each with its place in the log, the evidence that they name
 * and the first witnessed checkpoints that cover it.
 */
export async function recordPage(
  { store, publisher }: Parts,
  account: string,
  place: RecordPlace | null,
): Promise<RecordPage> {
  const current = await published(store, publisher)
  const size = place?.size ?? current.size
  if (size > current.size) throw new InputError('INPUT_INVALID', 'the log has no such size')
  const read = nodeReader(store)
  const rows = await store.statements(account, {
    afterSequence: place?.afterSequence ?? 0,
    limit: limits.log.recordPageRows,
  })
  const statements: RecordStatement[] = []
  const digests = new Set<string>()
  for (const row of rows) {
    if (row.leaf === null || row.leaf.position >= size) break
    const statement = parseStatement(parseJson(row.body))
    statements.push({
      ...(await logged(row.leaf.position, size, read)),
      statement,
      salt: toBase64url(row.leaf.salt),
    })
    if (statement.metadata.evidence_digest !== null) digests.add(statement.metadata.evidence_digest)
  }
  const evidence: RecordEvidence[] = []
  const checkpoints = new Map<number, RecordCheckpoint>()
  for (const digest of digests) {
    const found = await store.evidence(digest)
    if (found === null || found.position >= size) continue
    evidence.push({
      ...(await logged(found.position, size, read)),
      quote: parseJson(found.quote) as Quote,
      nonce_note: found.nonceNote,
    })
    const covering = await store.witnessedFrom(found.position + 1)
    if (covering === null || covering.size >= size) continue
    const proof = await consistencyProof(covering.size, size, read, hashNode)
    checkpoints.set(covering.size, { note: covering.note, consistency: proof.map(toBase64) })
  }
  return {
    schema: recordPageSchema,
    account,
    checkpoint: place === null ? current.note : null,
    checkpoints: [...checkpoints.values()],
    evidence,
    statements,
    // a page that a later statement cut short was the last of this size
    more: rows.length === limits.log.recordPageRows && statements.length === rows.length,
  }
}

/** The latest checkpoint, with all that is on disk in it. */
async function published(store: Store, publisher: Publisher): Promise<{ size: number; note: string }> {
  const latest = publisher.latest
  if (latest !== null && latest.size === (await store.logHead()).size) return latest
  try {
    return await publisher.publish()
  } catch (error) {
    if (latest === null || !(error instanceof PerfAggError)) throw error
    return latest
  }
}

async function logged(leaf: number, size: number, read: NodeReader): Promise<Logged> {
  return { leaf, inclusion: (await inclusionProof(leaf, size, read, hashNode)).map(toBase64) }
}
