import { dayMs, hourMs } from '@perf-agg/sdk'
import type { Gap, Hour } from '../hour/hour.ts'
import { ReturnSeries } from '../metrics/series.ts'
import { computeMetrics } from '../metrics/set.ts'
import type { Figures } from '../view.ts'

/** Returns of the same days, of the account and of the index. */
interface Pairs {
  readonly own: readonly number[]
  readonly index: readonly number[]
  /** Days of the account for which the index has no price at some hour. */
  readonly unpriced: number
}

/** Of days; the figure that it is, and by what it is multiplied. */
const daily = [
  ['beta', 'beta', 1],
  ['correlation', 'correlation', 1],
  ['r_squared', 'r_squared', 1],
  ['alpha_day_pct', 'alpha_per_period', 100],
  ['tracking_error_annualized_pct', 'tracking_error_annualized', 100],
  ['information_ratio', 'information_ratio_arithmetic_annualized', 1],
  ['up_capture', 'up_capture_arithmetic', 1],
  ['down_capture', 'down_capture_arithmetic', 1],
] as const
/** What annualises a return waits for a year. */
const yearly = [
  ['alpha_annualized_pct', 'alpha_annualized_arithmetic', 100],
  ['jensen_alpha_pct', 'jensen_alpha_annualized_returns', 100],
  ['active_premium_pct', 'active_premium_geometric', 100],
  ['treynor', 'treynor_ratio_geometric', 1],
] as const

/** Every figure beside an index, in the order in which they are shown, and what it is. */
export const benchmarkFigureSet: readonly { readonly name: string; readonly definition: string }[] = [
  { name: 'days', definition: 'UTC days that are compared' },
  { name: 'twr_pct', definition: 'of the account over these days: `cumulative_return`' },
  { name: 'benchmark_twr_pct', definition: 'of the index over the same: `cumulative_return`' },
  ...daily.map(([name, metric]) => ({ name, definition: `\`${metric}\`` })),
  ...yearly.map(([name, metric]) => ({ name, definition: `\`${metric}\`, from a year on` })),
]
const names = benchmarkFigureSet.map(({ name }) => name)

/**
 * An account beside an index that is bought and held: over the account's whole UTC days, each hour of it beside the same
 * hour of the index, and the hour that carries a gap beside the whole of the gap. Days with an hour without a price of
 * the index count on neither side. `priceAt`: of the index at the turn of an hour.
 */
export function benchmarkFigures(
  hours: readonly Hour[],
  gaps: readonly Gap[],
  priceAt: (atMs: number) => number | null,
): Figures {
  const { own, index, unpriced } = pairsOf(hours, gaps, priceAt)
  const values: Record<string, number | null> = {}
  const reasons: Record<string, string> = {}
  const missing = (name: string, reason: string): void => {
    values[name] = null
    reasons[name] = reason
  }
  if (own.length === 0) {
    for (const name of names) missing(name, unpriced > 0 ? 'no_prices' : 'no_day_yet')
    return { values, reasons }
  }
  values['days'] = own.length
  if (unpriced > 0) reasons['days'] = 'some_days_without_prices'
  const { metrics, reasons: why } = computeMetrics(
    new ReturnSeries(own, { periodsPerYear: 365, benchmark: index }),
  )
  const linked = (returns: readonly number[]): number => returns.reduce((growth, r) => growth * (1 + r), 1)
  values['twr_pct'] = (linked(own) - 1) * 100
  values['benchmark_twr_pct'] = (linked(index) - 1) * 100
  for (const [name, metric, factor] of [...daily, ...yearly]) {
    const value = metrics[metric]
    if (own.length < 365 && yearly.some(([one]) => one === name)) missing(name, 'under_one_year')
    else if (value === null || value === undefined) missing(name, why[metric] ?? 'not_finite')
    else values[name] = value * factor
  }
  return { values, reasons }
}

function pairsOf(
  hours: readonly Hour[],
  gaps: readonly Gap[],
  priceAt: (atMs: number) => number | null,
): Pairs {
  const endMs = (hours.at(-1)?.startMs ?? 0) + hourMs
  const gapFromMs = new Map<number, number>()
  for (const gap of gaps) gapFromMs.set(gap.toMs, gapFromMs.get(gap.fromMs) ?? gap.fromMs)
  const days = new Map<number, { own: number; index: number | null }>()
  for (const hour of hours) {
    if (hour.origin === 'backfilled' || hour.returnPct === null || hour.marks.noCapital) continue
    const day = Math.floor(hour.startMs / dayMs) * dayMs
    if (day + dayMs > endMs) break
    const fromMs = hour.marks.approximate ? (gapFromMs.get(hour.startMs) ?? hour.startMs) : hour.startMs
    const [from, to] = [priceAt(fromMs), priceAt(hour.startMs + hourMs)]
    const before = days.get(day) ?? { own: 1, index: 1 }
    days.set(day, {
      own: before.own * (1 + hour.returnPct / 100),
      index: before.index === null || from === null || to === null ? null : (before.index * to) / from,
    })
  }
  const priced = [...days.values()].filter(({ index }) => index !== null)
  return {
    own: priced.map(({ own }) => own - 1),
    index: priced.map(({ index }) => index! - 1),
    unpriced: days.size - priced.length,
  }
}

/** The figures of a benchmark that can't be had, each with the same reason. */
export function noBenchmark(reason: string): Figures {
  return {
    values: Object.fromEntries(names.map((name) => [name, null])),
    reasons: Object.fromEntries(names.map((name) => [name, reason])),
  }
}
