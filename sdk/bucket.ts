import type { Decimal } from './decimal.ts'
import { parseDecimal, sum, toNumber, toText } from './decimal.ts'
import { InputError } from './errors.ts'
import { memberPath, readArray, readEnum, readInteger, readNumber, readObject, readString } from './shape.ts'
import { hourMs, parseInstant } from './time.ts'

/** One closed UTC hour as the contract of /api/ingest has it. */
export interface Bucket {
  /** The start of the hour: `2025-01-01T00:00:00.000Z`. */
  readonly t: string
  /** Percent over the hour (1.23 = 1.23 %), net of trading fees; null is undefined, never 0. */
  readonly return_pct: number | null
  /** Distinct executions. */
  readonly trades: number
  /** Base units, not comparable across symbols. */
  readonly volume_base: number
  /** USD at fill time. */
  readonly volume_quote: number
  /** USD, trading fees net of rebates: may be negative. */
  readonly fees_usd: number
}

export type Totals = Omit<Bucket, 't' | 'return_pct'>

/**
 * `observed` live; `recovered` from history after an outage; `backfilled` from before the account's first
 * registration: never part of the headline figures.
 */
export type BucketOrigin = 'observed' | 'recovered' | 'backfilled'
export const bucketOrigins: readonly BucketOrigin[] = ['observed', 'recovered', 'backfilled']

/** The exact amounts behind the contract's doubles, and what a reader must know about the hour. */
export interface ExactTotals {
  readonly trades: number
  /** Plain decimal text, no exponent, no trailing zero. */
  readonly volume_base: string
  readonly volume_quote: string
  readonly fees_usd: string
}

export const incomeKinds = ['earn', 'funding', 'interest'] as const

export interface HourIncome {
  readonly kind: (typeof incomeKinds)[number]
  readonly usd: string
}

export interface ExactBucket extends ExactTotals {
  readonly t: string
  readonly origin: BucketOrigin
  /** Why `return_pct` is null; null where it is a number. */
  readonly return_reason: string | null
  /** No capital at work: return 0, left out of every count. */
  readonly no_capital?: true
  /** A sub-period stood on too little equity: gains there do not count. */
  readonly below_floor?: true
  /** Carries the return across a gap before it. */
  readonly approximate?: true
  /** A fee whose rate was not to be had. */
  readonly unpriced_fees?: true
  /** Balance changes that nothing explains. */
  readonly unreconciled?: readonly { readonly asset: string; readonly amount: string; readonly usd: string }[]
  /** Funding, interest and what was earned, in USD; negative was paid. The return has it in. */
  readonly income?: readonly HourIncome[]
  /** Assets held that have no price. */
  readonly unpriced?: readonly string[]
  /** Assets valued at an old price. */
  readonly stale?: readonly { readonly asset: string; readonly age_s: number }[]
}

/** The sum of exact buckets: exact too. */
export function exactTotals(buckets: readonly ExactTotals[]): ExactTotals {
  const total = (amount: (bucket: ExactTotals) => string): string =>
    toText(sum(buckets.map((bucket) => parseDecimal(amount(bucket)))))
  return {
    trades: buckets.reduce((trades, bucket) => trades + bucket.trades, 0),
    volume_base: total((bucket) => bucket.volume_base),
    volume_quote: total((bucket) => bucket.volume_quote),
    fees_usd: total((bucket) => bucket.fees_usd),
  }
}

/** The contract's numbers: the nearest doubles of the exact ones. */
export function wireTotals(exact: ExactTotals): Totals {
  return {
    trades: exact.trades,
    volume_base: nearest(exact.volume_base),
    volume_quote: nearest(exact.volume_quote),
    fees_usd: nearest(exact.fees_usd),
  }
}

export function wireBucket(exact: ExactBucket, returnPct: number | null): Bucket {
  return { t: exact.t, return_pct: returnPct, ...wireTotals(exact) }
}

function nearest(exact: string): number {
  return toNumber(parseDecimal(exact))
}

/** Bounds of amounts on the wire: beyond them is a broken parser, never an account. */
const amountLengthMax = 80
export const tradesMax = 1_000_000_000

