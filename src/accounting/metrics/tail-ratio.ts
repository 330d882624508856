/** The right tail over the left: |95 % quantile| / |5 % quantile|. */
import type { Metric } from './metric.ts'
import { ratio } from './metric.ts'

export const tailRatio: readonly Metric[] = [
  {
    name: 'tail_ratio',
    formula: '|q95| / |q05|, type-7 quantiles',
    source: 'empyrical tail_ratio, quantstats',
    of: (series) =>
      series.n === 0
        ? 'too_few_returns'
        : ratio(Math.abs(series.quantile(0.95)), Math.abs(series.quantile(0.05))),
  },
]
