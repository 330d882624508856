import type { TradingFacts } from '../metrics/fills/fill-statistic.ts'
import { computeFillStatistics } from '../metrics/fills/set.ts'
import type { Figures } from '../view.ts'

/** The figures of an account's fills, each O(1) in their number. */
export function tradingFigures(trading: TradingFacts): Figures {
  const { metrics, reasons } = computeFillStatistics(trading)
  return { values: metrics, reasons }
}
