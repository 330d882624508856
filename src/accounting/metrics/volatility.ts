/** Standard deviation of returns, of a sample (n − 1) and of a population (n), per period and of a year (· √ppy). */
import type { Metric, Outcome } from './metric.ts'
import { map } from './metric.ts'
import type { ReturnSeries } from './series.ts'

export function stdevSample(series: ReturnSeries): Outcome {
  return series.n < 2 ? 'too_few_returns' : Math.sqrt(series.varianceSample)
}

export function stdevPopulation(series: ReturnSeries): Outcome {
  return series.n < 1 ? 'too_few_returns' : Math.sqrt(series.variancePopulation)
}

export function perYear(series: ReturnSeries, perPeriod: Outcome): Outcome {
  return map(perPeriod, (value) => value * Math.sqrt(series.periodsPerYear))
}

export const volatility: readonly Metric[] = [
  { name: 'stdev_sample', formula: '√(Σ(r − mean)² / (n − 1))', source: 'textbook', of: stdevSample },
  { name: 'stdev_population', formula: '√(Σ(r − mean)² / n)', source: 'textbook', of: stdevPopulation },
  {
    name: 'volatility_annualized_sample',
    formula: 'stdev_sample · √ppy',
    source: 'PerformanceAnalytics StdDev.annualized, empyrical',
    of: (series) => perYear(series, stdevSample(series)),
  },
  {
    name: 'volatility_annualized_population',
    formula: 'stdev_population · √ppy',
    source: 'Bacon',
    of: (series) => perYear(series, stdevPopulation(series)),
  },
]
