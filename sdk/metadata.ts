import { fromBase64 } from './bytes.ts'
import type { EquityBand, ExactBucket, ExactTotals } from './bucket.ts'
import { equityBands, readAsset, readCode, readExactBucket, readExactTotals, readInstant } from './bucket.ts'
import { InputError } from './errors.ts'
import type { PublicJwk } from './key.ts'
import { readPublicJwk } from './key.ts'
import {
  memberPath,
  readArray,
  readBoolean,
  readEnum,
  readInteger,
  readNullable,
  readNumber,
  readObject,
  readString,
} from './shape.ts'
import { readDigest, readSource, readText, type Source } from './source.ts'
import { parseInstant } from './time.ts'

export type StatementType = 'registered' | 'period' | 'scope' | 'gap' | 'correction' | 'closed' | 'key_start'
export type ReturnMethod = 'twr' | 'capital-in-use'
export type CorrectionCause = 'late-fill' | 'late-flow' | 'explained' | 'changed'

export const statementSchema = 'perf-agg/statement/v1'

/** Hours that could not be observed, and why; half-open. */
export interface GapClaim {
  readonly from: string
  readonly to: string
  readonly reason: string
}

export interface Pricing {
  readonly currency: 'USD'
  readonly pegged: readonly string[]
  readonly price_age_max_s: number
  readonly unpriced: readonly string[]
}

export interface Coverage {
  readonly hours_expected: number
  readonly observed: number
  readonly recovered: number
  readonly backfilled: number
  readonly gaps: readonly GapClaim[]
  /** Every balance change of these hours is explained. */
  readonly reconciled: boolean
  /** The hours that hold unexplained changes; the amounts stand in their exact buckets. */
  readonly unreconciled: readonly string[]
}

/** What every statement says beside its figures, signed with them. */
export interface MetadataBase {
  readonly schema: typeof statementSchema
  /** The account's public pseudonym: 43 characters of base64url. */
  readonly account: string
  /** How many accounts this client key has registered; null without a client key. */
  readonly client_accounts: number | null
  /** 1 is the first of an account. */
  readonly sequence: number
  /** Digest of the statement before; null for the first only. */
  readonly previous: string | null
  readonly first_observed_at: string | null
  readonly source: Source
  readonly return_method: ReturnMethod
  readonly pricing: Pricing
  readonly coverage: Coverage
  readonly exact: { readonly hourly_buckets: readonly ExactBucket[]; readonly totals: ExactTotals }
  /** The wallets watched; may only grow. */
  readonly scope: readonly string[]
  readonly flows: { readonly count: number; readonly net_usd: number }
  readonly equity_band: EquityBand | null
  /** By `key_id`'s key over the body without either signature; only beside a mounted key's `signature`. */
  readonly enclave_signature?: string
  readonly config_digest: string
  /** RFC 7638 thumbprint of the enclave's own statement key of this start, never of a mounted one. */
  readonly key_id: string
  /** Names the log's evidence leaf; null where no evidence is logged yet. */
  readonly evidence_digest: string | null
  /** Null where the enclave keeps no log. */
  readonly log: { readonly origin: string } | null
  readonly issued_at: string
}

export interface CorrectionClaim {
  /** Digests of the statements whose buckets are replaced. */
  readonly corrects: readonly string[]
  readonly cause: CorrectionCause
  /** The exchange's ids of the records that came late or changed. */
  readonly records: readonly string[]
}

export interface KeyStartClaim {
  readonly key: PublicJwk<'Ed25519'>
  /** `key_id` of the key before; null for the first. */
  readonly replaces: string | null
  /** base64, the old key's over the handover, where it still lived. */
  readonly handover: string | null
  readonly log_size: number | null
  readonly continuity: 'first' | 'handover' | 'broken'
}

export type Metadata = MetadataBase &
  (
    | { readonly type: 'registered' | 'period' | 'scope' | 'gap' }
    | { readonly type: 'correction'; readonly correction: CorrectionClaim }
    | { readonly type: 'closed'; readonly closed: { readonly reason: string } }
    | { readonly type: 'key_start'; readonly key_start: KeyStartClaim }
  )

export const statementTypes: readonly StatementType[] = [
  'registered',
  'period',
  'scope',
  'gap',
  'correction',
  'closed',
  'key_start',
]

