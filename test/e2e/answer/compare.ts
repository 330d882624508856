import type { Statement } from '@perf-agg/sdk'
import type { ExpectedHour } from './hours.ts'
import { Rational, total } from './rational.ts'

/** Holds what was stated against what is right. */

export interface Mismatch {
  readonly t: string
  readonly field: string
  readonly expected: string | number | null
  readonly stated: string | number | null
}

/** A return may differ by so much, in percent points or, where it is larger than 1, of its size. */
const returnTolerance = 1e-9

type Stated = Pick<Statement, 'hourly_buckets' | 'totals'> & {
  readonly metadata: Pick<Statement['metadata'], 'type' | 'exact'>
}

interface StatedHour {
  readonly bucket: Statement['hourly_buckets'][number]
  readonly exact: Statement['metadata']['exact']['hourly_buckets'][number] | null
}

/** Every difference; the latest statement of an hour counts. Empty is right. Give the statements in their order. */
export function compare(rows: readonly ExpectedHour[], statements: readonly Stated[]): Mismatch[] {
  const mismatches: Mismatch[] = []
  const stated = new Map<string, StatedHour>()
  for (const statement of statements) {
    mismatches.push(...totalsOf(statement))
    for (const bucket of statement.hourly_buckets) {
      if (statement.metadata.type === 'period' && stated.has(bucket.t)) {
        mismatches.push({ t: bucket.t, field: 'stated twice', expected: null, stated: bucket.return_pct })
      }
      const exact = statement.metadata.exact.hourly_buckets.find(({ t }) => t === bucket.t) ?? null
      stated.set(bucket.t, { bucket, exact })
    }
  }
  for (const row of rows) {
    const t = new Date(row.startMs).toISOString()
    const hour = stated.get(t)
    if (hour === undefined) mismatches.push({ t, field: 'missing', expected: row.returnPct, stated: null })
    else mismatches.push(...differences(t, row, hour))
    stated.delete(t)
  }
  for (const [t, { bucket }] of stated) {
    mismatches.push({ t, field: 'unexpected', expected: null, stated: bucket.return_pct })
  }
  return mismatches
}

function differences(t: string, row: ExpectedHour, { bucket, exact }: StatedHour): Mismatch[] {
  const found: Mismatch[] = []
  const check = (field: string, expected: string | number | null, is: string | number | null): void => {
    if (expected !== is) found.push({ t, field, expected, stated: is })
  }
  const difference =
    bucket.return_pct === null ? Number.POSITIVE_INFINITY : Math.abs(bucket.return_pct - row.returnPct)
  if (!(difference <= returnTolerance * Math.max(1, Math.abs(row.returnPct)) + row.rounding)) {
    check('return_pct', row.returnPct, bucket.return_pct)
  }
  check('trades', row.trades, bucket.trades)
  check('volume_base', Rational.of(row.volumeBase).toNumber(), bucket.volume_base)
  check('volume_quote', Rational.of(row.volumeQuote).toNumber(), bucket.volume_quote)
  check('fees_usd', Rational.of(row.feesUsd).toNumber(), bucket.fees_usd)
  if (exact === null) {
    check('exact', 'present', null)
    return found
  }
  check('exact.trades', row.trades, exact.trades)
  check('exact.volume_base', row.volumeBase, exact.volume_base)
  check('exact.volume_quote', row.volumeQuote, exact.volume_quote)
  check('exact.fees_usd', row.feesUsd, exact.fees_usd)
  check('no_capital', String(row.noCapital), String(exact.no_capital === true))
  check('below_floor', String(row.belowFloor), String(exact.below_floor === true))
  check('approximate', String(row.approximate), String(exact.approximate === true))
  check('unpriced_fees', String(row.unpricedFees), String(exact.unpriced_fees === true))
  const stated = exact.unreconciled ?? []
  if (row.rounding === 0 || !isNear(row.unreconciled, stated)) {
    check('unreconciled', listText(row.unreconciled), listText(stated))
  }
  return found
}

/** The same to the places that an exchange rounds contracts to. */
function isNear(expected: ExpectedHour['unreconciled'], stated: ExpectedHour['unreconciled']): boolean {
  const close = (a: string, b: string): boolean =>
    Math.abs(Number(a) - Number(b)) <= 1e-7 + Math.abs(Number(a)) * 1e-6
  const sorted = stated.toSorted((a, b) => (a.asset < b.asset ? -1 : 1))
  return (
    expected.length === stated.length &&
    expected
      .toSorted((a, b) => (a.asset < b.asset ? -1 : 1))
      .every(({ asset, amount, usd }, index) => {
        const other = sorted[index]!
        return asset === other.asset && close(amount, other.amount) && close(usd, other.usd)
      })
  )
}

function listText(list: ExpectedHour['unreconciled']): string {
  return list
    .map(({ asset, amount, usd }) => `${asset} ${amount} ${usd}`)
    .toSorted()
    .join(', ')
}

/** A statement's totals are the sum of its own buckets, exactly. */
function totalsOf(statement: Stated): Mismatch[] {
  const found: Mismatch[] = []
  const { exact } = statement.metadata
  const t = statement.hourly_buckets[0]?.t ?? 'totals'
  for (const field of ['volume_base', 'volume_quote', 'fees_usd'] as const) {
    const sum = total(exact.hourly_buckets.map((bucket) => Rational.of(bucket[field])))
    if (sum.text() !== exact.totals[field]) {
      found.push({ t, field: `exact.totals.${field}`, expected: sum.text(), stated: exact.totals[field] })
    }
    if (sum.toNumber() !== statement.totals[field]) {
      found.push({ t, field: `totals.${field}`, expected: sum.toNumber(), stated: statement.totals[field] })
    }
  }
  const trades = exact.hourly_buckets.reduce((sum, bucket) => sum + bucket.trades, 0)
  if (trades !== statement.totals.trades || trades !== exact.totals.trades) {
    found.push({ t, field: 'totals.trades', expected: trades, stated: statement.totals.trades })
  }
  return found
}
