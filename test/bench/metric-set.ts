import { ok } from 'node:assert/strict'
import { ReturnSeries } from '../../src/accounting/metrics/series.ts'
import { computeMetrics } from '../../src/accounting/metrics/set.ts'
import { type Answer, askC, askNumpy, quickest, timed } from './peer.ts'
import type { Bench, Measurement } from './row.ts'
import { returnsOf } from './workload.ts'

/** Every figure of a long series of returns, against the few that others make of it. */
export const metricSet: Bench = {
  name: 'full metric set',
  run: (quick) => {
    const count = quick ? 20_000 : 1_000_000
    const runs = quick ? 1 : 5
    const returns = returnsOf(count)
    const benchmark = returns.map((r, index) => r / 2 + ((index % 7) - 3) / 1_000)
    const own = quickest(runs, () =>
      timed(() => computeMetrics(new ReturnSeries(returns, { periodsPerYear: 8760 }))),
    )
    const beside = quickest(runs, () =>
      timed(() => computeMetrics(new ReturnSeries(returns, { periodsPerYear: 8760, benchmark }))),
    )
    const c = askC('metrics', count, runs)
    if (c !== null) {
      const { metrics } = own.made
      ok(near(metrics['sharpe_annualized_arithmetic'], c['sharpe']), 'the same Sharpe ratio as in C')
      ok(near(metrics['max_drawdown'], c['drawdown']), 'the same drawdown as in C')
    }
    const figures = Object.keys(own.made.metrics).length
    const row = (name: string, peer: Answer | null, limitName: string): Measurement => ({
      name,
      value: own.seconds * 1e3,
      unit: 'ms',
      limit: peer === null ? null : { name: limitName, value: peer.seconds * 1e3 },
      goal: 'less than others take for a few',
      reached: peer === null ? null : own.seconds <= peer.seconds,
    })
    return [
      row(`${figures} figures of ${count} returns`, c, 'C -O3, 14 figures, qsort'),
      row(`${figures} figures of ${count} returns`, askNumpy(count, runs), 'numpy, 14 figures'),
      {
        name: `${Object.keys(beside.made.metrics).length} figures, with a benchmark`,
        value: beside.seconds * 1e3,
        unit: 'ms',
        limit: null,
        goal: 'under 1 s',
        reached: beside.seconds < 1,
      },
    ]
  },
}

function near(a: unknown, b: unknown): boolean {
  return Math.abs(Number(a) - Number(b)) <= 1e-9 * Math.abs(Number(b))
}
