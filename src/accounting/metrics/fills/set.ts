/** Every figure of a history of fills, in the order in which they are shown. */
import type { MetricValues } from '../metric.ts'
import { valuesOf } from '../metric.ts'
import { averageResult } from './average-result.ts'
import { costShare } from './cost-share.ts'
import { expectancy } from './expectancy.ts'
import { exposure } from './exposure.ts'
import type { FillStatistic, TradingFacts } from './fill-statistic.ts'
import { holdingTime } from './holding-time.ts'
import { fillPayoff } from './payoff.ts'
import { fillProfitFactor } from './profit-factor.ts'
import { streak } from './streak.ts'
import { tradeCount } from './trade-count.ts'
import { turnover } from './turnover.ts'
import { fillWinRate } from './win-rate.ts'

export const fillStatisticSet: readonly FillStatistic[] = [
  ...tradeCount,
  ...fillWinRate,
  ...fillProfitFactor,
  ...fillPayoff,
  ...expectancy,
  ...averageResult,
  ...streak,
  ...holdingTime,
  ...turnover,
  ...exposure,
  ...costShare,
]

/** All figures, each O(1) in the number of fills. */
export function computeFillStatistics(history: TradingFacts): MetricValues {
  return valuesOf(fillStatisticSet, history)
}
