import type { BucketOrigin, EquityBand, ExactBucket } from './bucket.ts'
import { bucketOrigins, equityBands, readCode, readHour, readInstant } from './bucket.ts'
import { canonicalBytes } from './canonical.ts'
import { fromBase64 } from './bytes.ts'
import { InputError } from './errors.ts'
import { thumbprint } from './key.ts'
import { readHash } from './leaf.ts'
import type {
  CorrectionClaim,
  GapClaim,
  KeyStartClaim,
  MetadataBase,
  ReturnMethod,
  StatementType,
} from './metadata.ts'
import {
  readGap,
  readKeyStart,
  readLog,
  readPseudonym,
  readSignature,
  readThumbprint,
  statementTypes,
} from './metadata.ts'
import { readDigest, readSource, readText } from './source.ts'
import {
  memberPath,
  readArray,
  readEnum,
  readInteger,
  readNullable,
  readNumber,
  readObject,
} from './shape.ts'
import { verifySignature } from './signature.ts'
import type { Statement } from './statement.ts'
import { checkPeriod } from './statement.ts'
import type { Step } from './step.ts'
import { affirm, contraindicate } from './step.ts'
import { hourMs, parseInstant } from './time.ts'
import type { StatementKey } from './verification.ts'

/** What links of a chain have in common, statements and editions: what decides their place in it. */
export type LinkMetadata = Pick<
  MetadataBase,
  | 'account'
  | 'client_accounts'
  | 'sequence'
  | 'previous'
  | 'first_observed_at'
  | 'source'
  | 'return_method'
  | 'scope'
  | 'equity_band'
  | 'config_digest'
  | 'key_id'
  | 'evidence_digest'
  | 'log'
  | 'issued_at'
> &
  (
    | { readonly type: 'registered' | 'period' | 'scope' | 'gap' }
    | { readonly type: 'correction'; readonly correction: Pick<CorrectionClaim, 'corrects' | 'cause'> }
    | { readonly type: 'closed'; readonly closed: { readonly reason: string } }
    | { readonly type: 'key_start'; readonly key_start: KeyStartClaim }
  )

/** What a reader must know of an hour, without what was held: only that it is so. */
export const hourMarks = [
  'no_capital',
  'below_floor',
  'approximate',
  'unpriced_fees',
  'unreconciled',
  'unpriced',
  'stale',
] as const
export type HourMark = (typeof hourMarks)[number]

/** An hour of an edition: its return and nothing that could be counted in money. */
export type EditionHour = {
  readonly t: string
  readonly origin: BucketOrigin
  readonly return_pct: number | null
  readonly return_reason: string | null
} & { readonly [Mark in HourMark]?: true }

/**
 * The public edition of a statement: what may be shown of it to everybody, percentages only, signed by the same key in
 * the same moment. Whoever has an edition checks the chain, the key and the place in the log as with the statement
 * itself, and learns no volume, no fee, no flow, no asset and no client id. Statements are named by the commitment of
 * their leaf in the log, never by their digest, which would confirm a guess at what is left out.
 */
export type Edition = EditionBody & { readonly signature: string }

export type EditionBody = LinkMetadata & {
  readonly schema: typeof editionSchema
  /** Commitment of the statement's leaf in the log; `previous` and `corrects` name others in the same way. */
  readonly statement: string
  readonly connector_version: string
  readonly period_start: string
  readonly period_end: string
  readonly hours: readonly EditionHour[]
  readonly gaps: readonly GapClaim[]
}

export const editionSchema = 'perf-agg/edition/v1'

/** How an edition names statements. */
export interface EditionNames {
  readonly statement: string
  readonly previous: string | null
  readonly corrects: readonly string[]
}

