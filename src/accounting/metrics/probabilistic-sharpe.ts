/**
 * How sure it is that the true Sharpe ratio is above a benchmark, given the series' length, skewness and kurtosis.
 * Bailey and López de Prado 2012. Sharpe ratios are per period; kurtosis is not excess.
 */
import { kurtosisPopulation } from './kurtosis.ts'
import type { Metric, Outcome } from './metric.ts'
import { normalCdf, normalQuantile } from './normal.ts'
import type { ReturnSeries } from './series.ts'
import { sharpePerPeriod } from './sharpe.ts'
import { skewnessPopulation } from './skewness.ts'

interface Shape {
  readonly sharpe: number
  /** 1 − g3·SR + (g4 − 1)/4·SR²: the variance of the estimate, times n − 1. */
  readonly spread: number
}

function shapeOf(series: ReturnSeries, kurtosis: Outcome): Shape | Extract<Outcome, string> {
  const sharpe = sharpePerPeriod(series)
  const skew = skewnessPopulation(series)
  if (typeof sharpe === 'string') return sharpe
  if (typeof skew === 'string') return skew
  if (typeof kurtosis === 'string') return kurtosis
  const spread = 1 - skew * sharpe + ((kurtosis - 1) / 4) * sharpe ** 2
  return spread > 0 ? { sharpe, spread } : 'not_positive'
}

export function probabilisticSharpe(
  series: ReturnSeries,
  benchmark: number,
  kurtosis: Outcome = kurtosisPopulation(series),
): Outcome {
  const shape = shapeOf(series, kurtosis)
  if (typeof shape === 'string') return shape
  return normalCdf(((shape.sharpe - benchmark) * Math.sqrt(series.n - 1)) / Math.sqrt(shape.spread))
}

function trackRecordLength(series: ReturnSeries): Outcome {
  const shape = shapeOf(series, kurtosisPopulation(series))
  if (typeof shape === 'string') return shape
  if (shape.sharpe <= 0) return 'not_positive'
  return 1 + shape.spread * (normalQuantile(0.95) / shape.sharpe) ** 2
}

const formula = 'Φ((SR − SR*)·√(n − 1) / √(1 − g3·SR + (g4 − 1)/4·SR²))'
const source = 'Bailey and López de Prado 2012'

export const probabilisticSharpeRatio: readonly Metric[] = [
  { name: 'psr_0', formula: `${formula}, SR* = 0`, source, of: (series) => probabilisticSharpe(series, 0) },
  {
    name: 'psr_0.01',
    formula: `${formula}, SR* = 0.01`,
    source,
    of: (series) => probabilisticSharpe(series, 0.01),
  },
  {
    name: 'psr_0_skew_only_kurt3',
    formula: `${formula}, SR* = 0, g4 = 3`,
    source: 'PerformanceAnalytics ProbSharpeRatio(ignore_kurtosis = TRUE)',
    of: (series) => probabilisticSharpe(series, 0, 3),
  },
  {
    name: 'min_track_record_length_0_95',
    formula: '1 + (1 − g3·SR + (g4 − 1)/4·SR²)·(z.95 / SR)²',
    source,
    of: trackRecordLength,
  },
]