export function readBucket(value: unknown, path: string): Bucket {
  const bucket = readObject(value, path, {
    required: ['t', 'return_pct', 'trades', 'volume_base', 'volume_quote', 'fees_usd'],
  })
  return {
    t: readHour(bucket.t, memberPath(path, 't')),
    return_pct:
      bucket.return_pct === null ? null : readNumber(bucket.return_pct, memberPath(path, 'return_pct')),
    ...readTotals(
      {
        trades: bucket.trades,
        volume_base: bucket.volume_base,
        volume_quote: bucket.volume_quote,
        fees_usd: bucket.fees_usd,
      },
      path,
    ),
  }
}

export function readTotals(value: unknown, path: string): Totals {
  const totals = readObject(value, path, { required: ['trades', 'volume_base', 'volume_quote', 'fees_usd'] })
  return {
    trades: readInteger(totals.trades, memberPath(path, 'trades'), { min: 0, max: tradesMax }),
    volume_base: readNumber(totals.volume_base, memberPath(path, 'volume_base'), { min: 0 }),
    volume_quote: readNumber(totals.volume_quote, memberPath(path, 'volume_quote'), { min: 0 }),
    fees_usd: readNumber(totals.fees_usd, memberPath(path, 'fees_usd')),
  }
}

const totalsMembers = ['trades', 'volume_base', 'volume_quote', 'fees_usd'] as const
const flagMembers = ['no_capital', 'below_floor', 'approximate', 'unpriced_fees'] as const
const listMembers = ['unreconciled', 'income', 'unpriced', 'stale'] as const

export function readExactTotals(value: unknown, path: string): ExactTotals {
  const totals = readObject(value, path, { required: totalsMembers })
  return {
    trades: readInteger(totals.trades, memberPath(path, 'trades'), { min: 0, max: tradesMax }),
    volume_base: readAmount(totals.volume_base, memberPath(path, 'volume_base'), 0),
    volume_quote: readAmount(totals.volume_quote, memberPath(path, 'volume_quote'), 0),
    fees_usd: readAmount(totals.fees_usd, memberPath(path, 'fees_usd')),
  }
}

export function readExactBucket(value: unknown, path: string): ExactBucket {
  const bucket = readObject(value, path, {
    required: ['t', 'origin', 'return_reason', ...totalsMembers],
    optional: [...flagMembers, ...listMembers],
  })
  const { trades, volume_base, volume_quote, fees_usd } = bucket
  return {
    t: readHour(bucket.t, memberPath(path, 't')),
    origin: readEnum(bucket.origin, memberPath(path, 'origin'), bucketOrigins),
    return_reason:
      bucket.return_reason === null
        ? null
        : readCode(bucket.return_reason, memberPath(path, 'return_reason')),
    ...readExactTotals({ trades, volume_base, volume_quote, fees_usd }, path),
    ...readFlags(bucket, path),
    ...(bucket.unreconciled === undefined ? {} : { unreconciled: readResiduals(bucket.unreconciled, path) }),
    ...(bucket.income === undefined ? {} : { income: readIncome(bucket.income, path) }),
    ...(bucket.unpriced === undefined
      ? {}
      : { unpriced: readArray(bucket.unpriced, memberPath(path, 'unpriced'), listMax, readAsset) }),
    ...(bucket.stale === undefined ? {} : { stale: readStale(bucket.stale, path) }),
  }
}

const listMax = 1_000

function readFlags(
  bucket: { readonly [Name in (typeof flagMembers)[number]]?: unknown },
  path: string,
): { [Name in (typeof flagMembers)[number]]?: true } {
  const flags: { [Name in (typeof flagMembers)[number]]?: true } = {}
  for (const name of flagMembers) {
    if (bucket[name] !== undefined) flags[name] = readEnum<true>(bucket[name], memberPath(path, name), [true])
  }
  return flags
}

