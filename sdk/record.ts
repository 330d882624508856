import { fromBase64 } from './bytes.ts'
import { parseEdition, type Edition } from './edition.ts'
import { InputError } from './errors.ts'
import { readHash } from './leaf.ts'
import { readPseudonym, readSignature } from './metadata.ts'
import type { Quote } from './quote.ts'
import { parseQuote } from './quote.ts'
import {
  memberPath,
  readArray,
  readBoolean,
  readEnum,
  readInteger,
  readObject,
  readRecord,
  readString,
} from './shape.ts'
import type { Statement } from './statement.ts'
import { parseStatement } from './statement.ts'

/** A whole track record as one file: all that is needed to check it without asking anybody. */
export interface TrackRecord<Entry extends RecordEntry = RecordStatement> {
  readonly schema: Entry extends RecordEdition ? typeof publicRecordSchema : typeof recordSchema
  /** Public pseudonym. */
  readonly account: string
  /** Signed note; every proof of the record leads to its tree. */
  readonly checkpoint: string
  /** Earlier ones that witnesses signed: they say when evidence was there already. */
  readonly checkpoints: readonly RecordCheckpoint[]
  readonly evidence: readonly RecordEvidence[]
  /** The account's chain, from its first statement on. */
  readonly statements: readonly Entry[]
}

/** The same in percentages only: every statement by its public edition. */
export type PublicRecord = TrackRecord<RecordEdition>
export type RecordEntry = RecordStatement | RecordEdition

export interface RecordCheckpoint {
  readonly note: string
  /** base64, from this one to the record's checkpoint. */
  readonly consistency: readonly string[]
}

/** Where an entry stands in the log, and that it does. */
export interface Logged {
  readonly leaf: number
  /** base64, from the leaf upwards. */
  readonly inclusion: readonly string[]
}

export interface RecordEvidence extends Logged {
  readonly quote: Quote
  /** The checkpoint whose SHA-256 is the quote's nonce; empty where there was none. */
  readonly nonce_note: string
}

export interface RecordStatement extends Logged {
  readonly statement: Statement
  /** base64url */
  readonly salt: string
  /** base64, the signature of the statement's public edition; statements of older enclaves have none. */
  readonly edition_signature?: string
}

export interface RecordEdition extends Logged {
  readonly edition: Edition
}

/** A part of a record, as the enclave gives it out: with `size` of the first page's checkpoint it goes on. */
export interface RecordPage<Entry extends RecordEntry = RecordStatement> extends Omit<
  TrackRecord<Entry>,
  'schema' | 'checkpoint'
> {
  readonly schema: Entry extends RecordEdition ? typeof publicRecordPageSchema : typeof recordPageSchema
  /** Of the first page. */
  readonly checkpoint: string | null
  readonly more: boolean
}

export const recordSchema = 'perf-agg/record/v1'
export const recordPageSchema = 'perf-agg/record-page/v1'
export const publicRecordSchema = 'perf-agg/public-record/v1'
export const publicRecordPageSchema = 'perf-agg/public-record-page/v1'

/** Ten years of hours, each a statement of its own. */
const statementsMax = 100_000
const evidenceMax = 10_000
const proofMax = 64
const noteCharactersMax = 65_536
const parts = ['account', 'checkpoint', 'checkpoints', 'evidence', 'statements'] as const

/** Takes the form only. @throws {InputError} `INPUT_INVALID` */
export function parseRecord(value: unknown): TrackRecord {
  const record = readObject(value, '', { required: ['schema', ...parts] })
  return {
    schema: readEnum(record.schema, 'schema', [recordSchema]),
    checkpoint: readNote(record.checkpoint, 'checkpoint'),
    ...readParts(record, readRecordStatement),
  }
}

/** @throws {InputError} `INPUT_INVALID` */
export function parsePublicRecord(value: unknown): PublicRecord {
  const record = readObject(value, '', { required: ['schema', ...parts] })
  return {
    schema: readEnum(record.schema, 'schema', [publicRecordSchema]),
    checkpoint: readNote(record.checkpoint, 'checkpoint'),
    ...readParts(record, readRecordEdition),
  }
}

/** Of either kind, whichever it says it is. @throws {InputError} `INPUT_INVALID` */
export function parseEitherRecord(value: unknown): TrackRecord | PublicRecord {
  const { schema } = readRecord(value, '')
  return schema === publicRecordSchema ? parsePublicRecord(value) : parseRecord(value)
}

/** @throws {InputError} `INPUT_INVALID` */
export function parseRecordPage(value: unknown): RecordPage {
  const page = readObject(value, '', { required: ['schema', ...parts, 'more'] })
  return {
    schema: readEnum(page.schema, 'schema', [recordPageSchema]),
    ...readPageParts(page, readRecordStatement),
  }
}

/** @throws {InputError} `INPUT_INVALID` */
export function parsePublicRecordPage(value: unknown): RecordPage<RecordEdition> {
  const page = readObject(value, '', { required: ['schema', ...parts, 'more'] })
  return {
    schema: readEnum(page.schema, 'schema', [publicRecordPageSchema]),
    ...readPageParts(page, readRecordEdition),
  }
}

/** Of either kind. @throws {InputError} `INPUT_INVALID` */
export function parseEitherRecordPage(value: unknown): RecordPage | RecordPage<RecordEdition> {
  const { schema } = readRecord(value, '')
  return schema === publicRecordPageSchema ? parsePublicRecordPage(value) : parseRecordPage(value)
}

