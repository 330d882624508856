/** Risk on one side of a threshold: of the minimum acceptable return (MAR) or of the mean. Sortino and Price 1994. */
import type { Metric, Outcome } from './metric.ts'
import { perYear } from './volatility.ts'
import type { ReturnSeries } from './series.ts'

const squaresBelow = (series: ReturnSeries, level: number): number => series.about(level).squaresBelow

/** Over all n periods. */
export function downsideFull(series: ReturnSeries): Outcome {
  return series.n === 0 ? 'too_few_returns' : Math.sqrt(squaresBelow(series, series.acceptable) / series.n)
}

/** Over the periods below only. */
export function downsideSubset(series: ReturnSeries): Outcome {
  const below = series.about(series.acceptable).countBelow
  return below === 0 ? 'no_losses' : Math.sqrt(squaresBelow(series, series.acceptable) / below)
}

export const downside: readonly Metric[] = [
  {
    name: 'downside_deviation_full',
    formula: '√(Σ min(r − MAR, 0)² / n), n all periods',
    source: 'Sortino and Price 1994; PerformanceAnalytics DownsideDeviation(method = "full")',
    of: downsideFull,
  },
  {
    name: 'downside_deviation_subset',
    formula: '√(Σ min(r − MAR, 0)² / count(r < MAR))',
    source: 'PerformanceAnalytics DownsideDeviation(method = "subset")',
    of: downsideSubset,
  },
  {
    name: 'downside_deviation_full_annualized',
    formula: 'downside_deviation_full · √ppy',
    source: 'empyrical downside_risk',
    of: (series) => perYear(series, downsideFull(series)),
  },
  {
    name: 'semideviation_below_mean_full',
    formula: '√(Σ min(r − mean, 0)² / n)',
    source: 'PerformanceAnalytics SemiDeviation',
    of: (series) =>
      series.n === 0 ? 'too_few_returns' : Math.sqrt(squaresBelow(series, series.mean) / series.n),
  },
  {
    name: 'downside_potential',
    formula: 'Σ max(MAR − r, 0) / n',
    source: 'PerformanceAnalytics DownsidePotential',
    of: (series) => (series.n === 0 ? 'too_few_returns' : series.about(series.acceptable).below / series.n),
  },
  {
    name: 'upside_risk',
    formula: '√(Σ max(r − MAR, 0)² / n)',
    source: 'PerformanceAnalytics UpsideRisk(method = "full")',
    of: (series) =>
      series.n === 0 ? 'too_few_returns' : Math.sqrt(series.about(series.acceptable).squaresAbove / series.n),
  },
]
