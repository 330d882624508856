import { dayMs, hourMs, toNumber } from '@perf-agg/sdk'
import { accountFigures } from './account-figures.ts'
import type { Gap, Hour } from '../hour/hour.ts'
import { HourlyRisk } from './hourly-risk.ts'
import { maxDrawdown } from '../metrics/drawdown.ts'
import type { MetricValues } from '../metrics/metric.ts'
import { ReturnSeries } from '../metrics/series.ts'
import { computeMetrics } from '../metrics/set.ts'
import { periodRate } from '../metrics/xirr.ts'
import type { Figures } from '../view.ts'

/** What the figures need of an hour. */
export type FigureHour = Pick<Hour, 'startMs' | 'origin' | 'returnPct' | 'equityUsd' | 'flows' | 'marks'>

/**
 * The headline figures of an account: each a pure function of the published hours, so that a verifier computes them
 * again. Backfilled hours never enter; hours without capital are left out of every count; risk is of days (00:00 UTC),
 * linked from hours, and annualised with 365; nothing is annualised under a year.
 * @param memo of the same account, where it is asked again and again
 * @param changeableFromMs hours before it never change again
 * @param firstReturns returns of corrected hours as they were first stated, by their starts
 */
export function portfolioOf(
  hours: readonly FigureHour[],
  allGaps: readonly Gap[],
  memo: FigureMemo = new FigureMemo(),
  changeableFromMs: number = Number.NEGATIVE_INFINITY,
  firstReturns: ReadonlyMap<number, number | null> = new Map(),
): Figures {
  const lastOld = hours.findLast((hour) => hour.origin === 'backfilled')
  // of before the registration, like the hours around them
  const gaps = lastOld === undefined ? allGaps : allGaps.filter((gap) => gap.toMs > lastOld.startMs)
  const headline = hours.filter((hour) => hour.origin !== 'backfilled')
  const counted = headline.filter((hour) => hour.returnPct !== null && hour.marks.noCapital === undefined)
  const book = new FigureBook()
  const wiped = counted.findIndex((hour) => hour.returnPct === -100)
  if (wiped >= 0 && wiped < counted.length - 1) {
    for (const name of names) book.missing(name, 'wiped_out')
    // The segment after is shown beside, never instead.
    book.set('twr_since_wipe_out_pct', percent(linked(counted.slice(wiped + 1))))
    return book.figures()
  }
  if (counted.length === 0) {
    for (const name of names) book.missing(name, 'no_hours_yet')
    return book.figures()
  }
  totalFigures(book, headline, counted, gaps)
  if (firstReturns.size > 0)
    book.set('twr_first_stated_pct', percent(linked(asFirstStated(counted, firstReturns))))
  riskFigures(book, headline, counted, memo)
  hourlyFigures(book, counted, memo.hourly, changeableFromMs)
  if (gaps.length > 0) for (const name of bounded) book.qualify(name, 'lower_bound')
  return book.figures()
}

/**
 * What figures leave behind for the next time: the daily set is made once a day, and again where a correction moved a
 * day; hours that can't change any more are looked at once. With it or without, the figures are the same.
 */
export class FigureMemo {
  readonly hourly = new HourlyRisk()
  #days: readonly number[] = []
  #set: MetricValues | null = null