/** A statement holds a day at most; a correction can move more. */
const bucketsMax = 10_000
const listMax = 1_000

const baseMembers = [
  'schema',
  'type',
  'account',
  'client_accounts',
  'sequence',
  'previous',
  'first_observed_at',
  'source',
  'return_method',
  'pricing',
  'coverage',
  'exact',
  'scope',
  'flows',
  'equity_band',
  'config_digest',
  'key_id',
  'evidence_digest',
  'log',
  'issued_at',
] as const

/** @throws {InputError} `INPUT_INVALID` */
export function readMetadata(value: unknown, path: string): Metadata {
  const metadata = readObject(value, path, {
    required: baseMembers,
    optional: ['enclave_signature', 'correction', 'closed', 'key_start'],
  })
  const of = (name: string): string => memberPath(path, name)
  const type = readEnum(metadata.type, of('type'), statementTypes)
  for (const name of ['correction', 'closed', 'key_start'] as const) {
    if ((metadata[name] !== undefined) !== (type === name)) {
      throw new InputError('INPUT_INVALID', `${of(name)} must be there for its own type and no other`)
    }
  }
  const base: MetadataBase = {
    schema: readEnum(metadata.schema, of('schema'), [statementSchema]),
    account: readPseudonym(metadata.account, of('account')),
    client_accounts: readNullable(metadata.client_accounts, of('client_accounts'), readCount),
    sequence: readInteger(metadata.sequence, of('sequence'), { min: 1 }),
    previous: readNullable(metadata.previous, of('previous'), readDigest),
    first_observed_at: readNullable(metadata.first_observed_at, of('first_observed_at'), readInstant),
    source: readSource(metadata.source, of('source')),
    return_method: readEnum(metadata.return_method, of('return_method'), ['twr', 'capital-in-use']),
    pricing: readPricing(metadata.pricing, of('pricing')),
    coverage: readCoverage(metadata.coverage, of('coverage')),
    exact: readExact(metadata.exact, of('exact')),
    scope: readArray(metadata.scope, of('scope'), 64, readCode),
    flows: readFlows(metadata.flows, of('flows')),
    equity_band: readNullable(metadata.equity_band, of('equity_band'), (each, eachPath) =>
      readEnum(each, eachPath, equityBands),
    ),
    ...(metadata.enclave_signature === undefined
      ? {}
      : { enclave_signature: readSignature(metadata.enclave_signature, of('enclave_signature')) }),
    config_digest: readDigest(metadata.config_digest, of('config_digest')),
    key_id: readThumbprint(metadata.key_id, of('key_id')),
    evidence_digest: readNullable(metadata.evidence_digest, of('evidence_digest'), readDigest),
    log: readNullable(metadata.log, of('log'), readLog),
    issued_at: readInstant(metadata.issued_at, of('issued_at')),
  }
  if ((base.previous === null) !== (base.sequence === 1)) {
    throw new InputError('INPUT_INVALID', `${of('previous')} must be null for sequence 1 and no other`)
  }
  switch (type) {
    case 'correction':
      return { ...base, type, correction: readCorrection(metadata.correction, of('correction')) }
    case 'closed': {
      const closed = readObject(metadata.closed, of('closed'), { required: ['reason'] })
      return { ...base, type, closed: { reason: readCode(closed.reason, of('closed.reason')) } }
    }
    case 'key_start':
      return { ...base, type, key_start: readKeyStart(metadata.key_start, of('key_start')) }
    default:
      return { ...base, type }
  }
}

export function readLog(value: unknown, path: string): { origin: string } {
  const log = readObject(value, path, { required: ['origin'] })
  return { origin: readText(log.origin, memberPath(path, 'origin')) }
}

function readPricing(value: unknown, path: string): Pricing {
  const pricing = readObject(value, path, { required: ['currency', 'pegged', 'price_age_max_s', 'unpriced'] })
  return {
    currency: readEnum(pricing.currency, memberPath(path, 'currency'), ['USD']),
    pegged: readArray(pricing.pegged, memberPath(path, 'pegged'), 64, readAsset),
    price_age_max_s: readInteger(pricing.price_age_max_s, memberPath(path, 'price_age_max_s'), { min: 0 }),
    unpriced: readArray(pricing.unpriced, memberPath(path, 'unpriced'), listMax, readAsset),
  }
}

