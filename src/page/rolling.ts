import { sharpe } from '../accounting/metrics/sharpe.ts'
import { ReturnSeries } from '../accounting/metrics/series.ts'
import type { DayReturn } from './calendar.ts'

/** The annualised Sharpe ratio of the last so many days, day by day. */
export interface RollingSharpe {
  readonly windowDays: number
  /** By the last day of each window; null where a window has no variation. */
  readonly points: readonly { readonly dayMs: number; readonly value: number | null }[]
  /**
   * How far such a figure is off by chance alone, one standard error: √(365 / window) for returns that do not depend on
   * each other (Lo 2002, small ratios).
   */
  readonly standardError: number
}

const annualized = sharpe.find(({ name }) => name === 'sharpe_annualized_arithmetic')

/** Half a year of days takes 90, less takes 30; under 45 days there is nothing to roll. */
export function rollingSharpe(days: readonly DayReturn[]): RollingSharpe | null {
  const windowDays = days.length >= 180 ? 90 : 30
  if (days.length < 45 || annualized === undefined) return null
  const returns = days.map(({ pct }) => pct / 100)
  const points = []
  for (let end = windowDays; end <= days.length; end += 1) {
    const series = new ReturnSeries(returns.slice(end - windowDays, end), { periodsPerYear: 365 })
    const value = annualized.of(series)
    const isNumber = typeof value === 'number' && Number.isFinite(value)
    points.push({ dayMs: days[end - 1]!.dayMs, value: isNumber ? value : null })
  }
  return { windowDays, points, standardError: Math.sqrt(365 / windowDays) }
}