function readResiduals(value: unknown, path: string): NonNullable<ExactBucket['unreconciled']> {
  return readArray(value, memberPath(path, 'unreconciled'), listMax, (each, eachPath) => {
    const residual = readObject(each, eachPath, { required: ['asset', 'amount', 'usd'] })
    return {
      asset: readAsset(residual.asset, memberPath(eachPath, 'asset')),
      amount: readAmount(residual.amount, memberPath(eachPath, 'amount')),
      usd: readAmount(residual.usd, memberPath(eachPath, 'usd')),
    }
  })
}

function readIncome(value: unknown, path: string): NonNullable<ExactBucket['income']> {
  return readArray(value, memberPath(path, 'income'), incomeKinds.length, (each, eachPath) => {
    const income = readObject(each, eachPath, { required: ['kind', 'usd'] })
    return {
      kind: readEnum(income.kind, memberPath(eachPath, 'kind'), incomeKinds),
      usd: readAmount(income.usd, memberPath(eachPath, 'usd')),
    }
  })
}

function readStale(value: unknown, path: string): NonNullable<ExactBucket['stale']> {
  return readArray(value, memberPath(path, 'stale'), listMax, (each, eachPath) => {
    const stale = readObject(each, eachPath, { required: ['asset', 'age_s'] })
    return {
      asset: readAsset(stale.asset, memberPath(eachPath, 'asset')),
      age_s: readInteger(stale.age_s, memberPath(eachPath, 'age_s'), { min: 0 }),
    }
  })
}

/** An instant that starts a UTC hour. */
export function readHour(value: unknown, path: string): string {
  const text = readInstant(value, path)
  if (parseInstant(text) % hourMs !== 0) throw new InputError('INPUT_INVALID', `${path} must start an hour`)
  return text
}

export function readInstant(value: unknown, path: string): string {
  const text = readString(value, path, { min: 24, max: 24 })
  try {
    parseInstant(text)
  } catch {
    throw new InputError('INPUT_INVALID', `${path} must be an instant like 2026-11-23T01:20:00.000Z`)
  }
  return text
}

/** Exact decimal text in its one form: `12.5`, never `12.50` or `1e1`. */
export function readAmount(value: unknown, path: string, min?: 0): string {
  const text = readString(value, path, { min: 1, max: amountLengthMax })
  let amount: Decimal | null
  try {
    amount = parseDecimal(text)
  } catch {
    amount = null
  }
  if (amount === null || toText(amount) !== text) {
    throw new InputError('INPUT_INVALID', `${path} must be a decimal like 12.5`)
  }
  if (min === 0 && amount.digits < 0n) throw new InputError('INPUT_INVALID', `${path} must not be negative`)
  return text
}

const assetText = { min: 1, max: 64, pattern: /^[\x20-\x7e]+$/, form: 'printable ASCII' } as const

/** An asset's code, ASCII-safe (see {@link wireText}). */
export function readAsset(value: unknown, path: string): string {
  return readString(value, path, assetText)
}

/** A lower-case reason or kind: `exchange-unreachable`. */
export function readCode(value: unknown, path: string): string {
  return readString(value, path, {
    min: 1,
    max: 64,
    pattern: /^[a-z0-9][a-z0-9_-]*$/,
    form: 'lower-case words like exchange-unreachable',
  })
}

/**
 * Strings of statements are ASCII, so that every JSON library writes them alike. What isn't (there are assets with
 * Chinese names) is written percent-encoded, as is the percent sign itself.
 */
export function wireText(text: string): string {
  return text.toWellFormed().replaceAll(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent)
}

/** Bands of equity: enough to see a tiny account, not enough to tell what somebody owns. */
export const equityBands = ['0-1k', '1k-10k', '10k-100k', '100k-1m', '1m-10m', '10m+'] as const
export type EquityBand = (typeof equityBands)[number]

/** Lower bounds are inclusive; null where the equity is not known. */
export function equityBandOf(equityUsd: Decimal | null): EquityBand | null {
  if (equityUsd === null) return null
  const usd = toNumber(equityUsd)
  if (usd < 1e3) return '0-1k'
  if (usd < 1e4) return '1k-10k'
  if (usd < 1e5) return '10k-100k'
  if (usd < 1e6) return '100k-1m'
  return usd < 1e7 ? '1m-10m' : '10m+'
}