  daily(returns: readonly number[]): MetricValues {
    const days = this.#days
    const isSame = returns.length === days.length && returns.every((r, at) => Object.is(r, days[at]))
    if (isSame && this.#set !== null) return this.#set
    this.#days = returns
    return (this.#set = computeMetrics(new ReturnSeries(returns, { periodsPerYear: 365 })))
  }
}

const daily = accountFigures.flatMap(({ name, daily: figure }) =>
  figure === undefined ? [] : [[name, figure.metric, figure.factor] as const],
)

/** All but those that stand beside the others: after a wipe-out, and after a correction. */
const besides = ['twr_since_wipe_out_pct', 'twr_first_stated_pct']
const names = accountFigures.map(({ name }) => name).filter((name) => !besides.includes(name))

/** Falls and swings that a gap may have hidden: at least so much. */
const bounded = [
  'volatility_annualized_pct',
  'max_drawdown_pct',
  'max_drawdown_hourly_pct',
  'volatility_hourly_annualized_pct',
  'ulcer_index_pct',
]

class FigureBook {
  readonly #values: Record<string, number | null> = {}
  readonly #reasons: Record<string, string> = {}

  set(name: string, value: number): void {
    this.#values[name] = Number.isFinite(value) ? value : null
    if (!Number.isFinite(value)) this.#reasons[name] = 'not_finite'
  }

  missing(name: string, reason: string): void {
    this.#values[name] = null
    this.#reasons[name] = reason
  }

  qualify(name: string, reason: string): void {
    if (this.#values[name] !== null && this.#values[name] !== undefined) this.#reasons[name] = reason
  }

  figures(): Figures {
    return { values: this.#values, reasons: this.#reasons }
  }
}

function asFirstStated(
  hours: readonly FigureHour[],
  firstReturns: ReadonlyMap<number, number | null>,
): FigureHour[] {
  return hours.map((hour) => {
    const first = firstReturns.get(hour.startMs)
    return first === undefined ? hour : { ...hour, returnPct: first }
  })
}

/** Π(1 + r), in order, of the published doubles. */
function linked(hours: readonly FigureHour[]): number {
  return hours.reduce((growth, hour) => growth * (1 + (hour.returnPct ?? 0) / 100), 1)
}

const percent = (growth: number): number => (growth - 1) * 100

function totalFigures(
  book: FigureBook,
  headline: readonly FigureHour[],
  counted: readonly FigureHour[],
  gaps: readonly Gap[],
): void {
  const growth = linked(counted)
  book.set('twr_pct', percent(growth))
  moneyWeighted(book, headline, gaps)
  const returns = counted.map((hour) => (hour.returnPct ?? 0) / 100)
  book.set('max_drawdown_hourly_pct', maxDrawdown(new ReturnSeries(returns, { periodsPerYear: 8760 })) * 100)
  const days = elapsedDays(headline)
  if (days < 365) book.missing('annualized_return_pct', 'under_one_year')
  else book.set('annualized_return_pct', percent(growth ** (365 / days)))
}

/** By the clock, not by the count: empty and missing hours are time too. */
function elapsedDays(headline: readonly FigureHour[]): number {
  const first = headline[0]
  const last = headline.at(-1)
  return first === undefined || last === undefined ? 0 : (last.startMs + hourMs - first.startMs) / dayMs
}

/** From the end of the first hour to the end of the last, flows at the start of their hour; not annualised. */
function moneyWeighted(book: FigureBook, headline: readonly FigureHour[], gaps: readonly Gap[]): void {
  const first = headline[0]
  const last = headline.at(-1)
  const name = 'mwr_pct'
  if (first === undefined || last === undefined || first === last) return book.missing(name, 'too_few_hours')
  if (first.equityUsd === null || last.equityUsd === null) return book.missing(name, 'no_balances')
  if (gaps.some((gap) => gap.fromMs > first.startMs && gap.toMs <= last.startMs)) {
    return book.missing(name, 'flows_in_gaps_unknown')
  }
  const flows = headline
    .slice(1)
    .map((hour) => ({ atMs: hour.startMs, amount: -toNumber(hour.flows.netUsd) }))
  const result = periodRate([
    { atMs: first.startMs + hourMs, amount: -toNumber(first.equityUsd) },
    ...flows.filter(({ amount }) => amount !== 0),
    { atMs: last.startMs + hourMs, amount: toNumber(last.equityUsd) },
  ])
  if (result.kind === 'root') book.set(name, result.rate * 100)
  else book.missing(name, result.kind === 'ambiguous' ? 'ambiguous' : result.reason)
}

function riskFigures(
  book: FigureBook,
  headline: readonly FigureHour[],
  counted: readonly FigureHour[],
  memo: FigureMemo,
): void {
  const returns = dailyReturns(counted, headline.at(-1)!)
  book.set('days', returns.length)
  if (returns.length === 0) {
    for (const [name] of daily) book.missing(name, 'no_day_yet')
    book.missing('calmar', 'no_day_yet')
    return
  }
  const { metrics, reasons } = memo.daily(returns)
  for (const [name, metric, factor] of daily) {
    const value = metrics[metric]
    if (value === null || value === undefined) book.missing(name, reasons[metric] ?? 'not_finite')
    else book.set(name, value * factor)
  }
  const days = elapsedDays(headline)
  const depth = metrics['max_drawdown'] ?? 0
  if (days < 365) book.missing('calmar', 'under_one_year')
  else if (depth === 0) book.missing('calmar', 'no_drawdown')
  else book.set('calmar', (linked(counted) ** (365 / days) - 1) / -depth)
}

function hourlyFigures(
  book: FigureBook,
  counted: readonly FigureHour[],
  hourly: HourlyRisk,
  changeableFromMs: number,
): void {
  const returns = counted.map((hour) => (hour.returnPct ?? 0) / 100)
  const settled = counted.findLastIndex((hour) => hour.startMs < changeableFromMs) + 1
  const made = hourly.of(returns, settled)
  for (const [name, value, least] of [
    ['volatility_hourly_annualized_pct', made.volatilityAnnualized * 100, 2],
    ['var_95_hour_pct', made.valueAtRisk95 * 100, 1],
    ['es_95_hour_pct', made.expectedShortfall95 * 100, 1],
    ['skewness_hours', made.skewness, 3],
    ['excess_kurtosis_hours', made.excessKurtosis, 4],
  ] as const) {
    if (Number.isNaN(value)) book.missing(name, returns.length < least ? 'too_few_returns' : 'no_variation')
    else book.set(name, value)
  }
}

/** Returns of the UTC days that are over, linked from their hours; a day without a counted hour is no day. */
export function dailyReturns(counted: readonly FigureHour[], last: FigureHour): number[] {
  return [...dailyGrowth(counted, last).values()].map((growth) => growth - 1)
}

/** The same as growth, 1.01 for 1 %, by the start of the day. */
export function dailyGrowth(counted: readonly FigureHour[], last: FigureHour): ReadonlyMap<number, number> {
  const endMs = last.startMs + hourMs
  const days = new Map<number, number>()
  for (const hour of counted) {
    const day = Math.floor(hour.startMs / dayMs) * dayMs
    if (day + dayMs > endMs) break
    days.set(day, (days.get(day) ?? 1) * (1 + (hour.returnPct ?? 0) / 100))
  }
  return days
}
