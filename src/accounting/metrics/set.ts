/** Every figure of a series of returns, in the order in which they are shown. */
import { alpha } from './alpha.ts'
import { annualizedReturn } from './annualized-return.ts'
import { benchmarkReturn } from './benchmark-return.ts'
import { beta } from './beta.ts'
import { burke } from './burke.ts'
import { calmar } from './calmar.ts'
import { captureRatios } from './capture.ts'
import { correlation } from './correlation.ts'
import { count } from './count.ts'
import { cumulativeReturn } from './cumulative-return.ts'
import { deflatedSharpe } from './deflated-sharpe.ts'
import { downside } from './downside.ts'
import { drawdown } from './drawdown.ts'
import { expectedShortfall } from './expected-shortfall.ts'
import { extremeReturn } from './extreme-return.ts'
import { gainToPain } from './gain-to-pain.ts'
import { informationRatio } from './information-ratio.ts'
import { kurtosis } from './kurtosis.ts'
import { martin } from './martin.ts'
import { meanAbsoluteDeviation } from './mean-absolute-deviation.ts'
import { meanReturn } from './mean-return.ts'
import type { Metric, MetricValues } from './metric.ts'
import { valuesOf } from './metric.ts'
import { omega } from './omega.ts'
import { pain } from './pain.ts'
import { payoff } from './payoff.ts'
import { probabilisticSharpeRatio } from './probabilistic-sharpe.ts'
import { profitFactor } from './profit-factor.ts'
import type { ReturnSeries } from './series.ts'
import { sharpe } from './sharpe.ts'
import { skewness } from './skewness.ts'
import { sortino } from './sortino.ts'
import { tailRatio } from './tail-ratio.ts'
import { trackingError } from './tracking-error.ts'
import { treynor } from './treynor.ts'
import { ulcer } from './ulcer.ts'
import { valueAtRisk } from './value-at-risk.ts'
import { volatility } from './volatility.ts'
import { winRate } from './win-rate.ts'

export const metricSet: readonly Metric[] = [
  ...count,
  ...cumulativeReturn,
  ...meanReturn,
  ...extremeReturn,
  ...annualizedReturn,
  ...volatility,
  ...sharpe,
  ...downside,
  ...sortino,
  ...drawdown,
  ...ulcer,
  ...pain,
  ...calmar,
  ...martin,
  ...burke,
  ...omega,
  ...profitFactor,
  ...gainToPain,
  ...winRate,
  ...payoff,
  ...tailRatio,
  ...meanAbsoluteDeviation,
  ...skewness,
  ...kurtosis,
  ...probabilisticSharpeRatio,
  ...deflatedSharpe,
  ...valueAtRisk,
  ...expectedShortfall,
  ...beta,
  ...correlation,
  ...alpha,
  ...benchmarkReturn,
  ...trackingError,
  ...informationRatio,
  ...treynor,
  ...captureRatios,
]

/** All figures; those against a benchmark only where there is one. */
export function computeMetrics(series: ReturnSeries): MetricValues {
  return valuesOf(metricSet, series)
}
