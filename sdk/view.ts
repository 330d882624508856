import type { Bucket, Totals } from './bucket.ts'
import { readBucket, readCode, readInstant, readTotals } from './bucket.ts'
import { fromBase64 } from './bytes.ts'
import { readNonce } from './credentials.ts'
import type { GapClaim } from './metadata.ts'
import type { Environment, Ownership, Permissions } from './source.ts'
import { readGap, readPseudonym, readSignature, readThumbprint } from './metadata.ts'
import { environments, ownershipLevels, permissionLevels, readDigest, readExchange } from './source.ts'
import {
  memberPath,
  readArray,
  readEnum,
  readInteger,
  readNullable,
  readNumber,
  readObject,
  readRecord,
  readString,
} from './shape.ts'
import { verifySignature } from './signature.ts'
import { signedBytes } from './statement.ts'

export type SessionStatus = 'active' | 'pending' | 'degraded' | 'expired'

export interface ViewCoverage {
  readonly hours_expected: number
  readonly observed: number
  readonly recovered: number
  readonly backfilled: number
  readonly gaps: readonly GapClaim[]
}

/** By name; null is undefined, and its reason stands under the same name in `reasons`. */
export type Figures = Readonly<Record<string, number | null>>
export type Reasons = Readonly<Record<string, string>>

/** Figures of one kind, with the reasons of those that are null. */
export interface FigureSet {
  readonly figures: Figures
  readonly reasons: Reasons
}

/** The account beside an index that is bought and held, over the same days. */
export interface BenchmarkView extends FigureSet {
  readonly symbol: string
}

interface ViewBase {
  /** Null while the exchange has not yet said whose account it is. */
  readonly account: string | null
  readonly exchange: string
  readonly environment: Environment
  readonly as_of: string
  readonly expires_at: string
  readonly request_nonce: string | null
  readonly status: SessionStatus
  readonly coverage: ViewCoverage
  readonly portfolio: Figures
  /** Why figures of `portfolio` are null. */
  readonly reasons: Reasons
  readonly totals: Totals
  /** Performance that no fill made, in USD: `funding`, `interest`, `earn`, `rebate`, `liquidation_fee`. */
  readonly income_usd: Readonly<Record<string, number>>
  /** Null where none was asked for. */
  readonly benchmark: BenchmarkView | null
  readonly hourly_buckets: readonly Bucket[]
  /** Thumbprint of the enclave's statement key that signed. */
  readonly key_id: string
  readonly signature: string
}

export interface SymbolFigures extends Totals {
  readonly symbol: string
  readonly realized_pnl_usd: number | null
  readonly unrealized_pnl_usd: number | null
  readonly return_pct: number | null
  /** Why a figure is null, by its name; absent where none is. */
  readonly reasons?: Reasons
}

/** One of the accounts of a composite, by itself. */
export interface CompositeMember {
  readonly account: string
  readonly exchange: string
  /** Its first hour in the composite. */
  readonly since: string
  /** Its share of the equity at `as_of`. */
  readonly weight_pct: number | null
  readonly coverage: ViewCoverage
  readonly portfolio: Figures
  readonly reasons: Reasons
}

/** All accounts of one client key and environment as one: returns weighted by value, moves between them left out. */
export interface CompositeView {
  readonly as_of: string
  readonly coverage: ViewCoverage
  readonly portfolio: Figures
  readonly reasons: Reasons
  readonly totals: Totals
  readonly hourly_buckets: readonly Bucket[]
  readonly accounts: readonly CompositeMember[]
}

/** For the account's owner: everything. */
export interface MetricsView extends ViewBase {
  readonly schema: 'perf-agg/metrics/v1'
  readonly symbols: readonly SymbolFigures[]
  /** Win rate, profit factor and the like, of all fills, in USD: the figures of fills of perf-agg-metrics(7). */
  readonly trading: FigureSet
  /** Null where the client key has no other account with balances in this environment. */
  readonly composite: CompositeView | null
}

/** For others: no symbol, no price, no position, no id. */
export interface SummaryView extends ViewBase {
  readonly schema: 'perf-agg/summary/v1'
}

/** The answer to a registration. */
export interface Receipt {
  readonly session_id: string
  readonly view_id: string
  readonly status: 'active' | 'pending'
  readonly expires_at: string
  /** Null while pending: the exchange has not yet said whose account it is. */
  readonly account: string | null
  readonly permissions: Permissions
  readonly ownership: Ownership
  /** Digest of the sealed box that was submitted. */
  readonly box_digest: string
  readonly signature: string
}

