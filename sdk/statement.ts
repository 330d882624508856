import { digestOf } from './bytes.ts'
import type { Bucket, Totals } from './bucket.ts'
import { readBucket, readInstant, readTotals } from './bucket.ts'
import { canonicalBytes } from './canonical.ts'
import { InputError } from './errors.ts'
import type { Metadata } from './metadata.ts'
import { readMetadata, readSignature } from './metadata.ts'
import { readExchange, readText } from './source.ts'
import { memberPath, readArray, readObject, readRecord, readString } from './shape.ts'
import { hourMs, parseInstant } from './time.ts'

/** What a backend of the minimal profile is sent: the contract's fields, signed, and nothing to recompute. */
export interface Contract {
  readonly client_id: string
  readonly exchange: string
  readonly connector_version: string
  readonly period_start: string
  readonly period_end: string
  readonly hourly_buckets: readonly Bucket[]
  readonly totals: Totals
  /** base64 Ed25519 over the RFC 8785 bytes of all the rest. */
  readonly signature: string
}

/** The signed claim over a period or event of one account: the body of /api/ingest, and a link of its chain. */
export interface Statement extends Contract {
  readonly metadata: Metadata
}

/** A statement before it is signed. */
export type StatementBody = Omit<Statement, 'signature'>

const bucketsMax = 10_000
/** A `period` holds 1 to 24 consecutive hours of one origin. */
export const periodHoursMax = 24

const contractMembers = [
  'client_id',
  'exchange',
  'connector_version',
  'period_start',
  'period_end',
  'hourly_buckets',
  'totals',
  'signature',
] as const

/**
 * Takes a statement's form and nothing else: an unknown member anywhere is refused. Whether what it says holds is
 * `verifyStatement`'s to find out.
 * @throws {InputError} `INPUT_INVALID`; `NOT_A_STATEMENT` for a body of the contract's fields only
 */
export function parseStatement(value: unknown): Statement {
  if (!Object.hasOwn(readRecord(value, ''), 'metadata')) {
    throw new InputError('NOT_A_STATEMENT', 'it has no metadata: nothing in it can be recomputed', {
      hint: 'ask for the full statement',
    })
  }
  const statement = readObject(value, '', { required: [...contractMembers, 'metadata'] })
  const metadata = readMetadata(statement.metadata, 'metadata')
  const contract = readContract(statement)
  if (metadata.source.exchange !== contract.exchange) {
    throw new InputError('INPUT_INVALID', 'metadata.source.exchange must be the exchange')
  }
  checkPeriod(contract, metadata.type)
  return { ...contract, metadata }
}

/** A body of the minimal profile. @throws {InputError} `INPUT_INVALID` */
export function parseContract(value: unknown): Contract {
  const contract = readContract(readObject(value, '', { required: contractMembers }))
  checkPeriod(contract, 'period')
  return contract
}

function readContract(body: { readonly [Name in (typeof contractMembers)[number]]: unknown }): Contract {
  return {
    client_id: readClientId(body.client_id, 'client_id'),
    exchange: readExchange(body.exchange, 'exchange'),
    connector_version: readText(body.connector_version, 'connector_version'),
    period_start: readInstant(body.period_start, 'period_start'),
    period_end: readInstant(body.period_end, 'period_end'),
    hourly_buckets: readArray(body.hourly_buckets, 'hourly_buckets', bucketsMax, readBucket),
    totals: readTotals(body.totals, 'totals'),
    signature: readSignature(body.signature, 'signature'),
  }
}

/** Buckets ascend inside the period; a `period` has them all, 24 at most; an event at an instant has none. */
export function checkPeriod(
  contract: Pick<Contract, 'period_start' | 'period_end'> & {
    readonly hourly_buckets: readonly { readonly t: string }[]
  },
  type: Metadata['type'],
): void {
  const startMs = parseInstant(contract.period_start)
  const endMs = parseInstant(contract.period_end)
  const buckets = contract.hourly_buckets
  if (endMs < startMs) throw new InputError('INPUT_INVALID', 'period_end must not be before period_start')
  let nextMs = startMs
  for (const [index, bucket] of buckets.entries()) {
    const atMs = parseInstant(bucket.t)
    if (atMs < nextMs || atMs + hourMs > endMs) {
      throw new InputError('INPUT_INVALID', `${memberPath(`hourly_buckets[${index}]`, 't')} is out of order`)
    }
    nextMs = atMs + hourMs
  }
  if (type === 'correction' ? buckets.length === 0 : type !== 'period' && buckets.length > 0) {
    throw new InputError('INPUT_INVALID', `hourly_buckets do not fit a ${type} statement`)
  }
  if (type !== 'period') return
  const hours = (endMs - startMs) / hourMs
  if (hours !== buckets.length || hours < 1 || hours > periodHoursMax) {
    throw new InputError('INPUT_INVALID', `a period has 1 to ${periodHoursMax} hours and a bucket for each`)
  }
}

/** Chosen by the client, seen in statements: ASCII without spaces. */
export function readClientId(value: unknown, path: string): string {
  return readString(value, path, {
    min: 1,
    max: 128,
    pattern: /^[A-Za-z0-9][A-Za-z0-9._:@+-]*$/,
    form: 'letters, digits and . _ : @ + -',
  })
}

/**
 * The bytes under the wire signature: RFC 8785 of the body without its top-level `signature`. The same as cutting
 * the one member `"signature":"…",` out of the body as it was posted.
 */
export function signedBytes(statement: object): Uint8Array<ArrayBuffer> {
  return canonicalBytes(unsigned(statement))
}

/** The bytes under `metadata.enclave_signature`: the body without either signature. */
export function enclaveSignedBytes(statement: StatementBody | Statement): Uint8Array<ArrayBuffer> {
  const { enclave_signature: _, ...metadata } = statement.metadata
  return canonicalBytes({ ...unsigned(statement), metadata })
}

function unsigned(body: object): object {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'signature'))
}

/** `sha256:…` of {@link signedBytes}: names the statement in `previous`, the log and on the wire. */
export async function statementDigest(statement: StatementBody | Statement): Promise<string> {
  return digestOf(signedBytes(statement))
}
