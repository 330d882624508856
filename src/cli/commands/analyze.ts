import { type Command, Option } from 'commander'
import { FillAggregate } from '../../accounting/analysis/fill-aggregate.ts'
import { analyzeFills, executionOf } from '../../accounting/analysis/fill-analysis.ts'
import { pageOf } from '../../accounting/analysis/fill-page.ts'
import { computeFillStatistics } from '../../accounting/metrics/fills/set.ts'
import { TradeHistory } from '../../accounting/metrics/fills/trade-history.ts'
import { computeMetrics } from '../../accounting/metrics/set.ts'
import { type CashFlowFlags, analyzeCashFlows } from '../analyze/cash-flows.ts'
import { readFillsFile } from '../analyze/fills.ts'
import type { FillsFile, InstrumentFlags } from '../analyze/history.ts'
import { formatCashFlows, formatFills, formatReturns } from '../analyze/page.ts'
import { type ReturnsFlags, readReturns } from '../analyze/returns.ts'
import { examples, jsonFlag } from '../command.ts'
import { UsageError } from '../failure.ts'
import { print, printJson, remark } from '../terminal/terminal.ts'

/** The metrics engine over a file of one's own. Nothing is sent anywhere. */

interface AnalyzeFlags extends InstrumentFlags, ReturnsFlags, CashFlowFlags {
  returns?: string
  fills?: string
  cashFlows?: string
  statistics?: true
  json?: true
}

export function define(command: Command): void {
  examples(
    command,
    'perf-agg analyze --returns returns.csv --periods-per-year 365',
    'perf-agg analyze --returns fund.csv --benchmark index.csv --periods-per-year 12 --json',
    'perf-agg analyze --fills binance-trades.csv --symbol BTCUSDT --mark 42000',
    'perf-agg analyze --cash-flows flows.json',
  )
    .option('--returns <file>', 'simple returns per period in the order of time, JSON or CSV, - for stdin')
    .option('--fills <file>', "fills in the order of execution, JSON or CSV, or an exchange's export")
    .option('--cash-flows <file>', 'cash flows, with or without the equity before each, JSON or CSV')
    .option(
      '--periods-per-year <n>',
      'of the returns: 365 for days, 8760 for hours',
      finite('--periods-per-year', 0),
    )
    .option(
      '--risk-free-per-period <r>',
      'risk-free return of a period (0)',
      finite('--risk-free-per-period', -1),
    )
    .option(
      '--minimum-acceptable-return-per-period <r>',
      'what the downside is below of (0)',
      finite('--minimum-acceptable-return-per-period', -1),
    )
    .option('--benchmark <file>', 'returns of the same periods to compare with')
    .option('--symbol <symbol>', 'the instrument, where a file of fills has several')
    .addOption(new Option('--kind <kind>', 'of instrument (spot)').choices(['spot', 'linear', 'inverse']))
    .option('--base <asset>', "its base asset: a spot fee in it changes the position's size")
    .option(
      '--pnl-currency <asset>',
      'the currency of the profit: the quote, or the base of inverse contracts',
    )
    .option('--contract-size <n>', 'base or quote units of one contract (1)')
    .option(
      '--end-equity <n>',
      "what the account was worth at the end, for cash flows of an exchange's ledger",
      finite('--end-equity', atLeastZero),
    )
    .option('--mark <price>', 'values what is left of the position')
    .option('--statistics', 'with --json: also the statistics of round trips and closing fills')
    .addOption(jsonFlag())
    .action(analyze)
}

/** 0 itself is above it. */
const atLeastZero = -Number.MIN_VALUE

function finite(flag: string, above: number): (text: string) => number {
  return (text) => {
    const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : Number.NaN
    if (Number.isFinite(number) && number > above) return number
    throw new UsageError(
      'NUMBER_INVALID',
      above === atLeastZero
        ? `${flag} must be a number, 0 or more`
        : `${flag} must be a number above ${above}`,
    )
  }
}

function analyze(flags: AnalyzeFlags): void {
  const { returns, fills, cashFlows } = flags
  const given = [returns, fills, cashFlows].filter((file) => file !== undefined)
  if (given.length !== 1) {
    throw new UsageError(
      given.length === 0 ? 'FILE_MISSING' : 'FILES_MANY',
      given.length === 0 ? 'there is nothing to analyze' : 'one file at a time',
      { hint: 'perf-agg analyze --returns FILE, or --fills FILE, or --cash-flows FILE' },
    )
  }
  if (returns !== undefined) return analyzeReturns(returns, flags)
  if (fills !== undefined) return analyzeFillsFile(fills, flags)
  if (cashFlows === undefined) return
  const figures = analyzeCashFlows(cashFlows, flags)
  if (flags.json) printJson(figures)
  else print(formatCashFlows(figures))
}

function analyzeReturns(path: string, flags: AnalyzeFlags): void {
  const series = readReturns(path, flags)
  const values = computeMetrics(series)
  if (flags.json) printJson(values)
  else print(formatReturns(series, values))
}

function analyzeFillsFile(path: string, flags: AnalyzeFlags): void {
  const file = readFillsFile(path, flags)
  const { instrument, fills, mark } = file
  const isExport = !file.taken.startsWith('fills as')
  if (isExport) {
    remark(`taken as ${file.taken}: ${fills.length} fills of ${file.symbol}, ${instrument.kind}`)
  }
  const analysis = analyzeFills(instrument, fills, mark)
  if (flags.json && flags.statistics !== true) return printJson(analysis)
  const statistics = computeFillStatistics(historyOf(file))
  if (flags.json) printJson({ ...analysis, statistics })
  else print(formatFills(analysis, statistics, instrument.pnlCurrency, fills.length, fallOf(file)))
}

/** The deepest fall of what was realized, seen at the ends of hours; null without times. */
function fallOf({ instrument, fills }: FillsFile): FillAggregate | null {
  const executions = fills.flatMap((fill) => {
    const execution = executionOf(instrument, fill)
    return execution === null ? [] : [{ ...execution, atMs: fill.atMs ?? Number.NaN }]
  })
  if (executions.some(({ atMs }) => Number.isNaN(atMs))) return null
  const aggregate = new FillAggregate(instrument)
  const page = pageOf(executions)
  if (page === null) return null
  aggregate.take(page)
  return aggregate
}

/** Fills and funding by their times; without times, funding after all fills. */
function historyOf({ instrument, fills, funding }: FillsFile): TradeHistory {
  const history = new TradeHistory(instrument)
  const waiting = funding.toSorted((a, b) => a.atMs - b.atMs)
  const takeUntil = (atMs: number): void => {
    for (let next = waiting[0]; next !== undefined && next.atMs <= atMs; next = waiting[0]) {
      history.takeFunding(next.amount, next.atMs)
      waiting.shift()
    }
  }
  for (const fill of fills) {
    takeUntil(fill.atMs ?? Number.NEGATIVE_INFINITY)
    history.take(fill)
  }
  takeUntil(Number.POSITIVE_INFINITY)
  return history
}
