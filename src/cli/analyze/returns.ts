import { InputError } from '@perf-agg/sdk'
import { ReturnSeries } from '../../accounting/metrics/series.ts'
import { type CsvFile, type JsonFile, readAnalyzedFile } from './file.ts'
import { Row } from './row.ts'
import { UsageError } from '../failure.ts'

/** A file of simple returns per period in the order of time: JSON or CSV. */

export interface ReturnsFlags {
  periodsPerYear?: number
  riskFreePerPeriod?: number
  minimumAcceptableReturnPerPeriod?: number
  benchmark?: string
}

interface Listed {
  readonly value: number
  readonly atMs: number | null
  readonly benchmark: number | null
  /** Refuses this one: the field, and what it must. */
  readonly refuse: (field: string, must: string, hint?: string) => InputError
}

interface ReturnsFile {
  readonly name: string
  readonly returns: readonly Listed[]
  readonly periodsPerYear?: number
  readonly riskFree?: number
  readonly acceptable?: number
}

/** @throws {InputError} naming the file, the line and the field */
export function readReturns(path: string, flags: ReturnsFlags): ReturnSeries {
  const own = readFile(path)
  const periodsPerYear = flags.periodsPerYear ?? own.periodsPerYear
  if (periodsPerYear === undefined) {
    throw new UsageError('PERIODS_MISSING', `${own.name} doesn't say how many periods a year has`, {
      hint: '--periods-per-year 365 for days, 8760 for hours, 12 for months',
    })
  }
  return new ReturnSeries(
    own.returns.map(({ value }) => value),
    {
      periodsPerYear,
      riskFree: flags.riskFreePerPeriod ?? own.riskFree ?? 0,
      acceptable: flags.minimumAcceptableReturnPerPeriod ?? own.acceptable ?? 0,
      benchmark: flags.benchmark === undefined ? ownBenchmark(own) : matched(own, readFile(flags.benchmark)),
    },
  )
}

function readFile(path: string): ReturnsFile {
  const file = readAnalyzedFile(path, 'RETURNS_INVALID')
  const read = file.kind === 'json' ? readJson(file) : readCsv(file)
  if (read.returns.length === 0) {
    throw new InputError('RETURNS_INVALID', `${read.name} has no returns`)
  }
  let before: number | null = null
  for (const { atMs, refuse } of read.returns) {
    if (before !== null && atMs === before)
      throw refuse('date', 'is that of the return above', 'each period once')
    if (before !== null && atMs !== null && atMs < before) {
      throw refuse('date', 'is out of order', 'returns stand in the order of time')
    }
    before = atMs ?? before
  }
  return read
}

function readJson(file: JsonFile): ReturnsFile {
  if (Array.isArray(file.value))
    return { name: file.name, returns: jsonReturns(file, file.value, '', null, null) }
  const whole = file.row(file.value, '')
  const isNested = whole.has('input')
  const path = isNested ? 'input' : ''
  const input = isNested ? whole.value('input') : file.value
  const row = file.row(input, path)
  const at = (name: string): string => (isNested ? `input.${name}` : name)
  const list = file.list(row.value('returns'), at('returns'))
  const aside = (name: string): readonly unknown[] | null => {
    if (!row.has(name)) return null
    const values = file.list(row.value(name), at(name))
    if (values.length === list.length) return values
    throw file.refuse(at(name), `has ${values.length} elements for ${list.length} returns`)
  }
  const number = (name: string): number | undefined => (row.has(name) ? row.number(name) : undefined)
  const [periodsPerYear, riskFree, acceptable] = [
    number('periods_per_year'),
    number('risk_free_per_period'),
    number('minimum_acceptable_return_per_period'),
  ]
  return {
    name: file.name,
    returns: jsonReturns(file, list, at('returns'), aside('dates'), aside('benchmark')),
    ...(periodsPerYear === undefined ? {} : { periodsPerYear: positive(row, periodsPerYear) }),
    ...(riskFree === undefined ? {} : { riskFree }),
    ...(acceptable === undefined ? {} : { acceptable }),
  }
}

function positive(row: Row, periods: number): number {
  if (periods > 0) return periods
  throw row.refuse('periods_per_year', 'must be greater than 0')
}