/** The edition of a statement: the same statement gives the same bytes. */
export function editionOf(statement: Statement, names: EditionNames): EditionBody {
  const { metadata } = statement
  const base = {
    schema: editionSchema,
    statement: names.statement,
    connector_version: statement.connector_version,
    period_start: statement.period_start,
    period_end: statement.period_end,
    account: metadata.account,
    client_accounts: metadata.client_accounts,
    sequence: metadata.sequence,
    previous: names.previous,
    first_observed_at: metadata.first_observed_at,
    source: metadata.source,
    return_method: metadata.return_method,
    scope: metadata.scope,
    equity_band: metadata.equity_band,
    config_digest: metadata.config_digest,
    key_id: metadata.key_id,
    evidence_digest: metadata.evidence_digest,
    log: metadata.log,
    issued_at: metadata.issued_at,
    hours: metadata.exact.hourly_buckets.map((exact, index) => ({
      t: exact.t,
      origin: exact.origin,
      return_pct: statement.hourly_buckets[index]?.return_pct ?? null,
      return_reason: exact.return_reason,
      ...Object.fromEntries(marksOf(exact).map((mark) => [mark, true as const])),
    })),
    gaps: metadata.coverage.gaps,
  } as const
  switch (metadata.type) {
    case 'correction': {
      const { cause } = metadata.correction
      return { ...base, type: metadata.type, correction: { corrects: names.corrects, cause } }
    }
    case 'closed':
      return { ...base, type: metadata.type, closed: metadata.closed }
    case 'key_start':
      return { ...base, type: metadata.type, key_start: metadata.key_start }
    default:
      return { ...base, type: metadata.type }
  }
}

export function marksOf(hour: ExactBucket | EditionHour): readonly HourMark[] {
  return hourMarks.filter((mark) => {
    const value = hour[mark]
    return value === true || (Array.isArray(value) && value.length > 0)
  })
}

/** The bytes under an edition's signature. */
export function editionSignedBytes(edition: EditionBody): Uint8Array<ArrayBuffer> {
  return canonicalBytes(Object.fromEntries(Object.entries(edition).filter(([name]) => name !== 'signature')))
}

/** By the enclave's own key, never by a mounted one. */
export async function verifyEditionSignature(
  edition: EditionBody,
  signature: string,
  keys: readonly StatementKey[],
): Promise<Step> {
  let known = false
  for (const { publicKey, holder } of keys) {
    if (holder !== 'enclave' || (await thumbprint(publicKey)) !== edition.key_id) continue
    known = true
    if (await verifySignature(publicKey, editionSignedBytes(edition), fromBase64(signature))) {
      return affirm('signature', 'signed by the enclave')
    }
  }
  return known
    ? contraindicate('signature', 'SIGNATURE_INVALID', 'the signature does not hold: something was changed')
    : contraindicate('signature', 'KEY_UNKNOWN', 'the key it names is none of those given')
}

/** Looks at one edition on its own. Never throws for anything in it. */
export async function verifyEdition(
  edition: Edition,
  keys: readonly StatementKey[],
): Promise<readonly Step[]> {
  const { hours, gaps, period_start, period_end, issued_at } = edition
  const unfounded = hours.findIndex((hour) => (hour.return_pct === null) !== (hour.return_reason !== null))
  let reachedMs = parseInstant(period_start)
  for (const gap of gaps) {
    if (parseInstant(gap.from) >= reachedMs) reachedMs = parseInstant(gap.to)
    else reachedMs = Number.POSITIVE_INFINITY
  }
  const covered =
    edition.type === 'gap' ? reachedMs === parseInstant(period_end) : reachedMs <= parseInstant(period_end)
  const origins = new Set(hours.map(({ origin }) => origin))
  return [
    await verifyEditionSignature(edition, edition.signature, keys),
    unfounded === -1
      ? affirm('buckets', `${hours.length} hours, each with a return or the reason why not`)
      : contraindicate('buckets', 'BUCKET_MISMATCH', `hour ${unfounded + 1} has neither return nor reason`),
    covered && (edition.type !== 'period' || origins.size === 1)
      ? affirm('coverage', hours.length === 0 ? 'no hours to cover' : `${hours.length} hours, none left out`)
      : contraindicate('coverage', 'COVERAGE_MISMATCH', 'its hours and gaps do not fit its period'),
    hours.every(({ t }) => parseInstant(t) + hourMs <= parseInstant(issued_at))
      ? affirm('time', `issued ${issued_at}, after all that it states`)
      : contraindicate('time', 'ISSUED_TOO_EARLY', 'it states hours that were not over when it was issued'),
  ]
}

const hoursMax = 10_000
const baseMembers = [
  'schema',
  'statement',
  'type',
  'connector_version',
  'period_start',
  'period_end',
  'account',
  'client_accounts',
  'sequence',
  'previous',
  'first_observed_at',
  'source',
  'return_method',
  'scope',
  'equity_band',
  'config_digest',
  'key_id',
  'evidence_digest',
  'log',
  'issued_at',
  'hours',
  'gaps',
  'signature',
] as const

