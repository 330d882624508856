/** Asymmetry of returns: the standardised third moment. */
import type { Metric, Outcome } from './metric.ts'
import { map, ratio } from './metric.ts'
import type { ReturnSeries } from './series.ts'

export function skewnessPopulation(series: ReturnSeries): Outcome {
  return series.n < 2 ? 'too_few_returns' : ratio(series.moment(3), series.moment(2) ** 1.5, 'no_variation')
}

export const skewness: readonly Metric[] = [
  {
    name: 'skewness_population',
    formula: 'm3 / m2^1.5',
    source: 'PerformanceAnalytics skewness(method = "moment"), scipy',
    of: skewnessPopulation,
  },
  {
    name: 'skewness_sample',
    formula: '√(n(n − 1)) / (n − 2) · m3 / m2^1.5',
    source: 'Fisher and Pearson, adjusted (G1): pandas, Excel SKEW',
    of: (series) =>
      series.n < 3
        ? 'too_few_returns'
        : map(
            skewnessPopulation(series),
            (g1) => (g1 * Math.sqrt(series.n * (series.n - 1))) / (series.n - 2),
          ),
  },
]