/** Numbers with lists of dates and benchmark beside them, or objects that hold them. */
function jsonReturns(
  file: JsonFile,
  list: readonly unknown[],
  path: string,
  dates: readonly unknown[] | null,
  benchmark: readonly unknown[] | null,
): Listed[] {
  const parent = path.replace(/returns$/, '')
  return list.map((value, index) => {
    if (typeof value === 'object' && value !== null) return ofRow(file.row(value, `${path}[${index}]`))
    const cells: Record<string, unknown> = { [`${path}[${index}]`]: value }
    if (dates !== null) cells[`${parent}dates[${index}]`] = dates[index]
    if (benchmark !== null) cells[`${parent}benchmark[${index}]`] = benchmark[index]
    const row = file.row(cells, '')
    const dateField = `${parent}dates[${index}]`
    return {
      value: numberOf(row, `${path}[${index}]`),
      atMs: dates === null ? null : row.instant(dateField),
      benchmark: benchmark === null ? null : numberOf(row, `${parent}benchmark[${index}]`),
      refuse: (_field, must, hint) => row.refuse(dateField, must, hint),
    }
  })
}

/** JSON has numbers: text in their place is a mistake. */
function numberOf(row: Row, field: string): number {
  const value = row.value(field)
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw row.refuse(field, 'must be a finite number')
}

const columnNames = {
  date: ['date', 'timestamp', 'time', 'datetime', 'period', 't'],
  return: ['return', 'returns', 'r', 'ret', 'daily_return', 'hourly_return'],
  return_pct: ['return_pct', 'return %', 'return (%)', 'returns_pct'],
  benchmark: ['benchmark', 'benchmark_return', 'bench'],
  benchmark_pct: ['benchmark_pct', 'benchmark %', 'benchmark_return_pct'],
} as const

function readCsv(file: CsvFile): ReturnsFile {
  if (file.isHeadless && file.columns().length === 1) {
    return { name: file.name, returns: file.rows(['return'], -1).map(ofRow) }
  }
  const columns = file
    .columns()
    .map(
      (column) =>
        Object.entries(columnNames).find(([, names]) => names.some((name) => name === column))?.[0] ?? column,
    )
  if (!columns.includes('return') && !columns.includes('return_pct')) {
    throw file.refuse(0, 'the first line must name the columns; return is missing', 'date,return,benchmark')
  }
  return { name: file.name, returns: file.rows(columns, 0).map(ofRow) }
}

function ofRow(row: Row): Listed {
  const dateField = row.field('date', 'timestamp', 'time')
  const hasBenchmark = row.has('benchmark') || row.has('benchmark_pct')
  return {
    value: fraction(row, 'return'),
    atMs: row.has(dateField) ? row.instant(dateField) : null,
    benchmark: hasBenchmark ? fraction(row, 'benchmark') : null,
    refuse: (field, must, hint) => row.refuse(field === 'date' ? dateField : field, must, hint),
  }
}

/** `return`, or `return_pct` of which 1 is 0.01. */
function fraction(row: Row, name: string): number {
  const inPercent = `${name}_pct`
  return row.has(inPercent) && !row.has(name) ? row.number(inPercent) / 100 : row.number(name)
}

function ownBenchmark({ returns }: ReturnsFile): number[] | null {
  if (returns.every(({ benchmark }) => benchmark === null)) return null
  return returns.map(({ benchmark, refuse }) => {
    if (benchmark !== null) return benchmark
    throw refuse('benchmark', 'is missing', 'every period has one, or none has')
  })
}

/** The benchmark of the same periods: as many, and of the same dates where both say them. */
function matched(own: ReturnsFile, other: ReturnsFile): number[] {
  return own.returns.map((one, index) => {
    const match = other.returns[index]
    if (
      match === undefined ||
      (index === own.returns.length - 1 && other.returns.length > own.returns.length)
    ) {
      throw new InputError(
        'RETURNS_INVALID',
        `${other.name} has ${other.returns.length} returns, ${own.name} has ${own.returns.length}`,
        { hint: 'the benchmark needs the same periods' },
      )
    }
    if (one.atMs !== null && match.atMs !== null && one.atMs !== match.atMs) {
      throw match.refuse('date', `is not that of ${own.name}`, 'the benchmark needs the same periods')
    }
    return match.value
  })
}
