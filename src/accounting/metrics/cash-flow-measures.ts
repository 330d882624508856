/**
 * Returns of a period with external flows: true time-weighted, Modified Dietz in its weightings, simple Dietz,
 * money-weighted. A flow is investable from its timestamp; its equity is the valuation just before it.
 */
import { dayMs } from '@perf-agg/sdk'
import type { Outcome, Reason } from './metric.ts'
import { map } from './metric.ts'
import { sumBy } from './stable-sum.ts'
import { xirr } from './xirr.ts'
import type { Xirr } from './xirr.ts'

export interface ValuedFlow {
  readonly atMs: number
  /** > 0 into the account. */
  readonly amount: number
  readonly equityBefore: number
}

export interface FlowPeriod {
  readonly startMs: number
  readonly endMs: number
  readonly startEquity: number
  readonly endEquity: number
  /** In the order of time. */
  readonly flows: readonly ValuedFlow[]
}

export const cashFlowMeasures: readonly {
  readonly name: string
  readonly formula: string
  /** Who defined it so, or who computes it so. */
  readonly source: string
  readonly of: (period: FlowPeriod) => Outcome | string
}[] = [
  {
    name: 'twr_true',
    formula: 'Π (equity before flow / equity after the previous) − 1',
    source: 'GIPS 2020 2.A.20',
    of: trueReturn,
  },
  { name: 'gain', formula: 'end − start − Σ flows', source: 'textbook', of: gainOf },
  {
    name: 'modified_dietz_exact_time',
    formula: 'gain / (start + Σ w·F), w = (T − t) / T in milliseconds',
    source: 'Dietz 1966; Bacon',
    of: (period) => dietz(period, (atMs) => (period.endMs - atMs) / (period.endMs - period.startMs)),
  },
  {
    name: 'modified_dietz_day_end',
    formula: 'w = (CD − D) / CD, D whole UTC days from the start',
    source: 'Dietz 1966; Bacon, flows at the end of the day',
    of: (period) => dietz(period, (atMs) => (daysOf(period) - dayNumber(period, atMs)) / daysOf(period)),
  },
  {
    name: 'modified_dietz_day_start',
    formula: 'w = min(1, (CD − D + 1) / CD)',
    source: 'Dietz 1966; Bacon, flows at the start of the day',
    of: (period) =>
      dietz(period, (atMs) => Math.min(1, (daysOf(period) - dayNumber(period, atMs) + 1) / daysOf(period))),
  },
  {
    name: 'simple_dietz',
    formula: 'w = 1/2',
    source: 'Dietz 1966',
    of: (period) => dietz(period, () => 0.5),
  },
  {
    name: 'twr_annualized_365',
    formula: '(1 + TWR)^(365 / days) − 1, from 365 days on',
    source: 'GIPS 2020 2.A.12: no annualising under a year',
    of: annualized,
  },
  {
    name: 'xirr',
    formula: 'Σ aᵢ / (1 + r)^((tᵢ − t₀) / 365 days) = 0',
    source: 'Excel XIRR, pyxirr: act/365 from the first flow',
    of: (period) => rateOf(xirrOf(period)),
  },
  {
    name: 'mwr_period',
    formula: '(1 + xirr)^(days / 365) − 1',
    source: 'GIPS 2020: money-weighted, not annualised',
    of: (period) => {
      const rate = rateOf(xirrOf(period))
      return typeof rate === 'number' ? Math.expm1((Math.log1p(rate) * exactDays(period)) / 365) : rate
    },
  },
]

function trueReturn(period: FlowPeriod): Outcome {
  let growth = 1
  let capital = period.startEquity
  let hadCapital = false
  const step = (equity: number): void => {
    if (capital <= 0) return
    hadCapital = true
    growth *= Math.max(0, equity) / capital
  }
  for (const flow of period.flows) {
    step(flow.equityBefore)
    capital = flow.equityBefore + flow.amount
  }
  step(period.endEquity)
  return hadCapital ? growth - 1 : 'too_few_returns'
}

function gainOf(period: FlowPeriod): number {
  return (
    period.endEquity -
    period.startEquity -
    sumBy(
      period.flows.map(({ amount }) => amount),
      (amount) => amount,
    )
  )
}

function dietz(period: FlowPeriod, weight: (atMs: number) => number): Outcome {
  const weighted = sumBy(
    period.flows.map(({ atMs, amount }) => amount * weight(atMs)),
    (value) => value,
  )
  const capital = period.startEquity + weighted
  return capital > 0 ? gainOf(period) / capital : 'not_positive'
}

const exactDays = (period: FlowPeriod): number => (period.endMs - period.startMs) / dayMs
const dayNumber = (period: FlowPeriod, atMs: number): number =>
  Math.floor(atMs / dayMs) - Math.floor(period.startMs / dayMs)
const daysOf = (period: FlowPeriod): number => dayNumber(period, period.endMs)

function annualized(period: FlowPeriod): Outcome {
  const days = exactDays(period)
  if (days < 365) return 'under_one_year'
  return map(trueReturn(period), (total) => Math.expm1((Math.log1p(total) * 365) / days))
}

/** All rates that solve it, where there are several. */
export function xirrOf(period: FlowPeriod): Xirr {
  return xirr([
    { atMs: period.startMs, amount: -period.startEquity },
    ...period.flows.map(({ atMs, amount }) => ({ atMs, amount: -amount })),
    { atMs: period.endMs, amount: period.endEquity },
  ])
}

function rateOf(result: Xirr): number | Reason | string {
  return result.kind === 'root' ? result.rate : result.kind === 'none' ? result.reason : 'ambiguous'
}