/** @throws {InputError} `INPUT_INVALID` where they are not of one record */
export function joinEitherRecordPages(
  pages: readonly (RecordPage | RecordPage<RecordEdition>)[],
): TrackRecord | PublicRecord {
  const full = pages.filter((page) => page.schema === recordPageSchema)
  const editions = pages.filter((page) => page.schema === publicRecordPageSchema)
  if (full.length > 0 && editions.length > 0) {
    throw new InputError('INPUT_INVALID', 'the pages are not of one record')
  }
  return full.length > 0 ? joinRecordPages(full) : joinPublicRecordPages(editions)
}

/**
 * The pages of one record, in their order, as one.
 * @throws {InputError} `INPUT_INVALID` where they are not of one
 */
export function joinRecordPages(pages: readonly RecordPage[]): TrackRecord {
  return { schema: recordSchema, ...joinPages(pages) }
}

/** @throws {InputError} `INPUT_INVALID` */
export function joinPublicRecordPages(pages: readonly RecordPage<RecordEdition>[]): PublicRecord {
  return { schema: publicRecordSchema, ...joinPages(pages) }
}

function joinPages<Entry>(pages: readonly PageParts<Entry>[]): Omit<PageParts<Entry>, 'more'> & {
  readonly checkpoint: string
} {
  const [first] = pages
  if (
    first === undefined ||
    first.checkpoint === null ||
    pages.some((page) => page.account !== first.account)
  ) {
    throw new InputError('INPUT_INVALID', 'the pages are not of one record')
  }
  const unique = <Part>(list: readonly Part[], name: (part: Part) => unknown): Part[] => [
    ...new Map(list.map((part) => [name(part), part])).values(),
  ]
  return {
    account: first.account,
    checkpoint: first.checkpoint,
    checkpoints: unique(
      pages.flatMap((page) => page.checkpoints),
      ({ note }) => note,
    ),
    evidence: unique(
      pages.flatMap((page) => page.evidence),
      ({ leaf }) => leaf,
    ),
    statements: pages.flatMap((page) => page.statements),
  }
}

/** What pages of both kinds hold. */
interface PageParts<Entry> {
  readonly account: string
  readonly checkpoint: string | null
  readonly checkpoints: readonly RecordCheckpoint[]
  readonly evidence: readonly RecordEvidence[]
  readonly statements: readonly Entry[]
  readonly more: boolean
}

type Values = { readonly [Name in (typeof parts)[number]]: unknown }

function readPageParts<Entry>(
  page: Values & { readonly more: unknown },
  readEntry: (value: unknown, path: string) => Entry,
): PageParts<Entry> {
  return {
    ...readParts(page, readEntry),
    checkpoint: page.checkpoint === null ? null : readNote(page.checkpoint, 'checkpoint'),
    more: readBoolean(page.more, 'more'),
  }
}

function readParts<Entry>(value: Values, readEntry: (value: unknown, path: string) => Entry) {
  return {
    account: readPseudonym(value.account, 'account'),
    checkpoints: readArray(value.checkpoints, 'checkpoints', evidenceMax, readRecordCheckpoint),
    evidence: readArray(value.evidence, 'evidence', evidenceMax, readEvidence),
    statements: readArray(value.statements, 'statements', statementsMax, readEntry),
  }
}

function readRecordCheckpoint(value: unknown, path: string): RecordCheckpoint {
  const { note, consistency } = readObject(value, path, { required: ['note', 'consistency'] })
  return {
    note: readNote(note, memberPath(path, 'note')),
    consistency: readProof(consistency, memberPath(path, 'consistency')),
  }
}

function readEvidence(value: unknown, path: string): RecordEvidence {
  const evidence = readObject(value, path, { required: ['quote', 'nonce_note', 'leaf', 'inclusion'] })
  return {
    ...readLogged(evidence, path),
    quote: under(memberPath(path, 'quote'), () => parseQuote(evidence.quote)),
    nonce_note: readString(evidence.nonce_note, memberPath(path, 'nonce_note'), { max: noteCharactersMax }),
  }
}

function readRecordStatement(value: unknown, path: string): RecordStatement {
  const each = readObject(value, path, {
    required: ['statement', 'salt', 'leaf', 'inclusion'],
    optional: ['edition_signature'],
  })
  const signature = each.edition_signature
  return {
    ...readLogged(each, path),
    statement: under(memberPath(path, 'statement'), () => parseStatement(each.statement)),
    salt: readHash(each.salt, memberPath(path, 'salt')),
    ...(signature === undefined
      ? {}
      : { edition_signature: readSignature(signature, memberPath(path, 'edition_signature')) }),
  }
}

function readRecordEdition(value: unknown, path: string): RecordEdition {
  const each = readObject(value, path, { required: ['edition', 'leaf', 'inclusion'] })
  return {
    ...readLogged(each, path),
    edition: under(memberPath(path, 'edition'), () => parseEdition(each.edition)),
  }
}

function readLogged(value: { readonly leaf: unknown; readonly inclusion: unknown }, path: string): Logged {
  return {
    leaf: readInteger(value.leaf, memberPath(path, 'leaf'), { min: 0 }),
    inclusion: readProof(value.inclusion, memberPath(path, 'inclusion')),
  }
}

/** Says where in the record it is that has not its form. */
function under<Value>(path: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(error.code, `${path}: ${error.message}`)
  }
}

function readNote(value: unknown, path: string): string {
  return readString(value, path, { min: 1, max: noteCharactersMax })
}

function readProof(value: unknown, path: string): readonly string[] {
  return readArray(value, path, proofMax, (each, eachPath) => {
    const text = readString(each, eachPath, { min: 44, max: 44 })
    try {
      if (fromBase64(text).length === 32) return text
    } catch {
      // said below
    }
    throw new InputError('INPUT_INVALID', `${eachPath} must be 32 bytes of base64`)
  })
}
