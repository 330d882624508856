/** Return of a year: geometric whatever the length, geometric only from one year on (GIPS 2.A.12), arithmetic. */
import type { Metric, Outcome } from './metric.ts'
import type { ReturnSeries } from './series.ts'

export function annualizedGeometric(series: ReturnSeries): Outcome {
  if (series.n === 0) return 'too_few_returns'
  const annual = series.annualized()
  return Number.isNaN(annual) ? 'below_minus_one' : annual
}

export const annualizedReturn: readonly Metric[] = [
  {
    name: 'annualized_return_geometric',
    formula: 'Π(1 + r)^(ppy/n) − 1',
    source: 'PerformanceAnalytics Return.annualized, empyrical',
    of: annualizedGeometric,
  },
  {
    name: 'annualized_return_gips',
    formula: 'annualized_return_geometric where n/ppy ≥ 1',
    source: 'GIPS 2020 2.A.12: no annualising under a year',
    of: (series) => (series.n / series.periodsPerYear >= 1 ? annualizedGeometric(series) : 'under_one_year'),
  },
  {
    name: 'annualized_return_arithmetic',
    formula: 'mean · ppy',
    source: 'PerformanceAnalytics Return.annualized(geometric = FALSE)',
    of: (series) => (series.n === 0 ? 'too_few_returns' : series.mean * series.periodsPerYear),
  },
]