const hoursMax = 200_000
const symbolsMax = 20_000
const membersMax = 1_000
const sessionStatuses: readonly SessionStatus[] = ['active', 'pending', 'degraded', 'expired']

const baseMembers = [
  'schema',
  'account',
  'exchange',
  'environment',
  'as_of',
  'expires_at',
  'request_nonce',
  'status',
  'coverage',
  'portfolio',
  'reasons',
  'totals',
  'income_usd',
  'benchmark',
  'hourly_buckets',
  'key_id',
  'signature',
] as const

/** @throws {InputError} `INPUT_INVALID` */
export function parseMetricsView(value: unknown): MetricsView {
  const view = readObject(value, '', { required: [...baseMembers, 'symbols', 'trading', 'composite'] })
  return {
    schema: readEnum(view.schema, 'schema', ['perf-agg/metrics/v1']),
    ...readBase(view),
    symbols: readArray(view.symbols, 'symbols', symbolsMax, readSymbol),
    trading: readFigureSet(view.trading, 'trading'),
    composite: readNullable(view.composite, 'composite', readComposite),
  }
}

/** @throws {InputError} `INPUT_INVALID` */
export function parseSummaryView(value: unknown): SummaryView {
  const view = readObject(value, '', { required: baseMembers })
  return { schema: readEnum(view.schema, 'schema', ['perf-agg/summary/v1']), ...readBase(view) }
}

function readBase(view: { readonly [Name in (typeof baseMembers)[number]]: unknown }): ViewBase {
  const portfolio = readFigures(view.portfolio, 'portfolio')
  const reasons = readReasons(view.reasons, 'reasons')
  return {
    account: readNullable(view.account, 'account', readPseudonym),
    exchange: readExchange(view.exchange, 'exchange'),
    environment: readEnum(view.environment, 'environment', environments),
    as_of: readInstant(view.as_of, 'as_of'),
    expires_at: readInstant(view.expires_at, 'expires_at'),
    request_nonce: readNullable(view.request_nonce, 'request_nonce', readNonce),
    status: readEnum(view.status, 'status', sessionStatuses),
    coverage: readCoverage(view.coverage, 'coverage'),
    portfolio,
    reasons,
    totals: readTotals(view.totals, 'totals'),
    benchmark: readNullable(view.benchmark, 'benchmark', readBenchmark),
    income_usd: mapOf(view.income_usd, 'income_usd', readNumber),
    hourly_buckets: readArray(view.hourly_buckets, 'hourly_buckets', hoursMax, readBucket),
    key_id: readThumbprint(view.key_id, 'key_id'),
    signature: readSignature(view.signature, 'signature'),
  }
}

const figureName = { min: 1, max: 64, pattern: /^[a-z][a-z0-9_]*$/, form: 'named in snake case' } as const

function readFigures(value: unknown, path: string): Figures {
  return mapOf(value, path, (each, eachPath) => readNullable(each, eachPath, readNumber))
}

function readBenchmark(value: unknown, path: string): BenchmarkView {
  const { symbol, ...set } = readObject(value, path, { required: ['symbol', 'figures', 'reasons'] })
  return {
    symbol: readString(symbol, memberPath(path, 'symbol'), { min: 1, max: 64 }),
    ...readFigureSet(set, path),
  }
}

function readFigureSet(value: unknown, path: string): FigureSet {
  const set = readObject(value, path, { required: ['figures', 'reasons'] })
  return {
    figures: readFigures(set.figures, memberPath(path, 'figures')),
    reasons: readReasons(set.reasons, memberPath(path, 'reasons')),
  }
}

function readReasons(value: unknown, path: string): Reasons {
  return mapOf(value, path, readCode)
}

function mapOf<Value>(
  value: unknown,
  path: string,
  read: (value: unknown, path: string) => Value,
): Readonly<Record<string, Value>> {
  const entries = Object.entries(readRecord(value, path))
  return Object.fromEntries(
    entries.map(([name, each]) => [readString(name, path, figureName), read(each, memberPath(path, name))]),
  )
}

function readCoverage(value: unknown, path: string): ViewCoverage {
  const coverage = readObject(value, path, {
    required: ['hours_expected', 'observed', 'recovered', 'backfilled', 'gaps'],
  })
  const count = (each: unknown, name: string): number => readInteger(each, memberPath(path, name), { min: 0 })
  return {
    hours_expected: count(coverage.hours_expected, 'hours_expected'),
    observed: count(coverage.observed, 'observed'),
    recovered: count(coverage.recovered, 'recovered'),
    backfilled: count(coverage.backfilled, 'backfilled'),
    gaps: readArray(coverage.gaps, memberPath(path, 'gaps'), hoursMax, readGap),
  }
}

