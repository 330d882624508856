import {
  consistencyProof,
  editionOf,
  inclusionProof,
  InputError,
  type Logged,
  type NodeReader,
  parseJson,
  parseStatement,
  PerfAggError,
  publicRecordPageSchema,
  type Quote,
  type RecordCheckpoint,
  type RecordEdition,
  type RecordEvidence,
  type RecordPage,
  recordPageSchema,
  type RecordStatement,
  type Statement,
  toBase64,
  toBase64url,
} from '@perf-agg/sdk'
import { limits } from '../../limits.ts'
import type { Publisher } from '../../log/publisher.ts'
import { hashNode, nodeReader } from '../../log/source.ts'
import type { StatementRow, Store } from '../../store/store.ts'
import { commitmentOfRow, namesOf } from './edition.ts'

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

/** A row of the page with its statement and the place that it has in the log. */
interface Row {
  readonly row: StatementRow & { readonly leaf: NonNullable<StatementRow['leaf']> }
  readonly statement: Statement
  readonly logged: Logged
}

/**
 * One page of an account's record: statements in order, each with its place in the log, the evidence that they name
 * and the first witnessed checkpoints that cover it.
 */
export async function recordPage(
  parts: Parts,
  account: string,
  place: RecordPlace | null,
): Promise<RecordPage> {
  const { rows, ...page } = await pageOf(parts, account, place, Number.MAX_SAFE_INTEGER)
  return { schema: recordPageSchema, ...page, statements: rows.map(recordStatement) }
}

/** What everybody may see of it: up to `lastSequence`, in percentages only or with amounts. */
export async function publicRecordPage(
  parts: Parts,
  account: string,
  place: RecordPlace | null,
  shown: { readonly lastSequence: number; readonly amounts: boolean },
): Promise<RecordPage | RecordPage<RecordEdition>> {
  const { rows, ...page } = await pageOf(parts, account, place, shown.lastSequence)
  if (shown.amounts) return { schema: recordPageSchema, ...page, statements: rows.map(recordStatement) }
  const commitmentOf = async (digest: string): Promise<string | null> => {
    const found = await parts.store.statementByDigest(digest)
    return found === null ? null : commitmentOfRow(found)
  }
  const statements: RecordEdition[] = []
  for (const { row, statement, logged } of rows) {
    const { previous } = statement.metadata
    const names = await namesOf(statement, { digest: row.digest, previous }, commitmentOf)
    if (names === null || row.editionSignature === null) throw editionMissing(row.sequence)
    const signature = toBase64(row.editionSignature)
    statements.push({ edition: { ...editionOf(statement, names), signature }, ...logged })
  }
  return { schema: publicRecordPageSchema, ...page, statements }
}

export function editionMissing(sequence: number): PerfAggError {
  return new InputError(
    'EDITION_MISSING',
    `statement ${sequence} was made before there were public editions`,
    {
      hint: 'such a record can only be shown with its amounts',
    },
  )
}

async function pageOf(
  { store, publisher }: Parts,
  account: string,
  place: RecordPlace | null,
  lastSequence: number,
) {
  const current = await published(store, publisher)
  const size = place?.size ?? current.size
  if (size > current.size) throw new InputError('INPUT_INVALID', 'the log has no such size')
  const read = nodeReader(store)
  const all = await store.statements(account, {
    afterSequence: place?.afterSequence ?? 0,
    limit: limits.log.recordPageRows,
  })
  const rows: Row[] = []
  const digests = new Set<string>()
  for (const row of all) {
    const { leaf } = row
    if (leaf === null || leaf.position >= size || row.sequence > lastSequence) break
    const statement = parseStatement(parseJson(row.body))
    rows.push({ row: { ...row, leaf }, statement, logged: await logged(leaf.position, size, read) })
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
    account,
    checkpoint: place === null ? current.note : null,
    checkpoints: [...checkpoints.values()],
    evidence,
    rows,
    // a page that a later statement cut short was the last of this size
    more: all.length === limits.log.recordPageRows && rows.length === all.length,
  }
}

function recordStatement({ row, statement, logged: place }: Row): RecordStatement {
  return {
    ...place,
    statement,
    salt: toBase64url(row.leaf.salt),
    ...(row.editionSignature === null ? {} : { edition_signature: toBase64(row.editionSignature) }),
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