/** Takes the form only: an unknown member anywhere is refused. @throws {InputError} `INPUT_INVALID` */
export function parseEdition(value: unknown): Edition {
  const edition = readObject(value, '', {
    required: baseMembers,
    optional: ['correction', 'closed', 'key_start'],
  })
  const type = readEnum<StatementType>(edition.type, 'type', statementTypes)
  for (const name of ['correction', 'closed', 'key_start'] as const) {
    if ((edition[name] !== undefined) !== (type === name)) {
      throw new InputError('INPUT_INVALID', `${name} must be there for its own type and no other`)
    }
  }
  const base = {
    schema: readEnum(edition.schema, 'schema', [editionSchema]),
    statement: readHash(edition.statement, 'statement'),
    connector_version: readText(edition.connector_version, 'connector_version'),
    period_start: readInstant(edition.period_start, 'period_start'),
    period_end: readInstant(edition.period_end, 'period_end'),
    account: readPseudonym(edition.account, 'account'),
    client_accounts: readNullable(edition.client_accounts, 'client_accounts', readCount),
    sequence: readInteger(edition.sequence, 'sequence', { min: 1 }),
    previous: readNullable(edition.previous, 'previous', readHash),
    first_observed_at: readNullable(edition.first_observed_at, 'first_observed_at', readInstant),
    source: readSource(edition.source, 'source'),
    return_method: readEnum<ReturnMethod>(edition.return_method, 'return_method', ['twr', 'capital-in-use']),
    scope: readArray(edition.scope, 'scope', 64, readCode),
    equity_band: readNullable(edition.equity_band, 'equity_band', (each, path) =>
      readEnum<EquityBand>(each, path, equityBands),
    ),
    config_digest: readDigest(edition.config_digest, 'config_digest'),
    key_id: readThumbprint(edition.key_id, 'key_id'),
    evidence_digest: readNullable(edition.evidence_digest, 'evidence_digest', readDigest),
    log: readNullable(edition.log, 'log', readLog),
    issued_at: readInstant(edition.issued_at, 'issued_at'),
    hours: readArray(edition.hours, 'hours', hoursMax, readEditionHour),
    gaps: readArray(edition.gaps, 'gaps', hoursMax, readGap),
    signature: readSignature(edition.signature, 'signature'),
  }
  if ((base.previous === null) !== (base.sequence === 1)) {
    throw new InputError('INPUT_INVALID', 'previous must be null for sequence 1 and no other')
  }
  checkPeriod({ ...base, hourly_buckets: base.hours }, type)
  switch (type) {
    case 'correction': {
      const { corrects, cause } = readObject(edition.correction, 'correction', {
        required: ['corrects', 'cause'],
      })
      const digests = readArray(corrects, 'correction.corrects', hoursMax, readHash)
      const causes = ['late-fill', 'late-flow', 'explained', 'changed'] as const
      const read = { corrects: digests, cause: readEnum(cause, 'correction.cause', causes) }
      return { ...base, type, correction: read }
    }
    case 'closed': {
      const closed = readObject(edition.closed, 'closed', { required: ['reason'] })
      return { ...base, type, closed: { reason: readCode(closed.reason, 'closed.reason') } }
    }
    case 'key_start':
      return { ...base, type, key_start: readKeyStart(edition.key_start, 'key_start') }
    default:
      return { ...base, type }
  }
}

function readEditionHour(value: unknown, path: string): EditionHour {
  const hour = readObject(value, path, {
    required: ['t', 'origin', 'return_pct', 'return_reason'],
    optional: hourMarks,
  })
  const marks: { [Mark in HourMark]?: true } = {}
  for (const mark of hourMarks) {
    if (hour[mark] !== undefined) marks[mark] = readEnum<true>(hour[mark], memberPath(path, mark), [true])
  }
  return {
    t: readHour(hour.t, memberPath(path, 't')),
    origin: readEnum(hour.origin, memberPath(path, 'origin'), bucketOrigins),
    return_pct: readNullable(hour.return_pct, memberPath(path, 'return_pct'), (each, eachPath) =>
      readNumber(each, eachPath),
    ),
    return_reason: readNullable(hour.return_reason, memberPath(path, 'return_reason'), readCode),
    ...marks,
  }
}

function readCount(value: unknown, path: string): number {
  return readInteger(value, path, { min: 0 })
}