function readComposite(value: unknown, path: string): CompositeView {
  const of = (name: string): string => memberPath(path, name)
  const composite = readObject(value, path, {
    required: ['as_of', 'coverage', 'portfolio', 'reasons', 'totals', 'hourly_buckets', 'accounts'],
  })
  return {
    as_of: readInstant(composite.as_of, of('as_of')),
    coverage: readCoverage(composite.coverage, of('coverage')),
    portfolio: readFigures(composite.portfolio, of('portfolio')),
    reasons: readReasons(composite.reasons, of('reasons')),
    totals: readTotals(composite.totals, of('totals')),
    hourly_buckets: readArray(composite.hourly_buckets, of('hourly_buckets'), hoursMax, readBucket),
    accounts: readArray(composite.accounts, of('accounts'), membersMax, readMember),
  }
}

function readMember(value: unknown, path: string): CompositeMember {
  const of = (name: string): string => memberPath(path, name)
  const member = readObject(value, path, {
    required: ['account', 'exchange', 'since', 'weight_pct', 'coverage', 'portfolio', 'reasons'],
  })
  return {
    account: readPseudonym(member.account, of('account')),
    exchange: readExchange(member.exchange, of('exchange')),
    since: readInstant(member.since, of('since')),
    weight_pct: readNullable(member.weight_pct, of('weight_pct'), readNumber),
    coverage: readCoverage(member.coverage, of('coverage')),
    portfolio: readFigures(member.portfolio, of('portfolio')),
    reasons: readReasons(member.reasons, of('reasons')),
  }
}

function readSymbol(value: unknown, path: string): SymbolFigures {
  const { symbol, realized_pnl_usd, unrealized_pnl_usd, return_pct, reasons, ...totals } = readObject(
    value,
    path,
    {
      required: [
        'symbol',
        'trades',
        'volume_base',
        'volume_quote',
        'fees_usd',
        'realized_pnl_usd',
        'unrealized_pnl_usd',
        'return_pct',
      ],
      optional: ['reasons'],
    },
  )
  const figure = (each: unknown, name: string): number | null =>
    readNullable(each, memberPath(path, name), readNumber)
  return {
    symbol: readString(symbol, memberPath(path, 'symbol'), { min: 1, max: 128 }),
    ...readTotals(totals, path),
    realized_pnl_usd: figure(realized_pnl_usd, 'realized_pnl_usd'),
    unrealized_pnl_usd: figure(unrealized_pnl_usd, 'unrealized_pnl_usd'),
    return_pct: figure(return_pct, 'return_pct'),
    ...(reasons === undefined ? {} : { reasons: readReasons(reasons, memberPath(path, 'reasons')) }),
  }
}

/** Session and view ids: secrets of 128 random bits and more. */
export function readId(value: unknown, path: string): string {
  return readString(value, path, {
    min: 22,
    max: 64,
    pattern: /^[A-Za-z0-9_-]+$/,
    form: 'an id of 22 characters or more',
  })
}

/** @throws {InputError} `INPUT_INVALID` */
export function parseReceipt(value: unknown): Receipt {
  const receipt = readObject(value, '', {
    required: [
      'session_id',
      'view_id',
      'status',
      'expires_at',
      'account',
      'permissions',
      'ownership',
      'box_digest',
      'signature',
    ],
  })
  return {
    session_id: readId(receipt.session_id, 'session_id'),
    view_id: readId(receipt.view_id, 'view_id'),
    status: readEnum(receipt.status, 'status', ['active', 'pending']),
    expires_at: readInstant(receipt.expires_at, 'expires_at'),
    account: readNullable(receipt.account, 'account', readPseudonym),
    permissions: readEnum(receipt.permissions, 'permissions', permissionLevels),
    ownership: readEnum(receipt.ownership, 'ownership', ownershipLevels),
    box_digest: readDigest(receipt.box_digest, 'box_digest'),
    signature: readSignature(receipt.signature, 'signature'),
  }
}

/**
 * Is it signed by the enclave's statement key: Ed25519 over the RFC 8785 bytes without `signature`, as a statement?
 * Takes anything with a `signature` that was parsed here: a metrics or summary view, a receipt.
 */
export async function verifyView(
  view: MetricsView | SummaryView | Receipt,
  publicKey: Uint8Array,
): Promise<boolean> {
  return verifySignature(publicKey, signedBytes(view), fromBase64(view.signature))
}
