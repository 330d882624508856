/** The loss that is not exceeded with a confidence of 95 or 99 %. A positive figure is a loss, a negative one a gain. */
import { kurtosisPopulation } from './kurtosis.ts'
import type { Metric, Outcome } from './metric.ts'
import { map } from './metric.ts'
import { normalQuantile } from './normal.ts'
import type { ReturnSeries } from './series.ts'
import { skewnessPopulation } from './skewness.ts'
import { stdevPopulation, stdevSample } from './volatility.ts'

function historical(series: ReturnSeries, p: number): Outcome {
  return series.n === 0 ? 'too_few_returns' : -series.quantile(p)
}

function gaussian(series: ReturnSeries, p: number, stdev: Outcome): Outcome {
  return map(stdev, (sd) => -(series.mean + normalQuantile(p) * sd))
}

/** The normal quantile bent by skewness S and excess kurtosis K. Cornish and Fisher 1938. */
function cornishFisher(series: ReturnSeries, p: number): Outcome {
  const z = normalQuantile(p)
  return map(skewnessPopulation(series), (s) =>
    map(kurtosisPopulation(series), (kurtosis) => {
      const k = kurtosis - 3
      const bent =
        z + ((z ** 2 - 1) * s) / 6 + ((z ** 3 - 3 * z) * k) / 24 - ((2 * z ** 3 - 5 * z) * s ** 2) / 36
      return map(stdevPopulation(series), (sd) => -(series.mean + bent * sd))
    }),
  )
}

export const valueAtRisk: readonly Metric[] = [95, 99].flatMap((confidence): Metric[] => {
  const p = (100 - confidence) / 100
  return [
    {
      name: `var_historical_${confidence}`,
      formula: `−(type-7 quantile at ${p})`,
      source: 'PerformanceAnalytics VaR(method = "historical")',
      of: (series) => historical(series, p),
    },
    {
      name: `var_gaussian_${confidence}_population`,
      formula: '−(mean + z·stdev_population)',
      source: 'PerformanceAnalytics VaR(method = "gaussian")',
      of: (series) => gaussian(series, p, stdevPopulation(series)),
    },
    {
      name: `var_gaussian_${confidence}_sample`,
      formula: '−(mean + z·stdev_sample)',
      source: 'quantstats value_at_risk',
      of: (series) => gaussian(series, p, stdevSample(series)),
    },
    {
      name: `var_cornish_fisher_${confidence}`,
      formula: '−(mean + sd·(z + (z² − 1)S/6 + (z³ − 3z)K/24 − (2z³ − 5z)S²/36)), population S, excess K',
      source: 'Cornish and Fisher 1938; PerformanceAnalytics VaR(method = "modified")',
      of: (series) => cornishFisher(series, p),
    },
  ]
})
