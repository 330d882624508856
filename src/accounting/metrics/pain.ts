/** Pain index: mean depth over all periods; pain ratio: annualised excess return over it. Becker 2006. */
import { annualizedGeometric } from './annualized-return.ts'
import type { Metric, Outcome } from './metric.ts'
import { map, ratio } from './metric.ts'
import type { ReturnSeries } from './series.ts'

function painIndex(series: ReturnSeries): Outcome {
  return series.n === 0 ? 'too_few_returns' : series.drawdowns.sumAbsolute / series.n
}

export const pain: readonly Metric[] = [
  {
    name: 'pain_index',
    formula: 'Σ|dd| / n',
    source: 'Becker 2006; PerformanceAnalytics PainIndex',
    of: painIndex,
  },
  {
    name: 'pain_ratio',
    formula: '(annualized_return_geometric − ((1 + rf)^ppy − 1)) / pain_index',
    source: 'PerformanceAnalytics PainRatio',
    of: (series) =>
      ratio(
        map(annualizedGeometric(series), (annual) => annual - series.riskFreeAnnual),
        painIndex(series),
        'no_drawdown',
      ),
  },
]
