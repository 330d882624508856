import { type Decimal, parseDecimal, type RecordFigures, type RecordHour } from '@perf-agg/sdk'
import type { Figures } from '../accounting/view.ts'
import { dailyGrowth, type FigureHour, portfolioOf } from '../accounting/record/portfolio.ts'
import { daysOf, yearsOf, type DayReturn, type YearReturn } from './calendar.ts'
import { costsOf, type MonthCosts } from './costs.ts'
import { coverageOf, type TrackCoverage } from './coverage.ts'
import { dayHoursOf, type DayHour } from './day-hours.ts'
import { distributionOf, type Distribution } from './distribution.ts'
import { growthPath, type GrowthPath } from './path.ts'
import { rollingSharpe, type RollingSharpe } from './rolling.ts'

/**
 * All that the page shows of a record, computed from the hours that were verified and from nothing else, by the code
 * that the enclave itself computes its figures with.
 */
export interface Track {
  readonly figures: Figures
  readonly path: GrowthPath
  /** Of before the registration: shown apart, in no figure. */
  readonly backfilledPath: GrowthPath
  readonly days: readonly DayReturn[]
  readonly years: readonly YearReturn[]
  readonly rolling: RollingSharpe | null
  /** Of days where there are enough, else of hours. */
  readonly distribution: { readonly of: 'days' | 'hours'; readonly value: Distribution | null }
  readonly dayHours: readonly DayHour[]
  readonly costs: readonly MonthCosts[] | null
  readonly coverage: TrackCoverage
}

/** Fewer days than this make no distribution. */
const daysOfDistributionMin = 20
const zero: Decimal = parseDecimal('0')

export function trackOf(figures: RecordFigures): Track {
  const headline = figures.series.filter(({ origin }) => origin !== 'backfilled')
  const counted = headline.filter(
    ({ returnPct, marks }) => returnPct !== null && !marks.includes('no_capital'),
  )
  const hours = headline.map(figureHour)
  const last = hours.at(-1)
  const days = last === undefined ? [] : daysOf(dailyGrowth(counted.map(figureHour), last))
  const ofDays = days.length >= daysOfDistributionMin
  const returns = ofDays ? days.map(({ pct }) => pct) : counted.map(({ returnPct }) => returnPct ?? 0)
  return {
    figures: portfolioOf(hours, figures.gaps),
    path: growthPath(headline),
    backfilledPath: growthPath(figures.series.filter(({ origin }) => origin === 'backfilled')),
    days,
    years: yearsOf(days),
    rolling: rollingSharpe(days),
    distribution: { of: ofDays ? 'days' : 'hours', value: distributionOf(returns) },
    dayHours: dayHoursOf(counted),
    costs: figures.series.some(({ amounts }) => amounts === null) ? null : costsOf(headline),
    coverage: coverageOf(headline, figures),
  }
}

/** A record states neither equity nor a flow of an hour: what needs them has its reason. */
function figureHour({ startMs, origin, returnPct, marks }: RecordHour): FigureHour {
  return {
    startMs,
    origin,
    returnPct,
    equityUsd: null,
    flows: { count: 0, netUsd: zero },
    marks: marks.includes('no_capital') ? { noCapital: true } : {},
  }
}
