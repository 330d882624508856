import { fromBase64url, toBase64url } from './bytes.ts'
import { inBatches } from './batch.ts'
import type { BucketOrigin, ExactBucket, ExactTotals } from './bucket.ts'
import {
  editionOf,
  marksOf,
  verifyEdition,
  verifyEditionSignature,
  type EditionNames,
  type HourMark,
  type LinkMetadata,
} from './edition.ts'
import { InputError } from './errors.ts'
import { commitmentOf, type StatementLeaf, slotOf } from './leaf.ts'
import type { GapClaim } from './metadata.ts'
import {
  publicRecordSchema,
  type PublicRecord,
  type RecordEdition,
  type RecordEntry,
  type RecordStatement,
  type TrackRecord,
} from './record.ts'
import { statementDigest } from './statement.ts'
import type { Step } from './step.ts'
import { contraindicate } from './step.ts'
import { parseInstant } from './time.ts'
import { verifyStatement, type StatementKey } from './verification.ts'

/** An hour of a record as its last statement about it has it. */
export interface RecordHour {
  readonly startMs: number
  readonly origin: BucketOrigin
  /** Percent; null is undefined, see `reason`. */
  readonly returnPct: number | null
  readonly reason: string | null
  readonly marks: readonly HourMark[]
  /** Null in an edition, which tells no amounts. */
  readonly amounts: (ExactTotals & Pick<ExactBucket, 'income'>) | null
}

/** A link of a record's chain, be it a statement or an edition: all that judging the chain needs of it. */
export interface RecordLink {
  readonly metadata: LinkMetadata
  /** What the next link calls it: the digest of a statement, the commitment of an edition. */
  readonly name: string
  /** Where it stands in the log. */
  readonly position: number
  readonly periodStart: string
  readonly periodEnd: string
  readonly hours: readonly RecordHour[]
  readonly gaps: readonly GapClaim[]
  readonly leaf: StatementLeaf
  /** Its own signatures and sums. */
  readonly judge: (keys: readonly StatementKey[]) => Promise<readonly Step[]>
}

export function metadataOf(entry: RecordEntry): LinkMetadata {
  return 'edition' in entry ? entry.edition : entry.statement.metadata
}

/** The links of a record in its order. */
export async function linksOf(record: TrackRecord<RecordEntry>): Promise<readonly RecordLink[]> {
  const named = new Map<string, string>()
  const links = await inBatches(record.statements, (entry) =>
    'edition' in entry ? linkOfEdition(entry) : linkOfStatement(entry, named),
  )
  for (const { name, leaf } of links) named.set(name, leaf.commitment)
  return links
}

async function linkOfEdition({ edition, leaf: position }: RecordEdition): Promise<RecordLink> {
  return {
    metadata: edition,
    name: edition.statement,
    position,
    periodStart: edition.period_start,
    periodEnd: edition.period_end,
    hours: edition.hours.map((hour) => ({
      startMs: parseInstant(hour.t),
      origin: hour.origin,
      returnPct: hour.return_pct,
      reason: hour.return_reason,
      marks: marksOf(hour),
      amounts: null,
    })),
    gaps: edition.gaps,
    leaf: {
      leaf: 'statement',
      slot: toBase64url(await slotOf(edition.account, edition.sequence)),
      commitment: edition.statement,
    },
    judge: (keys) => verifyEdition(edition, keys),
  }
}

async function linkOfStatement(
  { statement, salt, leaf: position, edition_signature: signature }: RecordStatement,
  named: ReadonlyMap<string, string>,
): Promise<RecordLink> {
  const { metadata } = statement
  const previousOf = (): string | null =>
    metadata.previous === null ? null : (named.get(metadata.previous) ?? metadata.previous)
  const digest = await statementDigest(statement)
  const commitment = toBase64url(await commitmentOf(fromBase64url(salt), digest))
  return {
    metadata,
    name: digest,
    position,
    periodStart: statement.period_start,
    periodEnd: statement.period_end,
    hours: metadata.exact.hourly_buckets.map((exact, index) => ({
      startMs: parseInstant(exact.t),
      origin: exact.origin,
      returnPct: statement.hourly_buckets[index]?.return_pct ?? null,
      reason: exact.return_reason,
      marks: marksOf(exact),
      amounts: exact,
    })),
    gaps: metadata.coverage.gaps,
    leaf: {
      leaf: 'statement',
      slot: toBase64url(await slotOf(metadata.account, metadata.sequence)),
      commitment,
    },
    judge: async (keys) => {
      const steps = await verifyStatement(statement, keys)
      if (signature === undefined) return steps
      const edition = editionOf(statement, namesOf(statement, commitment, previousOf(), named))
      const { status, code } = await verifyEditionSignature(edition, signature, keys)
      if (status === 'affirming') return steps
      return [...steps, contraindicate('edition', code, 'the signature of its public edition does not hold')]
    },
  }
}

function namesOf(
  { metadata }: RecordStatement['statement'],
  commitment: string,
  previous: string | null,
  named: ReadonlyMap<string, string>,
): EditionNames {
  const corrects = metadata.type === 'correction' ? metadata.correction.corrects : []
  return { statement: commitment, previous, corrects: corrects.map((digest) => named.get(digest) ?? digest) }
}

/**
 * The record in percentages only, for everybody to see: the enclave signed each statement's public edition with it.
 * @throws {InputError} `EDITION_MISSING` where an older enclave did not
 */
export async function publicRecordOf(record: TrackRecord): Promise<PublicRecord> {
  const named = new Map<string, string>()
  let previous: string | null = null
  const statements = []
  for (const { statement, salt, edition_signature: signature, leaf, inclusion } of record.statements) {
    if (signature === undefined) {
      throw new InputError(
        'EDITION_MISSING',
        `statement ${statement.metadata.sequence} has no signed public edition`,
        { hint: 'only the record with its amounts can be shown' },
      )
    }
    const digest = await statementDigest(statement)
    const commitment = toBase64url(await commitmentOf(fromBase64url(salt), digest))
    const edition = editionOf(statement, namesOf(statement, commitment, previous, named))
    statements.push({ edition: { ...edition, signature }, leaf, inclusion })
    named.set(digest, commitment)
    previous = commitment
  }
  return { ...record, schema: publicRecordSchema, statements }
}
