import { InputError } from '@perf-agg/sdk'
import {
  type FlowPeriod,
  type ValuedFlow,
  cashFlowMeasures,
  xirrOf,
} from '../../accounting/metrics/cash-flow-measures.ts'
import { type MetricValues, valuesOf } from '../../accounting/metrics/metric.ts'
import { type DatedAmount, type Xirr, xirr } from '../../accounting/metrics/xirr.ts'
import { type LedgerFlows, isKrakenLedgers, krakenFlows } from './exports/kraken-flows.ts'
import { type CsvFile, type JsonFile, readAnalyzedFile } from './file.ts'
import type { Row } from './row.ts'

/** A file of cash flows: with the equity before each, or bare. */

export interface CashFlowFigures extends MetricValues {
  /** All rates that solve it, where there are several and none is the one. */
  readonly roots?: { readonly xirr: readonly number[] }
}

export interface CashFlowFlags {
  /** What the account was worth at the end, where the file does not say it. */
  readonly endEquity?: number
}

/** @throws {InputError} naming the file, the line and the field */
export function analyzeCashFlows(path: string, flags: CashFlowFlags = {}): CashFlowFigures {
  const file = readAnalyzedFile(path, 'FLOWS_INVALID')
  const read = file.kind === 'json' ? readJson(file) : readCsv(file, flags)
  if (read.kind === 'period') return withRoots(valuesOf(cashFlowMeasures, read.period), xirrOf(read.period))
  const rate = xirr(read.flows)
  const outcome = rate.kind === 'root' ? rate.rate : rate.kind === 'none' ? rate.reason : 'ambiguous'
  return withRoots(valuesOf([{ name: 'xirr', of: () => outcome }], null), rate)
}

function withRoots(values: MetricValues, rate: Xirr): CashFlowFigures {
  return rate.kind === 'ambiguous' ? { ...values, roots: { xirr: rate.rates } } : values
}

type Read =
  | { readonly kind: 'period'; readonly period: FlowPeriod }
  | { readonly kind: 'bare'; readonly flows: readonly DatedAmount[] }

function readJson(file: JsonFile): Read {
  if (Array.isArray(file.value)) return bare(file, file.value, '')
  const whole = file.row(file.value, '')
  const isNested = whole.has('input')
  const row = isNested ? file.row(whole.value('input'), 'input') : whole
  const at = (name: string): string => (isNested ? `input.${name}` : name)
  if (!row.has('start') && !row.has('external_flows')) return bare(file, row.value('flows'), at('flows'))
  const list = row.has('external_flows') ? file.list(row.value('external_flows'), at('external_flows')) : []
  const period = {
    startMs: row.instant('start'),
    endMs: row.instant('end'),
    startEquity: row.number('start_equity'),
    endEquity: row.number('end_equity'),
  }
  if (period.endMs <= period.startMs) throw row.refuse('end', 'must be after the start')
  const rows = list.map((value, index) => file.row(value, `${at('external_flows')}[${index}]`))
  return {
    kind: 'period',
    period: { ...period, flows: flowsOf(rows, period, 'equity_before_flow', 'equity') },
  }
}

function bare(file: JsonFile, value: unknown, path: string): Read {
  const rows = file.list(value, path).map((one, index) => file.row(one, `${path}[${index}]`))
  return { kind: 'bare', flows: rows.map(datedAmount) }
}

function datedAmount(row: Row): DatedAmount {
  return { atMs: row.instant(row.field('date', 'timestamp', 'time')), amount: row.number('amount') }
}

function flowsOf(
  rows: readonly Row[],
  period: { readonly startMs: number; readonly endMs: number },
  ...equityNames: readonly string[]
): ValuedFlow[] {
  let before = period.startMs
  return rows.map((row) => {
    const field = row.field('timestamp', 'date', 'time')
    const atMs = row.instant(field)
    if (atMs < period.startMs || atMs > period.endMs) throw row.refuse(field, 'lies outside of the period')
    if (atMs < before) throw row.refuse(field, 'is out of order', 'flows stand in the order of time')
    before = atMs
    const equity = row.field(...equityNames)
    return { atMs, amount: row.number('amount'), equityBefore: row.number(equity) }
  })
}

/** A ledger knows flows and no worth: what the account came to has to be told. */
function readLedgers(file: CsvFile, ledger: LedgerFlows | null, { endEquity }: CashFlowFlags): Read {
  if (ledger === null) throw new InputError('FLOWS_INVALID', `${file.name} has no deposit and no withdrawal`)
  if (endEquity === undefined) {
    throw new InputError('EQUITY_MISSING', `${file.name} says no worth of the account`, {
      hint: `give what it was worth at its last line, in ${ledger.currency}, with --end-equity`,
    })
  }
  return { kind: 'bare', flows: [...ledger.flows, { atMs: ledger.lastMs, amount: endEquity }] }
}

const columnNames = {
  timestamp: ['timestamp', 'date', 'time', 'datetime'],
  amount: ['amount', 'flow', 'cash_flow'],
  equity: ['equity', 'equity_before_flow', 'value', 'nav'],
} as const

/** With an equity column the first line is the start and the last the end; the lines between are flows. */
function readCsv(file: CsvFile, flags: CashFlowFlags): Read {
  const names = file.columns()
  if (isKrakenLedgers(names)) return readLedgers(file, krakenFlows(file.rows(names, 0)), flags)
  const columns = names.map(
    (column) =>
      Object.entries(columnNames).find(([, names]) => names.some((name) => name === column))?.[0] ?? column,
  )
  const missing = ['timestamp', 'amount'].filter((name) => !columns.includes(name))
  if (missing.length > 0) {
    throw file.refuse(
      0,
      `the first line must name the columns; ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
      'timestamp,amount or timestamp,amount,equity',
    )
  }
  const rows = file.rows(columns, 0)
  if (!columns.includes('equity')) return { kind: 'bare', flows: rows.map(datedAmount) }
  const [first, ...rest] = rows
  const last = rest.pop()
  if (first === undefined || last === undefined) {
    throw new InputError(
      'FLOWS_INVALID',
      `${file.name} needs a first line with the equity of the start and a last with that of the end`,
    )
  }
  for (const row of [first, last]) {
    if (row.has('amount') && row.number('amount') !== 0) {
      throw row.refuse(
        'amount',
        'must be empty on the first line and the last',
        'they hold the equity of the start and the end',
      )
    }
  }
  const period = {
    startMs: first.instant('timestamp'),
    endMs: last.instant('timestamp'),
    startEquity: first.number('equity'),
    endEquity: last.number('equity'),
  }
  if (period.endMs <= period.startMs) throw last.refuse('timestamp', 'must be after the start')
  return { kind: 'period', period: { ...period, flows: flowsOf(rest, period, 'equity') } }
}
