/** Weight of the tails: the standardised fourth moment; excess is over the normal distribution's 3. */
import type { Metric, Outcome } from './metric.ts'
import { map, ratio } from './metric.ts'
import type { ReturnSeries } from './series.ts'

export function kurtosisPopulation(series: ReturnSeries): Outcome {
  return series.n < 2 ? 'too_few_returns' : ratio(series.moment(4), series.moment(2) ** 2, 'no_variation')
}

function excessSample(series: ReturnSeries): Outcome {
  const { n } = series
  if (n < 4) return 'too_few_returns'
  return map(kurtosisPopulation(series), (g) => ((n - 1) / ((n - 2) * (n - 3))) * ((n + 1) * (g - 3) + 6))
}

export const kurtosis: readonly Metric[] = [
  {
    name: 'kurtosis_population',
    formula: 'm4 / m2²',
    source: 'PerformanceAnalytics kurtosis(method = "moment")',
    of: kurtosisPopulation,
  },
  {
    name: 'excess_kurtosis_population',
    formula: 'm4 / m2² − 3',
    source: 'PerformanceAnalytics kurtosis(method = "excess"), scipy',
    of: (series) => map(kurtosisPopulation(series), (g) => g - 3),
  },
  {
    name: 'excess_kurtosis_sample',
    formula: '(n − 1) / ((n − 2)(n − 3)) · ((n + 1)(m4/m2² − 3) + 6)',
    source: 'adjusted (G2): pandas, Excel KURT',
    of: excessSample,
  },
]
