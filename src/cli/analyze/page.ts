import { toText } from '@perf-agg/sdk'
import type { FillAggregate } from '../../accounting/analysis/fill-aggregate.ts'
import type { FillAnalysis } from '../../accounting/analysis/fill-analysis.ts'
import { resultKinds } from '../../accounting/metrics/fills/fill-statistic.ts'
import { fillStatisticSet } from '../../accounting/metrics/fills/set.ts'
import type { MetricValues } from '../../accounting/metrics/metric.ts'
import type { ReturnSeries } from '../../accounting/metrics/series.ts'
import type { CashFlowFigures } from './cash-flows.ts'
import { figure, formatTable } from '../terminal/table.ts'
import { paint } from '../terminal/terminal.ts'

/** What was analyzed as tables for a terminal. */

const columns = [
  { title: 'figure', align: 'left' },
  { title: 'value', align: 'right' },
  { title: '', align: 'left', optional: true },
] as const

/** The first figure of each group, and what it is about: a page of eighty lines is read by its headings. */
const groups: ReadonlyMap<string, string> = new Map([
  ['n', 'return'],
  ['stdev_sample', 'risk'],
  ['sharpe_per_period_sample', 'return for risk'],
  ['downside_deviation_full', 'downside'],
  ['max_drawdown', 'drawdown'],
  ['omega_ratio_0', 'gains and losses'],
  ['mean_absolute_deviation', 'distribution'],
  ['psr_0', 'how sure the Sharpe ratio is'],
  ['var_historical_95', 'tail'],
  ['beta', 'beside the benchmark'],
])

export function formatReturns(series: ReturnSeries, values: MetricValues): string {
  const rows = Object.entries(values.metrics).flatMap(([name, value]) => {
    const heading = groups.get(name)
    const row = [`  ${words(name)}`, text(name, value), reason(values, name)]
    return heading === undefined ? [row] : [[paint('bold', heading), '', ''], row]
  })
  const title = `${figure(series.n, 'count')} returns, ${series.periodsPerYear} a year`
  return `${paint('bold', title)}\n${formatTable(columns, rows)}`
}

export function formatCashFlows(figures: CashFlowFigures): string {
  const rows = Object.entries(figures.metrics).map(([name, value]) => [
    words(name),
    name === 'gain' ? figure(value, 'plain') : figure(value === null ? null : value * 100, 'pct'),
    reason(figures, name),
  ])
  const roots = figures.roots?.xirr.map((rate) => figure(rate * 100, 'pct')) ?? []
  const told = roots.length === 0 ? '' : `\n\nthese rates all solve it: ${roots.join(', ')}`
  return `${formatTable(columns, rows)}${told}`
}

export function formatFills(
  { fifo, average, fees_by_currency }: FillAnalysis,
  statistics: MetricValues,
  currency: string,
  count: number,
  aggregate: FillAggregate | null = null,
): string {
  const names = Object.keys(fifo) as (keyof typeof fifo)[]
  const table = formatTable(
    [
      { title: currency === '' ? 'amount' : `amount (${currency})`, align: 'left' },
      { title: 'first in, first out', align: 'right' },
      { title: 'average cost', align: 'right' },
    ],
    names.map((name) => [words(name), fifo[name] ?? '–', average[name] ?? '–']),
  )
  const fees = Object.entries(fees_by_currency).map(([asset, fee]) => `${fee} ${asset}`)
  return [
    `${paint('bold', `${count} fills`)}\n${table}`,
    [`fees: ${fees.length === 0 ? 'none' : fees.join(', ')}`, ...fallLine(aggregate, currency)].join('\n'),
    formatStatistics(statistics),
  ].join('\n\n')
}

/** What was realized, from its highest to its lowest after that. */
function fallLine(aggregate: FillAggregate | null, currency: string): string[] {
  if (aggregate === null) return []
  const hours = `${figure(aggregate.hours, 'count')} ${aggregate.hours === 1 ? 'hour' : 'hours'} with fills`
  const fall = `${toText(aggregate.deepestFall)}${currency === '' ? '' : ` ${currency}`}`
  return [`${hours}; deepest fall of what was realized, before fees: ${fall}`]
}

/** Figures of fills, of a file or of an account. */
export function formatStatistics(statistics: MetricValues): string {
  return `${formatResults(statistics)}\n\n${formatRest(statistics)}`
}

/** Figures of round trips beside those of closing fills. */
function formatResults(statistics: MetricValues): string {
  const [trips = '', closings = ''] = resultKinds.map(({ prefix }) => prefix)
  const names = fillStatisticSet
    .map(({ name }) => name)
    .filter((name) => name.startsWith(trips))
    .map((name) => name.slice(trips.length))
  const cell = (name: string): string => {
    const why = statistics.reasons[name]
    return why === undefined ? shown(statistics, name) : paint('dim', why.replaceAll('_', ' '))
  }
  return formatTable(
    [
      { title: 'figure', align: 'left' },
      { title: 'round trips, net', align: 'right' },
      { title: 'closing fills, before fees', align: 'right' },
    ],
    names.map((name) => [
      name === 's' ? 'count' : words(name.slice(1)),
      cell(trips + name),
      cell(closings + name),
    ]),
  )
}

function formatRest(statistics: MetricValues): string {
  const rest = fillStatisticSet.filter(
    ({ name }) => name !== 'fills' && !resultKinds.some(({ prefix }) => name.startsWith(prefix)),
  )
  return formatTable(
    columns,
    rest.map(({ name }) => [words(name), shown(statistics, name), reason(statistics, name)]),
  )
}

function shown({ metrics }: MetricValues, name: string): string {
  const value = metrics[name] ?? null
  if (/win_rate|share|time_in_market|average_exposure/.test(name)) {
    return figure(value === null ? null : value * 100, 'pct')
  }
  const unit = fillStatisticSet.find((one) => one.name === name)?.unit
  return figure(value, unit === 'count' ? 'count' : 'plain')
}

/** Returns, drawdowns, volatility and shares read best in percent; ratios and counts don't. */
const inPercent =
  /^(cumulative|arithmetic_mean|geometric_mean|median|best|worst)_?return|^annualized_return|^stdev|^volatility|deviation|^downside_potential|^upside_risk|^(max|current|average)_drawdown$|^ulcer|^pain_index|^win_rate|^average_(win|loss)|^psr|^dsr_N|^alpha|^jensen|^benchmark_annualized|^tracking|^active_premium|^var_|^es_/
const counts = /^n$|_periods$|_count$/

function text(name: string, value: number | null): string {
  if (counts.test(name)) return figure(value, 'count')
  return inPercent.test(name) ? figure(value === null ? null : value * 100, 'pct') : figure(value, 'plain')
}

function reason({ reasons }: MetricValues, name: string): string {
  const why = reasons[name]
  return why === undefined ? '' : paint('dim', why.replaceAll('_', ' '))
}

/** `sharpe_annualized_arithmetic` as a person says it. */
function words(name: string): string {
  return name
    .replaceAll('_', ' ')
    .replaceAll(/\b(pnl|twr|mwr|xirr|psr|dsr|es|var|gips|n)\b/g, (word) =>
      word === 'pnl' ? 'P&L' : word === 'var' ? 'VaR' : word === 'n' ? 'returns' : word.toUpperCase(),
    )
}