function readCoverage(value: unknown, path: string): Coverage {
  const coverage = readObject(value, path, {
    required: ['hours_expected', 'observed', 'recovered', 'backfilled', 'gaps', 'reconciled', 'unreconciled'],
  })
  return {
    hours_expected: readCount(coverage.hours_expected, memberPath(path, 'hours_expected')),
    observed: readCount(coverage.observed, memberPath(path, 'observed')),
    recovered: readCount(coverage.recovered, memberPath(path, 'recovered')),
    backfilled: readCount(coverage.backfilled, memberPath(path, 'backfilled')),
    gaps: readArray(coverage.gaps, memberPath(path, 'gaps'), bucketsMax, readGap),
    reconciled: readBoolean(coverage.reconciled, memberPath(path, 'reconciled')),
    unreconciled: readArray(coverage.unreconciled, memberPath(path, 'unreconciled'), bucketsMax, readInstant),
  }
}

export function readGap(value: unknown, path: string): GapClaim {
  const gap = readObject(value, path, { required: ['from', 'to', 'reason'] })
  const from = readInstant(gap.from, memberPath(path, 'from'))
  const to = readInstant(gap.to, memberPath(path, 'to'))
  if (parseInstant(to) <= parseInstant(from)) {
    throw new InputError('INPUT_INVALID', `${memberPath(path, 'to')} must be after from`)
  }
  return { from, to, reason: readCode(gap.reason, memberPath(path, 'reason')) }
}

function readExact(value: unknown, path: string): Metadata['exact'] {
  const exact = readObject(value, path, { required: ['hourly_buckets', 'totals'] })
  return {
    hourly_buckets: readArray(
      exact.hourly_buckets,
      memberPath(path, 'hourly_buckets'),
      bucketsMax,
      readExactBucket,
    ),
    totals: readExactTotals(exact.totals, memberPath(path, 'totals')),
  }
}

function readFlows(value: unknown, path: string): Metadata['flows'] {
  const flows = readObject(value, path, { required: ['count', 'net_usd'] })
  return {
    count: readCount(flows.count, memberPath(path, 'count')),
    net_usd: readNumber(flows.net_usd, memberPath(path, 'net_usd')),
  }
}

function readCorrection(value: unknown, path: string): CorrectionClaim {
  const correction = readObject(value, path, { required: ['corrects', 'cause', 'records'] })
  return {
    corrects: readArray(correction.corrects, memberPath(path, 'corrects'), bucketsMax, readDigest),
    cause: readEnum(correction.cause, memberPath(path, 'cause'), [
      'late-fill',
      'late-flow',
      'explained',
      'changed',
    ]),
    records: readArray(correction.records, memberPath(path, 'records'), bucketsMax, readText),
  }
}

export function readKeyStart(value: unknown, path: string): KeyStartClaim {
  const start = readObject(value, path, {
    required: ['key', 'replaces', 'handover', 'log_size', 'continuity'],
  })
  return {
    key: readPublicJwk(start.key, memberPath(path, 'key'), 'Ed25519'),
    replaces: readNullable(start.replaces, memberPath(path, 'replaces'), readThumbprint),
    handover: readNullable(start.handover, memberPath(path, 'handover'), readSignature),
    log_size: readNullable(start.log_size, memberPath(path, 'log_size'), readCount),
    continuity: readEnum(start.continuity, memberPath(path, 'continuity'), ['first', 'handover', 'broken']),
  }
}

function readCount(value: unknown, path: string): number {
  return readInteger(value, path, { min: 0 })
}

const base64url32 = {
  pattern: /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/,
  form: '32 bytes as base64url',
} as const

export function readThumbprint(value: unknown, path: string): string {
  return readString(value, path, base64url32)
}

export function readPseudonym(value: unknown, path: string): string {
  return readString(value, path, base64url32)
}

/** 64 bytes as base64. */
export function readSignature(value: unknown, path: string): string {
  return readBase64(value, path, 64)
}

/** Exactly `bytes` bytes as base64 in its one form. */
export function readBase64(value: unknown, path: string, bytes: number): string {
  const text = readString(value, path)
  let length: number
  try {
    length = fromBase64(text).length
  } catch {
    length = -1
  }
  if (length !== bytes) throw new InputError('INPUT_INVALID', `${path} must be ${bytes} bytes as base64`)
  return text
}
