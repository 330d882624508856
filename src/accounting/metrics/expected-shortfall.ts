/** The mean loss beyond the value at risk. Acerbi and Tasche 2002. A positive figure is a loss. */
import type { Metric, Outcome } from './metric.ts'
import { map } from './metric.ts'
import { normalDensity, normalQuantile } from './normal.ts'
import type { ReturnSeries } from './series.ts'
import { sumOf } from './stable-sum.ts'
import { stdevPopulation } from './volatility.ts'

function beyondQuantile(series: ReturnSeries, p: number): Outcome {
  if (series.n === 0) return 'too_few_returns'
  const quantile = series.quantile(p)
  // Below it there are no more than the rank it lies at.
  const below = series.order.lowest(Math.ceil((series.n - 1) * p)).filter((r) => r < quantile)
  return below.length === 0 ? -quantile : -sumOf(below) / below.length
}

function ofRanks(series: ReturnSeries, p: number): Outcome {
  if (series.n === 0) return 'too_few_returns'
  const count = Math.trunc((series.n - 1) * p) + 1
  return -sumOf(series.order.lowest(count)) / count
}

export const expectedShortfall: readonly Metric[] = [95, 99].flatMap((confidence): Metric[] => {
  const p = (100 - confidence) / 100
  const historical: Metric[] = [
    {
      name: `es_historical_${confidence}`,
      formula: `−mean of r strictly below the type-7 quantile at ${p}; that quantile when there is none`,
      source: 'PerformanceAnalytics ES(method = "historical")',
      of: (series) => beyondQuantile(series, p),
    },
    {
      name: `es_historical_${confidence}_rank`,
      formula: `−mean of the int((n − 1)·${p}) + 1 lowest r`,
      source: 'empyrical conditional_value_at_risk',
      of: (series) => ofRanks(series, p),
    },
  ]
  // The reference set names the gaussian one for 95 % only; both are given.
  const gaussian: Metric = {
    name: `es_gaussian_${confidence}_population`,
    formula: '−mean + stdev_population·φ(z)/p',
    source: 'PerformanceAnalytics ES(method = "gaussian")',
    of: (series) =>
      map(stdevPopulation(series), (sd) => -series.mean + (sd * normalDensity(normalQuantile(p))) / p),
  }
  return [...historical, gaussian]
})
