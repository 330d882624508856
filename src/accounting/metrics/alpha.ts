/** Return that the benchmark does not explain. Jensen 1968. */
import { annualizedGeometric } from './annualized-return.ts'
import { against } from './benchmark.ts'
import { betaOf } from './beta.ts'
import type { Metric, Outcome } from './metric.ts'
import { map } from './metric.ts'
import type { ReturnSeries } from './series.ts'

/** The intercept of the regression. */
function alphaPerPeriod(series: ReturnSeries, benchmark: ReturnSeries): Outcome {
  const { riskFree } = series
  return map(betaOf(series, benchmark), (beta) => series.mean - riskFree - beta * (benchmark.mean - riskFree))
}

function jensenAlpha(series: ReturnSeries, benchmark: ReturnSeries): Outcome {
  const annual = series.riskFreeAnnual
  return map(betaOf(series, benchmark), (beta) =>
    map(annualizedGeometric(series), (own) =>
      map(annualizedGeometric(benchmark), (other) => own - annual - beta * (other - annual)),
    ),
  )
}

export const alpha: readonly Metric[] = [
  {
    name: 'alpha_per_period',
    formula: '(mean r − rf) − beta·(mean b − rf)',
    source: 'Jensen 1968; PerformanceAnalytics CAPM.alpha',
    of: against(alphaPerPeriod),
  },
  {
    name: 'alpha_annualized_arithmetic',
    formula: 'alpha_per_period · ppy',
    source: 'quantstats greeks',
    of: against((series, benchmark) =>
      map(alphaPerPeriod(series, benchmark), (one) => one * series.periodsPerYear),
    ),
  },
  {
    name: 'alpha_annualized_geometric',
    formula: '(1 + alpha_per_period)^ppy − 1',
    source: 'empyrical alpha',
    of: against((series, benchmark) =>
      map(alphaPerPeriod(series, benchmark), (one) =>
        one < -1 ? 'below_minus_one' : Math.expm1(series.periodsPerYear * Math.log1p(one)),
      ),
    ),
  },
  {
    name: 'jensen_alpha_annualized_returns',
    formula: 'Rp − Rf − beta·(Rb − Rf), geometric annualised returns',
    source: 'Bacon; PerformanceAnalytics CAPM.jensenAlpha',
    of: against(jensenAlpha),
  },
]
