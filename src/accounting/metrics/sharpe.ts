/** Reward for variability: mean excess return over its standard deviation. Sharpe 1994. */
import type { Metric, Outcome } from './metric.ts'
import { ratio } from './metric.ts'
import type { ReturnSeries } from './series.ts'
import { perYear, stdevPopulation, stdevSample } from './volatility.ts'

export function sharpePerPeriod(series: ReturnSeries): Outcome {
  return ratio(series.mean - series.riskFree, stdevSample(series), 'no_variation')
}

/** Π(1 + r − rf)^(ppy/n) − 1. */
export function excessAnnualized(series: ReturnSeries): Outcome {
  const excess = series.annualized(series.excessLogGrowth)
  return Number.isNaN(excess) ? 'below_minus_one' : excess
}

export const sharpe: readonly Metric[] = [
  {
    name: 'sharpe_per_period_sample',
    formula: '(mean − rf) / stdev_sample',
    source: 'Sharpe 1994',
    of: sharpePerPeriod,
  },
  {
    name: 'sharpe_annualized_arithmetic',
    formula: '(mean − rf) / stdev_sample · √ppy',
    source: 'Sharpe 1994; PerformanceAnalytics ≥ 2.1, empyrical, quantstats, ffn',
    of: (series) => perYear(series, sharpePerPeriod(series)),
  },
  {
    name: 'sharpe_annualized_population_sd',
    formula: '(mean − rf) / stdev_population · √ppy',
    source: 'Bacon',
    of: (series) =>
      series.n < 2
        ? 'too_few_returns'
        : perYear(series, ratio(series.mean - series.riskFree, stdevPopulation(series), 'no_variation')),
  },
  {
    name: 'sharpe_annualized_geometric',
    formula: '(Π(1 + r − rf)^(ppy/n) − 1) / (stdev_sample · √ppy)',
    source: 'Bacon; PerformanceAnalytics SharpeRatio.annualized(geometric = TRUE)',
    of: (series) => ratio(excessAnnualized(series), perYear(series, stdevSample(series)), 'no_variation'),
  },
]
